#include "host/flows.h"

#include <fmt/format.h>
#include <ifaddrs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <functional>
#include <memory>

#include "base/descriptor.h"

namespace kedge {
namespace {

struct Request {
  nlmsghdr header{};
  inet_diag_req_v2 body{};
};

constexpr uint32_t bit(int state) { return 1U << static_cast<unsigned>(state); }
// Not TCP_LISTEN, TCP_CLOSE and TCP_TIME_WAIT: there nobody speaks.
constexpr uint32_t kSpeaking = bit(TCP_ESTABLISHED) | bit(TCP_SYN_SENT) | bit(TCP_SYN_RECV) | bit(TCP_FIN_WAIT1) |
                               bit(TCP_FIN_WAIT2) | bit(TCP_CLOSE_WAIT) | bit(TCP_LAST_ACK) | bit(TCP_CLOSING);

Result<Descriptor> ask(const Request& request) {
  Descriptor diag(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
  if (diag.get() < 0) return io_error("cannot open", "a socket that tells of sockets");
  const timeval patience{2, 0};
  setsockopt(diag.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  if (send(diag.get(), &request, sizeof(request), 0) < 0) return io_error("cannot ask for", "sockets");
  return diag;
}

// Calls with each message until one says that it is the last: its error, zero if none.
Result<int> read_answers(const Descriptor& diag, const std::function<void(const nlmsghdr&)>& each) {
  alignas(nlmsghdr) std::array<char, 1U << 16U> bytes{};
  for (;;) {
    const ssize_t size = recv(diag.get(), bytes.data(), bytes.size(), 0);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return io_error("no answer about", "sockets");
    auto left = static_cast<unsigned>(size);
    for (auto* message = reinterpret_cast<nlmsghdr*>(bytes.data()); NLMSG_OK(message, left);
         message = NLMSG_NEXT(message, left)) {
      if (message->nlmsg_type == NLMSG_DONE) return 0;
      if (message->nlmsg_type == NLMSG_ERROR) return -static_cast<nlmsgerr*>(NLMSG_DATA(message))->error;
      each(*message);
    }
  }
}

uint64_t cgroup_of(const nlmsghdr& message) {
  auto left = static_cast<int>(message.nlmsg_len - NLMSG_LENGTH(sizeof(inet_diag_msg)));
  const auto* const data = reinterpret_cast<const char*>(&message) + NLMSG_LENGTH(sizeof(inet_diag_msg));
  for (const auto* one = reinterpret_cast<const rtattr*>(data); RTA_OK(one, left); one = RTA_NEXT(one, left)) {
    if (one->rta_type != INET_DIAG_CGROUP_ID) continue;
    uint64_t cgroup = 0;
    std::memcpy(&cgroup, RTA_DATA(one), sizeof(cgroup));
    return cgroup;
  }
  return 0;
}

Flow flow_of(const nlmsghdr& message, uint8_t protocol) {
  inet_diag_msg diag{};
  std::memcpy(&diag, reinterpret_cast<const char*>(&message) + NLMSG_HDRLEN, sizeof(diag));
  Flow flow;
  flow.udp = protocol == IPPROTO_UDP;
  const bool six = diag.idiag_family == AF_INET6;
  flow.local = {IpAddress::of_bytes(six, diag.id.idiag_src), ntohs(diag.id.idiag_sport)};
  flow.remote = {IpAddress::of_bytes(six, diag.id.idiag_dst), ntohs(diag.id.idiag_dport)};
  flow.user = diag.idiag_uid;
  flow.cgroup = cgroup_of(message);
  flow.socket.sdiag_family = diag.idiag_family;
  flow.socket.sdiag_protocol = protocol;
  flow.socket.idiag_states = bit(diag.idiag_state);
  flow.socket.id = diag.id;
  return flow;
}

Result<void> add_flows(uint8_t family, uint8_t protocol, std::vector<Flow>& flows) {
  Request request;
  request.header.nlmsg_len = sizeof(request);
  request.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  request.body.sdiag_family = family;
  request.body.sdiag_protocol = protocol;
  request.body.idiag_states = protocol == IPPROTO_TCP ? kSpeaking : bit(TCP_ESTABLISHED);
  const auto diag = ask(request);
  if (!diag) return diag.error();
  const auto ended = read_answers(*diag, [&](const nlmsghdr& m) { flows.push_back(flow_of(m, protocol)); });
  if (!ended) return ended.error();
  if (*ended == 0 || *ended == ENOENT) return {};  // ENOENT: a kernel without that protocol has no such sockets
  errno = *ended;
  return io_error("cannot list", "sockets");
}

}  // namespace

std::string Flow::text() const {
  return fmt::format("{} {} with {}", udp ? "udp" : "tcp", local.text(), remote.text());
}

Result<std::vector<Flow>> connected_flows() {
  std::vector<Flow> flows;
  for (const auto protocol : {uint8_t{IPPROTO_TCP}, uint8_t{IPPROTO_UDP}}) {
    for (const auto family : {uint8_t{AF_INET}, uint8_t{AF_INET6}}) {
      if (auto added = add_flows(family, protocol, flows); !added) return added.error();
    }
  }
  return flows;
}

Result<bool> cut(const Flow& flow) {
  Request request;
  request.header.nlmsg_len = sizeof(request);
  request.header.nlmsg_type = SOCK_DESTROY;
  request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
  request.body = flow.socket;
  const auto diag = ask(request);
  if (!diag) return diag.error();
  const auto ended = read_answers(*diag, [](const nlmsghdr&) {});
  if (!ended) return ended.error();
  if (*ended == 0) return true;
  if (*ended == ENOENT) return false;
  if (*ended == EOPNOTSUPP)
    return Error{ErrorCode::not_found, "this kernel cannot cut connections (INET_DIAG_DESTROY)"};
  errno = *ended;
  return io_error("cannot cut", flow.text());
}

Result<std::vector<IpAddress>> own_addresses() {
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return io_error("cannot list", "the addresses of this host");
  const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> owned(list, &freeifaddrs);
  std::vector<IpAddress> addresses;
  for (const ifaddrs* one = list; one != nullptr; one = one->ifa_next) {
    if (one->ifa_addr == nullptr) continue;
    if (one->ifa_addr->sa_family == AF_INET) {
      addresses.push_back(IpAddress::of_bytes(false, &reinterpret_cast<sockaddr_in*>(one->ifa_addr)->sin_addr));
    } else if (one->ifa_addr->sa_family == AF_INET6) {
      addresses.push_back(IpAddress::of_bytes(true, &reinterpret_cast<sockaddr_in6*>(one->ifa_addr)->sin6_addr));
    }
  }
  return addresses;
}

}  // namespace kedge
