#include "host/sockets.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>

namespace kedge {
namespace {

constexpr timeval kPatience{2, 0};  // the kernel answers at once
constexpr int kAttempts = 5;        // where the list changed while it was read
constexpr const char* kName = "the kernel's list of sockets";

struct Question {
  nlmsghdr head;
  inet_diag_req_v2 body;
};

std::string address_text(int family, const uint32_t* words) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(family, words, text.data(), text.size());
  return text.data();
}

// A UDP socket that nobody is connected to is "closed".
bool is_waiting(SocketProtocol protocol, uint8_t state) {
  return state == (protocol == SocketProtocol::tcp ? TCP_LISTEN : TCP_CLOSE);
}

uint32_t states(SocketProtocol protocol, SocketTable::Wanted wanted) {
  if (wanted == SocketTable::Wanted::all) return UINT32_MAX;
  return protocol == SocketProtocol::tcp ? 1U << TCP_LISTEN : 1U << TCP_CLOSE;
}

Socket socket_of(const inet_diag_msg& message, SocketProtocol protocol) {
  Socket socket;
  socket.protocol = protocol;
  socket.local = {address_text(message.idiag_family, message.id.idiag_src), ntohs(message.id.idiag_sport)};
  socket.remote = {address_text(message.idiag_family, message.id.idiag_dst), ntohs(message.id.idiag_dport)};
  socket.inode = message.idiag_inode;
  socket.uid = message.idiag_uid;
  socket.interface = message.id.idiag_if;
  socket.is_waiting = is_waiting(protocol, message.idiag_state);
  return socket;
}

Error answered(int number) {
  errno = number;
  return io_error("cannot read", kName);
}

// What one packet of the answer says.
struct Part {
  bool is_last = false;
  bool is_torn = false;  // something changed between two packets
};

Result<Part> take(const char* bytes, size_t size, uint32_t sequence, SocketProtocol protocol,
                  std::vector<Socket>& sockets) {
  Part part;
  while (size >= sizeof(nlmsghdr)) {
    nlmsghdr head;
    std::memcpy(&head, bytes, sizeof head);
    if (head.nlmsg_len < sizeof head || head.nlmsg_len > size) return answered(EBADMSG);
    const size_t body = head.nlmsg_len - sizeof head;
    if (head.nlmsg_seq == sequence) {
      part.is_torn = part.is_torn || (head.nlmsg_flags & NLM_F_DUMP_INTR) != 0;
      if (head.nlmsg_type == NLMSG_ERROR || head.nlmsg_type == NLMSG_DONE) {
        int number = 0;
        if (body >= sizeof number) std::memcpy(&number, bytes + sizeof head, sizeof number);
        if (number != 0) return answered(-number);
        part.is_last = true;
        return part;
      }
      if (head.nlmsg_type == SOCK_DIAG_BY_FAMILY && body >= sizeof(inet_diag_msg)) {
        inet_diag_msg message;
        std::memcpy(&message, bytes + sizeof head, sizeof message);
        sockets.push_back(socket_of(message, protocol));
      }
    }
    const size_t step = std::min<size_t>(NLMSG_ALIGN(head.nlmsg_len), size);
    bytes += step;
    size -= step;
  }
  return part;
}

}  // namespace

std::string_view to_string(SocketProtocol protocol) { return protocol == SocketProtocol::tcp ? "tcp" : "udp"; }

std::string to_string(const SocketEnd& end) {
  const bool is_long = end.address.find(':') != std::string::npos;
  return is_long ? fmt::format("[{}]:{}", end.address, end.port) : fmt::format("{}:{}", end.address, end.port);
}

Result<SocketTable> SocketTable::open() {
  Descriptor netlink(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
  if (netlink.get() < 0) return io_error("cannot open", kName);
  setsockopt(netlink.get(), SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
  return SocketTable(std::move(netlink));
}

Result<std::vector<Socket>> SocketTable::read(Wanted wanted) {
  std::vector<Socket> sockets;
  for (const int family : {AF_INET, AF_INET6}) {
    for (const SocketProtocol protocol : {SocketProtocol::tcp, SocketProtocol::udp}) {
      if (auto done = read(family, protocol, wanted, sockets); !done) return done.error();
    }
  }
  return sockets;
}

Result<void> SocketTable::read(int family, SocketProtocol protocol, Wanted wanted, std::vector<Socket>& sockets) {
  std::array<char, 32U << 10U> packet;
  for (int attempt = 1;; ++attempt) {
    Question question{};
    question.head.nlmsg_len = sizeof question;
    question.head.nlmsg_type = SOCK_DIAG_BY_FAMILY;
    question.head.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    question.head.nlmsg_seq = ++sequence_;
    question.body.sdiag_family = static_cast<uint8_t>(family);
    question.body.sdiag_protocol = protocol == SocketProtocol::tcp ? IPPROTO_TCP : IPPROTO_UDP;
    question.body.idiag_states = states(protocol, wanted);
    if (send(netlink_.get(), &question, sizeof question, 0) < 0) return io_error("cannot ask for", kName);
    std::vector<Socket> found;
    Part part;
    bool is_torn = false;
    while (!part.is_last) {
      const ssize_t got = recv(netlink_.get(), packet.data(), packet.size(), 0);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return io_error("cannot read", kName);
      auto taken = take(packet.data(), static_cast<size_t>(got), sequence_, protocol, found);
      if (!taken && taken.error().code == ErrorCode::not_found && family == AF_INET6) return {};  // there is no IPv6
      if (!taken) return taken.error();
      part = *taken;
      is_torn = is_torn || part.is_torn;
    }
    if (is_torn && attempt < kAttempts) continue;
    sockets.insert(sockets.end(), found.begin(), found.end());
    return {};
  }
}

}  // namespace kedge
