#include "tests/support/own_port.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>
#include <random>
#include <stdexcept>
#include <string>

namespace kedge {
namespace {

// Those from 32768 on are the system's (ip_local_port_range), those below 30000 the brokers' (kafka.sh).
constexpr int kFirst = 30'000;
constexpr int kPorts = 2'768;

// An abstract socket's name: no file of it stays.
Descriptor claim(int port) {
  const std::string name = "kedge-test-port-" + std::to_string(port);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  name.copy(address.sun_path + 1, sizeof(address.sun_path) - 1);
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0) return Descriptor();
  return socket;
}

bool is_free(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  const Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  return bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
}

}  // namespace

OwnPort::OwnPort() {
  const int first = static_cast<int>(std::random_device()() % kPorts);
  for (int i = 0; i < kPorts; ++i) {
    number_ = kFirst + (first + i) % kPorts;
    claim_ = claim(number_);
    if (claim_.get() >= 0 && is_free(number_)) return;
  }
  throw std::runtime_error("every port from 30000 to 32767 of loopback is taken");
}

}  // namespace kedge
