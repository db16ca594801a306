#include "tests/support/child_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace kedge {
namespace {

Error failed(std::string_view what) { return {ErrorCode::internal, std::string(what) + ": " + std::strerror(errno)}; }

std::vector<std::string> environment_with(const std::map<std::string, std::string>& added) {
  std::vector<std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    if (!added.contains(std::string(text.substr(0, text.find('='))))) all.emplace_back(text);
  }
  for (const auto& [name, value] : added) all.push_back(name + "=" + value);
  return all;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (auto& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

// An anonymous file that holds `text`, at its start.
int input_file(const std::string& text) {
  const int file = memfd_create("input", MFD_CLOEXEC);
  if (file < 0 || write(file, text.data(), text.size()) != static_cast<ssize_t>(text.size())) return -1;
  lseek(file, 0, SEEK_SET);
  return file;
}

// In the child, between fork and exec: only calls that are safe there.
[[noreturn]] void become(char* const* command, char* const* environment, const char* directory, int input, int output) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  dup2(input, STDIN_FILENO);
  dup2(output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);
  if (directory[0] == '\0' || chdir(directory) == 0) execvpe(command[0], command, environment);
  _exit(127);
}

}  // namespace

Result<std::unique_ptr<ChildProcess>> ChildProcess::start(Options options) {
  auto environment = environment_with(options.environment);
  const auto command = pointers(options.command);
  const auto variables = pointers(environment);
  const int input = input_file(options.input);
  int output[2];
  if (input < 0 || pipe2(output, O_CLOEXEC) != 0) return failed("preparing to run " + options.command.at(0));
  const pid_t pid = fork();
  if (pid == 0) become(command.data(), variables.data(), options.directory.c_str(), input, output[1]);
  close(input);
  close(output[1]);
  if (pid < 0) return failed("running " + options.command.at(0));
  return std::unique_ptr<ChildProcess>(new ChildProcess(pid, output[0]));
}

ChildProcess::~ChildProcess() {
  signal(SIGKILL);
  reader_.join();
  close(output_);
}

// Ends when nobody holds the pipe any more and the program has ended. The program is reaped under the lock, so that
// `signal` never meets a pid that is another's by now.
void ChildProcess::read_lines() {
  std::string rest;
  const auto take = [&](std::string_view text) {
    rest.append(text);
    const std::lock_guard lock(mutex_);
    for (size_t end; (end = rest.find('\n')) != std::string::npos; rest.erase(0, end + 1)) {
      lines_.push_back(rest.substr(0, end));
    }
    changed_.notify_all();
  };
  char buffer[65536];
  ssize_t count;
  while ((count = ::read(output_, buffer, sizeof buffer)) > 0) take({buffer, static_cast<size_t>(count)});
  if (!rest.empty()) take("\n");
  siginfo_t ended;
  while (waitid(P_PID, static_cast<id_t>(pid_), &ended, WEXITED | WNOWAIT) != 0 && errno == EINTR) {
  }
  const std::lock_guard lock(mutex_);
  int status = 0;
  waitpid(pid_, &status, 0);
  exit_ = WIFSIGNALED(status) ? Exit{0, WTERMSIG(status)} : Exit{WEXITSTATUS(status), 0};
  changed_.notify_all();
}

Result<std::string> ChildProcess::wait_for_line(std::string_view part, std::chrono::milliseconds timeout,
                                                size_t after) {
  std::unique_lock lock(mutex_);
  size_t next = after;
  const auto found = [&] {
    while (next < lines_.size() && lines_[next].find(part) == std::string::npos) ++next;
    return next < lines_.size();
  };
  const bool in_time = changed_.wait_for(lock, timeout, [&] { return found() || exit_; });
  if (found()) return lines_[next];
  std::string all;
  for (const auto& line : lines_) all += line + "\n";
  return Error{ErrorCode::timeout, std::string(in_time ? "the program ended" : "the time was over") +
                                       " before a line with '" + std::string(part) + "' came; it printed:\n" + all};
}

std::vector<std::string> ChildProcess::lines() const {
  const std::lock_guard lock(mutex_);
  return lines_;
}

std::string ChildProcess::output() const {
  std::string all;
  for (const auto& line : lines()) all += line + "\n";
  return all;
}

void ChildProcess::signal(int number) {
  const std::lock_guard lock(mutex_);
  if (!exit_) kill(pid_, number);
}

Result<Exit> ChildProcess::wait(std::chrono::milliseconds timeout) {
  std::unique_lock lock(mutex_);
  if (changed_.wait_for(lock, timeout, [&] { return exit_.has_value(); })) return *exit_;
  return Error{ErrorCode::timeout, "the program did not end in " + std::to_string(timeout.count()) + " ms"};
}

Result<Ran> run(ChildProcess::Options options, std::chrono::milliseconds timeout) {
  auto child = ChildProcess::start(std::move(options));
  if (!child) return child.error();
  const auto exit = (*child)->wait(timeout);
  if (!exit) return Error{exit.error().code, exit.error().message + "; it printed:\n" + (*child)->output()};
  return Ran{*exit, (*child)->output()};
}

std::string kedge_program() {
  const char* const other = std::getenv("KEDGE_PROGRAM");
  return other != nullptr ? other : KEDGE_BINARY_DIR "/kedge";
}

}  // namespace kedge
