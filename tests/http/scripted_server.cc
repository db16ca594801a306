#include "tests/http/scripted_server.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>

namespace kedge::testing {
namespace {

int listen_on_loopback(int& port) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (bind(listener, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(listener, 16) != 0 ||
      getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw std::runtime_error("cannot listen on loopback");
  }
  port = ntohs(address.sin_port);
  return listener;
}

size_t content_length(const std::string& head) {
  const size_t at = head.find("Content-Length: ");
  return at == std::string::npos ? 0 : std::strtoul(head.c_str() + at + 16, nullptr, 10);
}

// True once `bytes` begin with a whole request.
bool is_whole(const std::string& bytes) {
  const size_t head_end = bytes.find("\r\n\r\n");
  return head_end != std::string::npos && bytes.size() >= head_end + 4 + content_length(bytes);
}

}  // namespace

ScriptedServer::ScriptedServer(std::deque<Answer> answers)
    : listener_(listen_on_loopback(port_)), answers_(std::move(answers)) {
  if (pipe(wake_) != 0) throw std::runtime_error("cannot make a pipe");
  thread_ = std::thread([this] { serve(); });
}

ScriptedServer::~ScriptedServer() {
  close(wake_[1]);
  thread_.join();
  close(wake_[0]);
  close(listener_);
}

std::string ScriptedServer::url(const std::string& path) const {
  return "http://127.0.0.1:" + std::to_string(port_) + path;
}

std::vector<std::string> ScriptedServer::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

void ScriptedServer::serve() {
  for (;;) {
    pollfd waits[] = {{wake_[0], POLLIN, 0}, {listener_, POLLIN, 0}};
    poll(waits, 2, -1);
    if (waits[0].revents != 0) return;
    const int connection = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0) continue;
    ++connections_;
    serve_connection(connection);
    close(connection);
  }
}

void ScriptedServer::serve_connection(int connection) {
  std::string received;
  for (;;) {
    pollfd waits[] = {{wake_[0], POLLIN, 0}, {connection, POLLIN, 0}};
    poll(waits, 2, -1);
    char buffer[65536];
    const ssize_t got = waits[0].revents != 0 ? 0 : read(connection, buffer, sizeof buffer);
    if (got <= 0) return;
    received.append(buffer, static_cast<size_t>(got));
    if (!is_whole(received)) continue;

    Answer next{"", Then::close};
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(std::move(received));
      received.clear();
      if (!answers_.empty()) {
        next = std::move(answers_.front());
        answers_.pop_front();
      }
    }
    static_cast<void>(send(connection, next.bytes.data(), next.bytes.size(), MSG_NOSIGNAL));
    if (next.then == Then::close) return;
    if (next.then == Then::reset) {
      const linger at_once{1, 0};
      setsockopt(connection, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
      return;
    }
  }
}

std::string answer(const std::string& body, const std::string& more_headers) {
  return "HTTP/1.1 200 OK\r\n" + more_headers + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

int closed_port() {
  int port = 0;
  close(listen_on_loopback(port));
  return port;
}

}  // namespace kedge::testing
