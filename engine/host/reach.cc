#include "host/reach.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/descriptor.h"

namespace kedge {
namespace {

// What a child that could not be made the subject ends with.
constexpr int kNotTheSubject = 100;
constexpr int kGotOut = 1;  // a bit for each family
constexpr Duration kChildPatience = std::chrono::seconds(1);

struct SocketAddress {
  sockaddr_storage bytes{};
  socklen_t size = 0;
};

SocketAddress socket_address(const IpService& service) {
  SocketAddress made;
  if (service.address.six) {
    sockaddr_in6 six{};
    six.sin6_family = AF_INET6;
    six.sin6_port = htons(service.port);
    std::memcpy(&six.sin6_addr, service.address.bytes.data(), 16);
    std::memcpy(&made.bytes, &six, made.size = sizeof(six));
  } else {
    sockaddr_in four{};
    four.sin_family = AF_INET;
    four.sin_port = htons(service.port);
    std::memcpy(&four.sin_addr, service.address.bytes.data(), 4);
    std::memcpy(&made.bytes, &four, made.size = sizeof(four));
  }
  return made;
}

// Connecting; negative where that failed at once.
Descriptor begin_connecting(const IpService& service) {
  const SocketAddress to = socket_address(service);
  Descriptor attempt(socket(to.bytes.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (attempt.get() < 0) return attempt;
  const int begun = connect(attempt.get(), reinterpret_cast<const sockaddr*>(&to.bytes), to.size);
  return begun == 0 || errno == EINPROGRESS ? std::move(attempt) : Descriptor();
}

bool is_connected(const Descriptor& attempt) {
  int error = 0;
  socklen_t size = sizeof(error);
  return getsockopt(attempt.get(), SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
}

std::array<IpService, 2> nobody() { return {*parse_ip_service("192.0.2.1:9"), *parse_ip_service("[2001:db8::1]:9")}; }

// Only calls that may stand between fork and exec: it runs in a child of a program with many threads.
int send_to_nobody(const std::array<SocketAddress, 2>& addresses) {
  int got_out = 0;
  for (size_t i = 0; i < addresses.size(); ++i) {
    const int sender = socket(addresses[i].bytes.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (sender < 0) continue;
    const auto* const to = reinterpret_cast<const sockaddr*>(&addresses[i].bytes);
    if (sendto(sender, "", 0, MSG_DONTWAIT, to, addresses[i].size) >= 0) got_out |= kGotOut << i;
    close(sender);
  }
  return got_out;
}

[[noreturn]] void be_the_subject_and_send(const QuarantineSubject& subject, int cgroup_processes, int network,
                                          const std::array<SocketAddress, 2>& addresses) {
  if (network >= 0 && setns(network, CLONE_NEWNET) != 0) _exit(kNotTheSubject);
  if (cgroup_processes >= 0 && write(cgroup_processes, "0", 1) != 1) _exit(kNotTheSubject);
  if (subject.user && syscall(SYS_setresuid, *subject.user, *subject.user, *subject.user) != 0) _exit(kNotTheSubject);
  _exit(send_to_nobody(addresses));
}

// How it ended; what does not end in time (its cgroup may be frozen) is killed.
Result<int> end_of(pid_t child) {
  const Descriptor handle(static_cast<int>(syscall(SYS_pidfd_open, child, 0)));
  pollfd wait{handle.get(), POLLIN, 0};
  const auto patience = std::chrono::duration_cast<std::chrono::milliseconds>(kChildPatience).count();
  const bool ended = handle.get() >= 0 && poll(&wait, 1, static_cast<int>(patience)) > 0;
  if (!ended) kill(child, SIGKILL);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!ended) return Error{ErrorCode::timeout, "a probe in the place of the isolated did not end: is it frozen?"};
  if (!WIFEXITED(status) || WEXITSTATUS(status) >= kNotTheSubject) {
    return Error{ErrorCode::unavailable, "a probe could not take the place of the isolated"};
  }
  return WEXITSTATUS(status);
}

Result<int> send_as(const QuarantineSubject& subject, const std::string& cgroup_folder, int network,
                    const std::array<SocketAddress, 2>& addresses) {
  if (!subject.user && cgroup_folder.empty()) return send_to_nobody(addresses);
  Descriptor processes;
  if (!cgroup_folder.empty()) {
    const std::string path = cgroup_folder + "/cgroup.procs";
    processes = Descriptor(open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (processes.get() < 0) return io_error("cannot open", path);
  }
  const pid_t child = fork();
  if (child < 0) return io_error("cannot begin", "a probe");
  if (child == 0) be_the_subject_and_send(subject, processes.get(), network, addresses);
  return end_of(child);
}

}  // namespace

std::vector<IpService> answering(const std::vector<IpService>& services, Duration timeout) {
  std::vector<Descriptor> attempts;
  std::vector<pollfd> waits;
  for (const IpService& service : services) {
    attempts.push_back(begin_connecting(service));
    waits.push_back({attempts.back().get(), POLLOUT, 0});
  }
  const auto end = std::chrono::steady_clock::now() + timeout;  // tidy: poll() knows no other time
  std::vector<IpService> answered;
  for (;;) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());  // tidy: same
    const bool all_told = std::all_of(waits.begin(), waits.end(), [](const pollfd& one) { return one.fd < 0; });
    if (all_told || left.count() <= 0) break;
    if (poll(waits.data(), waits.size(), static_cast<int>(left.count())) < 0 && errno != EINTR) break;
    for (size_t i = 0; i < waits.size(); ++i) {
      if (waits[i].fd < 0 || waits[i].revents == 0) continue;
      if (is_connected(attempts[i])) answered.push_back(services[i]);
      waits[i].fd = -1;
    }
  }
  std::sort(answered.begin(), answered.end());
  return answered;
}

Result<std::optional<std::string>> way_out(const QuarantineSubject& subject, const std::string& cgroup_folder,
                                           int network) {
  const std::array<IpService, 2> services = nobody();
  const auto got_out =
      send_as(subject, cgroup_folder, network, {socket_address(services[0]), socket_address(services[1])});
  if (!got_out) return got_out.error();
  for (size_t i = 0; i < services.size(); ++i) {
    if ((static_cast<unsigned>(*got_out) & (1U << i)) == 0) continue;
    return std::optional("a datagram to " + services[i].text() + " got out");
  }
  return std::optional<std::string>();
}

}  // namespace kedge
