// NotifySocket: what a program tells its service manager (sd_notify(3)).
#pragma once

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <string>
#include <vector>

#include "tests/support/temporary_directory.h"

namespace kedge {

// The service manager's end of the socket. One thread.
class NotifySocket {
 public:
  struct Told {
    std::string text;
    std::chrono::steady_clock::time_point at;
  };

  NotifySocket() : path_(directory_.path() / "notify"), socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    std::strncpy(address.sun_path, path_.c_str(), sizeof address.sun_path - 1);
    EXPECT_EQ(bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0) << std::strerror(errno);
  }
  ~NotifySocket() { close(socket_); }
  NotifySocket(const NotifySocket&) = delete;
  NotifySocket& operator=(const NotifySocket&) = delete;

  std::string path() const { return path_; }

  // The first message that begins so and was not given before; those that came with it are kept.
  Told wait_for(const std::string& beginning) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (std::chrono::steady_clock::now() < deadline) {
      const auto found =
          std::find_if(told_.begin(), told_.end(), [&](const Told& told) { return told.text.starts_with(beginning); });
      if (found == told_.end()) {
        receive();
        continue;
      }
      Told told = *found;
      told_.erase(found);
      return told;
    }
    ADD_FAILURE() << "no " << beginning << " was told";
    return {};
  }

 private:
  void receive() {
    pollfd ready{.fd = socket_, .events = POLLIN, .revents = 0};
    if (poll(&ready, 1, 1000) != 1) return;
    std::array<char, 8192> text;
    const ssize_t size = recv(socket_, text.data(), text.size(), 0);
    if (size > 0) told_.push_back({{text.data(), static_cast<size_t>(size)}, std::chrono::steady_clock::now()});
  }

  const TemporaryDirectory directory_;
  const std::string path_;
  const int socket_;
  std::vector<Told> told_;  // and not given yet
};

}  // namespace kedge
