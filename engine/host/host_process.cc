// Between fork and exec there are only system calls: other threads of this process may hold any lock. What they need is
// made before.
#include "host/host_process.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <tuple>

#include "base/files.h"

namespace kedge {
namespace {

constexpr size_t kOutputBytesMax = 4096;                 // of a health command, for people
constexpr Duration kPatience = std::chrono::seconds(5);  // with a process that is to end another
constexpr int kReportMs = 10'000;                        // until a first process is ready, and until it is its program
// All that it is given of an environment. Not constant, as exec(2) wants it.
char path_of_programs[] =
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";  // NOLINT(*-avoid-c-arrays)
char* environment[] = {path_of_programs, nullptr};                        // NOLINT(*-avoid-c-arrays)

// What a child tells: that it is ready, or of a call that failed.
struct Report {
  int number = 0;  // errno; 0: it is ready
  std::array<char, 60> what{};
};

[[noreturn]] void fail(int report, const char* what) {
  Report failure;
  failure.number = errno;
  std::memcpy(failure.what.data(), what, std::min(std::strlen(what), failure.what.size() - 1));
  std::ignore = write(report, &failure, sizeof failure);
  _exit(126);
}

Error error_of(const Report& failure) {
  const ErrorCode code = failure.number == EPERM    ? ErrorCode::refused
                         : failure.number == ENOENT ? ErrorCode::not_found
                                                    : ErrorCode::unavailable;
  return {code, std::string("cannot ") + failure.what.data() + ": " + std::strerror(failure.number)};
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> all;
  for (std::string& text : texts) all.push_back(text.data());
  all.push_back(nullptr);
  return all;
}

struct Pipe {
  Descriptor out, in;
  static Result<Pipe> make() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return io_error("cannot make", "a pipe");
    return Pipe{Descriptor(ends[0]), Descriptor(ends[1])};
  }
  // That a peer has gone is an error of send(2), and no signal.
  static Result<Pipe> make_gate() {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return io_error("cannot make", "a gate");
    return Pipe{Descriptor(ends[0]), Descriptor(ends[1])};
  }
};

// What a child needs, ready.
struct Plan {
  std::string root, host_name, program;
  int network = -1;
  int gate = -1;
  int report = -1;
  char* const* command = nullptr;
};

void make_device(const char* path, unsigned minor) {
  mknod(path, S_IFCHR | 0666, makedev(1, minor));
  chmod(path, 0666);
}

// Where the root has the directories for them. What runs within cannot do without.
void mount_the_kernels(const Plan& plan) {
  if (access("proc", F_OK) == 0 && mount("proc", "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) != 0) {
    fail(plan.report, "mount proc within the host");
  }
  if (access("run", F_OK) == 0 && mount("run", "run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755") != 0) {
    fail(plan.report, "mount run within the host");
  }
  if (access("dev", F_OK) != 0) return;
  if (mount("dev", "dev", "tmpfs", MS_NOSUID, "mode=755") != 0) fail(plan.report, "mount dev within the host");
  make_device("dev/null", 3);
  make_device("dev/zero", 5);
  make_device("dev/full", 7);
  make_device("dev/random", 8);
  make_device("dev/urandom", 9);
}

// All that this process has open, but for what it still needs: else a host would hold what is another's, its gate too.
void close_others(const Plan& plan) {
  const auto [low, high] = std::minmax(plan.gate, plan.report);
  const auto close_between = [](int first, unsigned last) {
    if (static_cast<unsigned>(first) <= last) syscall(SYS_close_range, static_cast<unsigned>(first), last, 0);
  };
  close_between(3, static_cast<unsigned>(low - 1));
  close_between(low + 1, static_cast<unsigned>(high - 1));
  close_between(high + 1, ~0U);
}

// A program of a host's begins as on any: what we were given as a service, files that are nobody else's and signals
// that are ignored, is not for it.
void forget_how_we_began() {
  umask(022);
  for (int signal = 1; signal < NSIG; ++signal) std::signal(signal, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

// The first process itself, from its beginning to its program.
[[noreturn]] void become_first(const Plan& plan) {
  setsid();
  close_others(plan);
  if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) fail(plan.report, "make mounts private");
  if (chdir(plan.root.c_str()) != 0) fail(plan.report, "enter the host's root");
  mount_the_kernels(plan);
  if (syscall(SYS_pivot_root, ".", ".") != 0) fail(plan.report, "make it the root (it must be a mount point)");
  if (umount2(".", MNT_DETACH) != 0 || chdir("/") != 0) fail(plan.report, "leave the machine's root");
  if (!plan.host_name.empty()) sethostname(plan.host_name.c_str(), plan.host_name.size());
  const int null = open("/dev/null", O_RDWR);
  for (int i = 0; i < 3; ++i) null >= 0 ? dup2(null, i) : close(i);
  if (access(plan.program.c_str(), X_OK) != 0) fail(plan.report, "run its command");
  const Report ready;
  char go = 0;
  if (write(plan.report, &ready, sizeof ready) != sizeof ready) _exit(1);
  if (read(plan.gate, &go, 1) != 1) _exit(0);  // nobody lets it go any more
  forget_how_we_began();
  execve(plan.program.c_str(), plan.command, environment);
  fail(plan.report, "run its command");
}

// Between us and the first process: makes the namespaces, tells the number, and is gone, so that the first process is
// nobody's child.
[[noreturn]] void make_first(const Plan& plan, int number) {
  if (plan.network >= 0 && setns(plan.network, CLONE_NEWNET) != 0) fail(plan.report, "enter the host's network");
  if (unshare(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC) != 0) fail(plan.report, "make namespaces");
  const pid_t first = fork();
  if (first < 0) fail(plan.report, "start the host's first process");
  if (first == 0) become_first(plan);
  if (write(number, &first, sizeof first) != sizeof first) _exit(1);
  _exit(0);
}

int wait_for(pid_t child) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

// None: it has closed its end, or says nothing for so long.
std::optional<Report> next_report(const Descriptor& report, int timeout_ms) {
  Report next;
  pollfd wait{report.get(), POLLIN, 0};
  int ready = 0;
  while ((ready = poll(&wait, 1, timeout_ms)) < 0 && errno == EINTR) {
  }
  if (ready <= 0 || read(report.get(), &next, sizeof next) != sizeof next) return std::nullopt;
  next.what.back() = '\0';
  return next;
}

// The fields behind the name: state first. Empty: it is gone.
std::string stat_of(pid_t number) {
  const auto text = read_file("/proc/" + std::to_string(number) + "/stat", 65'536);
  const size_t end = text ? text->rfind(')') : std::string::npos;
  return end == std::string::npos || end + 2 > text->size() ? "" : text->substr(end + 2);
}

uint64_t started_ticks_in(const std::string& stat) {
  size_t begin = 0;
  for (int i = 0; i < 19 && begin != std::string::npos; ++i) begin = stat.find(' ', begin + 1);
  uint64_t ticks = 0;
  if (begin != std::string::npos) std::from_chars(stat.data() + begin + 1, stat.data() + stat.size(), ticks);
  return ticks;
}

// Held, so that the number is nobody else's; none: it is not running.
Descriptor hold(const HostProcess& process, Clock& clock) {
  if (process.number <= 0 || process.boot != clock.boot_id()) return Descriptor();
  Descriptor held(static_cast<int>(syscall(SYS_pidfd_open, process.number, 0)));
  const std::string stat = held.get() < 0 ? "" : stat_of(process.number);
  const bool is_it =
      !stat.empty() && stat[0] != 'Z' && stat[0] != 'X' && started_ticks_in(stat) == process.started_ticks;
  return is_it ? std::move(held) : Descriptor();
}

int milliseconds(Duration span) {
  const auto whole = std::chrono::ceil<std::chrono::milliseconds>(span).count();
  return static_cast<int>(std::clamp<int64_t>(whole, 0, 3'600'000));
}

// Whether it ended within that time.
bool ends_within(const Descriptor& held, Duration span) {
  pollfd wait{held.get(), POLLIN, 0};
  int ready = 0;
  while ((ready = poll(&wait, 1, milliseconds(span))) < 0 && errno == EINTR) {
  }
  return ready > 0;
}

[[noreturn]] void say_and_end(int output, std::string_view why) {
  std::ignore = write(output, why.data(), why.size());
  _exit(127);
}

// In the child of run_within(): into the namespaces, and then as a child within the process namespace.
[[noreturn]] void run_in(int first, char* const* command, int output, int timeout_ms) {
  constexpr int kAll = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (setns(first, kAll) != 0) say_and_end(output, "the host's namespaces cannot be entered");
  const pid_t child = fork();
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int null = open("/dev/null", O_RDWR);
    if (null >= 0) dup2(null, 0);
    dup2(output, 1);
    dup2(output, 2);
    forget_how_we_began();
    execve(command[0], command, environment);
    say_and_end(output, "it cannot be run");
  }
  pollfd wait{child < 0 ? -1 : static_cast<int>(syscall(SYS_pidfd_open, child, 0)), POLLIN, 0};
  if (child < 0 || wait.fd < 0) say_and_end(output, "it cannot be started");
  const bool ended = poll(&wait, 1, timeout_ms) > 0;
  if (!ended) kill(child, SIGKILL);
  const int status = wait_for(child);
  if (!ended) kill(getpid(), SIGKILL);
  _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128);
}

}  // namespace

Result<GatedProcess> GatedProcess::start(const HostProcessOptions& options, Clock& clock) {
  if (options.command.empty()) return Error{ErrorCode::invalid, "a host needs a command that starts it"};
  auto gate = Pipe::make_gate();
  auto report = Pipe::make();
  auto number = Pipe::make();
  for (const auto* made : {&gate, &report, &number}) {
    if (!*made) return made->error();
  }
  Descriptor network;
  if (!options.network.empty()) {
    network = Descriptor(open(options.network.c_str(), O_RDONLY | O_CLOEXEC));
    if (network.get() < 0) return io_error("cannot open the network", options.network);
  }
  std::vector<std::string> words = options.command;
  const auto command = pointers(words);
  const Plan plan{options.root,    options.host_name, options.command.front(), network.get(),
                  gate->out.get(), report->in.get(),  command.data()};
  const pid_t child = fork();
  if (child < 0) return io_error("cannot start", options.command.front());
  if (child == 0) {
    close(gate->in.get());  // else the gate would never be given up
    make_first(plan, number->in.get());
  }
  gate->out = Descriptor();
  report->in = Descriptor();
  number->in = Descriptor();
  HostProcess process;
  process.boot = clock.boot_id();
  const bool told = read(number->out.get(), &process.number, sizeof process.number) == sizeof process.number;
  wait_for(child);
  const auto ready = next_report(report->out, kReportMs);
  if (ready && ready->number != 0) return error_of(*ready);
  if (!told || !ready) return Error{ErrorCode::unavailable, "the host's first process could not be started"};
  process.started_ticks = started_ticks_in(stat_of(process.number));
  return GatedProcess(std::move(process), std::move(gate->in), std::move(report->out));
}

Result<void> GatedProcess::let_go() {
  const char go = 'g';
  if (send(gate_.get(), &go, 1, MSG_NOSIGNAL) != 1) {
    return Error{ErrorCode::unavailable, "the host's first process ended before it was let go"};
  }
  gate_ = Descriptor();
  // Its end is closed when it has become its program.
  const auto failure = next_report(report_, kReportMs);
  return failure ? Result<void>(error_of(*failure)) : Result<void>();
}

bool is_running(const HostProcess& process, Clock& clock) { return hold(process, clock).get() >= 0; }

Result<void> end_process(const HostProcess& process, Clock& clock, Duration timeout) {
  const Descriptor held = hold(process, clock);
  if (held.get() < 0) return {};
  if (syscall(SYS_pidfd_send_signal, held.get(), SIGKILL, nullptr, 0) != 0 && errno != ESRCH) {
    return io_error("cannot end", "process " + std::to_string(process.number));
  }
  if (ends_within(held, timeout)) return {};
  return Error{ErrorCode::timeout, "process " + std::to_string(process.number) + " does not end"};
}

bool still_runs_after(const HostProcess& process, Clock& clock, Duration span) {
  const Descriptor held = hold(process, clock);
  return held.get() >= 0 && !ends_within(held, span);
}

Result<void> run_within(const HostProcess& process, const std::vector<std::string>& command, Clock& clock,
                        Duration timeout) {
  const Descriptor first = hold(process, clock);
  if (first.get() < 0) return Error{ErrorCode::not_found, "the host's first process has ended"};
  auto output = Pipe::make();
  if (!output) return output.error();
  std::vector<std::string> words = command;
  const auto arguments = pointers(words);
  const Duration deadline = clock.elapsed() + timeout + kPatience;
  const pid_t child = fork();
  if (child < 0) return io_error("cannot run", command.front());
  if (child == 0) run_in(first.get(), arguments.data(), output->in.get(), milliseconds(timeout));
  output->in = Descriptor();
  // It ends the command when the time is over, and tells by how it ends itself.
  const Descriptor held(static_cast<int>(syscall(SYS_pidfd_open, child, 0)));
  if (!ends_within(held, deadline - clock.elapsed())) kill(child, SIGKILL);
  const int status = wait_for(child);
  if (WIFSIGNALED(status)) {
    return Error{ErrorCode::timeout, command.front() + " did not end in " + format_duration(timeout)};
  }
  if (WEXITSTATUS(status) == 0) return {};
  std::string said(kOutputBytesMax, '\0');
  fcntl(output->out.get(), F_SETFL, O_NONBLOCK);
  const ssize_t got = read(output->out.get(), said.data(), said.size());
  said.resize(static_cast<size_t>(std::max<ssize_t>(got, 0)));
  return Error{ErrorCode::refused, command.front() + " ended with " + std::to_string(WEXITSTATUS(status)) +
                                       (said.empty() ? "" : ": " + said)};
}

}  // namespace kedge
