// A network namespace of a test's own, in which only the loopback is up.
#pragma once

#include <gtest/gtest.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <arpa/inet.h>

#include <cstring>
#include <functional>
#include <string>
#include <thread>

#include "base/descriptor.h"

namespace kedge {

// Runs `body` in a thread that alone is in a new namespace. False: this process may not make one.
inline bool in_own_network(const std::function<void()>& body) {
  bool made = false;
  std::thread([&] {
    made = unshare(CLONE_NEWNET) == 0;
    if (!made) return;
    const Descriptor any(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ifreq loopback{};
    std::strncpy(loopback.ifr_name, "lo", IFNAMSIZ - 1);
    loopback.ifr_flags = IFF_UP;
    ASSERT_EQ(ioctl(any.get(), SIOCSIFFLAGS, &loopback), 0);
    body();
  }).join();
  return made;
}

// A socket with a name: TCP listens. `address`: "127.0.0.1", "::1", "0.0.0.0", "::". Port 0: the kernel's choice.
inline Descriptor bound_socket(int type, const std::string& address, uint16_t port) {
  sockaddr_storage name{};
  socklen_t size = 0;
  const bool is_long = address.find(':') != std::string::npos;
  if (is_long) {
    auto& long_name = reinterpret_cast<sockaddr_in6&>(name);
    long_name.sin6_family = AF_INET6;
    long_name.sin6_port = htons(port);
    EXPECT_EQ(inet_pton(AF_INET6, address.c_str(), &long_name.sin6_addr), 1);
    size = sizeof long_name;
  } else {
    auto& short_name = reinterpret_cast<sockaddr_in&>(name);
    short_name.sin_family = AF_INET;
    short_name.sin_port = htons(port);
    EXPECT_EQ(inet_pton(AF_INET, address.c_str(), &short_name.sin_addr), 1);
    size = sizeof short_name;
  }
  Descriptor made(socket(is_long ? AF_INET6 : AF_INET, type | SOCK_CLOEXEC, 0));
  const int on = 1;
  setsockopt(made.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  EXPECT_EQ(bind(made.get(), reinterpret_cast<sockaddr*>(&name), size), 0) << address << " " << port;
  if (type == SOCK_STREAM) {
    EXPECT_EQ(listen(made.get(), 4096), 0);
  }
  return made;
}

// Connected to 127.0.0.1.
inline Descriptor connected_socket(int type, uint16_t port) {
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_port = htons(port);
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  Descriptor made(socket(AF_INET, type | SOCK_CLOEXEC, 0));
  EXPECT_EQ(connect(made.get(), reinterpret_cast<sockaddr*>(&name), sizeof name), 0);
  return made;
}

}  // namespace kedge
