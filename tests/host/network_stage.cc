#include "tests/host/network_stage.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <sys/fsuid.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <thread>

#include "tests/support/child_process.h"

namespace kedge {
namespace {

struct SocketAddress {
  sockaddr_storage bytes{};
  socklen_t size = 0;
};

SocketAddress address_of(const std::string& text) {
  const IpService service = *parse_ip_service(text);
  SocketAddress made;
  if (service.address.six) {
    auto* const six = reinterpret_cast<sockaddr_in6*>(&made.bytes);
    six->sin6_family = AF_INET6;
    six->sin6_port = htons(service.port);
    std::memcpy(&six->sin6_addr, service.address.bytes.data(), 16);
    made.size = sizeof(sockaddr_in6);
  } else {
    auto* const four = reinterpret_cast<sockaddr_in*>(&made.bytes);
    four->sin_family = AF_INET;
    four->sin_port = htons(service.port);
    std::memcpy(&four->sin_addr, service.address.bytes.data(), 4);
    made.size = sizeof(sockaddr_in);
  }
  return made;
}

bool ready(const Descriptor& socket, short what, int patience_ms) {
  pollfd wait{socket.get(), what, 0};
  return poll(&wait, 1, patience_ms) > 0;
}

// An address that is to be used at once, without the second in which IPv6 looks whether somebody else has it.
void link(const NetworkNamespace& host, const NetworkNamespace& other, int number, const std::string& name) {
  const std::string there = fmt::format("/proc/{}/fd/{}", getpid(), other.descriptor());
  host.run({"ip", "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", there});
  for (const auto& [where, device, last] : {std::tuple(&host, name, 1), std::tuple(&other, std::string("eth0"), 2)}) {
    where->run({"ip", "address", "add", fmt::format("10.9.{}.{}/24", number, last), "dev", device});
    where->run({"ip", "address", "add", fmt::format("fd09:{}::{}/64", number, last), "dev", device, "nodad"});
    where->run({"ip", "link", "set", device, "up"});
  }
  other.run({"ip", "route", "add", "default", "via", fmt::format("10.9.{}.1", number)});
}

}  // namespace

Result<std::unique_ptr<NetworkNamespace>> NetworkNamespace::make() {
  for (const std::string program : {"ip", "nft"}) {
    if (access(("/usr/sbin/" + program).c_str(), X_OK) == 0 || access(("/usr/bin/" + program).c_str(), X_OK) == 0)
      continue;
    return Error{ErrorCode::not_found, "there is no `" + program + "` (the packages iproute2 and nftables)"};
  }
  Result<Descriptor> made = Error{};
  std::thread([&] {
    if (unshare(CLONE_NEWNET) == 0) {
      made = Descriptor(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
    } else {
      made = Error{ErrorCode::not_found, "this machine does not let us make network namespaces (it takes root)"};
    }
  }).join();
  if (!made) return made.error();
  std::unique_ptr<NetworkNamespace> space(new NetworkNamespace(std::move(*made)));
  space->run({"ip", "link", "set", "lo", "up"});
  return space;
}

void NetworkNamespace::in(const std::function<void()>& body) const {
  std::thread([&] {
    ASSERT_EQ(setns(descriptor(), CLONE_NEWNET), 0);
    body();
  }).join();
}

std::string NetworkNamespace::run(const std::vector<std::string>& command) const {
  std::string output;
  in([&] {
    const auto ran = kedge::run({.command = command});
    ASSERT_TRUE(ran.ok()) << command.at(0) << ": " << ran.error().message;
    EXPECT_EQ(ran->exit, Exit{}) << fmt::format("{}", fmt::join(command, " ")) << ": " << ran->output;
    output = ran->output;
  });
  return output;
}

Listener::Listener(const NetworkNamespace& where, const std::string& service) {
  where.in([&] {
    const SocketAddress at = address_of(service);
    socket_ = Descriptor(socket(at.bytes.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int yes = 1;
    setsockopt(socket_.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    ASSERT_EQ(bind(socket_.get(), reinterpret_cast<const sockaddr*>(&at.bytes), at.size), 0) << strerror(errno);
    ASSERT_EQ(listen(socket_.get(), 64), 0);
  });
}

Descriptor Listener::accept() const {
  if (!ready(socket_, POLLIN, kPatienceMs)) return Descriptor();
  return Descriptor(accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
}

std::optional<Descriptor> connect_from(const NetworkNamespace& where, const std::string& service, int patience_ms,
                                       std::optional<uint32_t> user) {
  std::optional<Descriptor> connected;
  where.in([&] {
    const SocketAddress to = address_of(service);
    if (user) setfsuid(*user);
    Descriptor attempt(socket(to.bytes.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    ASSERT_GE(attempt.get(), 0);
    const int begun = connect(attempt.get(), reinterpret_cast<const sockaddr*>(&to.bytes), to.size);
    if (begun != 0 && (errno != EINPROGRESS || !ready(attempt, POLLOUT, patience_ms))) return;
    if (broken(attempt) == 0) connected = std::move(attempt);
  });
  return connected;
}

bool Session::carries(const Descriptor& from, const Descriptor& to, int patience_ms) {
  char byte = 'k';
  if (send(from.get(), &byte, 1, MSG_NOSIGNAL | MSG_DONTWAIT) != 1) return false;
  return ready(to, POLLIN, patience_ms) && recv(to.get(), &byte, 1, MSG_DONTWAIT) == 1;
}

Session session(const NetworkNamespace& client, const Listener& listener, const std::string& service,
                std::optional<uint32_t> user) {
  Session made;
  auto connected = connect_from(client, service, kPatienceMs, user);
  EXPECT_TRUE(connected) << service;
  if (!connected) return made;
  made.client = std::move(*connected);
  made.server = listener.accept();
  EXPECT_TRUE(made.lives()) << service;
  return made;
}

int broken(const Descriptor& socket) {
  int error = 0;
  socklen_t size = sizeof(error);
  getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  return error;
}

Result<std::unique_ptr<NetworkStage>> NetworkStage::make() {
  auto stage = std::make_unique<NetworkStage>();
  for (auto* const one : {&stage->host, &stage->admin, &stage->world, &stage->container}) {
    auto made = NetworkNamespace::make();
    if (!made) return made.error();
    *one = *std::move(made);
  }
  link(*stage->host, *stage->admin, 1, "admin");
  link(*stage->host, *stage->world, 2, "world");
  link(*stage->host, *stage->container, 3, "container");
  stage->host->run({"ip", "route", "add", "default", "via", "10.9.2.2"});
  stage->host->run({"ip", "-6", "route", "add", "default", "via", "fd09:2::2"});
  stage->host->in([] {
    const Descriptor forward(open("/proc/sys/net/ipv4/ip_forward", O_WRONLY | O_CLOEXEC));
    EXPECT_EQ(write(forward.get(), "1", 1), 1);
  });
  return stage;
}

}  // namespace kedge
