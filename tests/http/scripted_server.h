// A server on loopback that answers each request with bytes prepared for it, and remembers what it was sent, byte for
// byte. What a well-behaved server library hides (order of headers, resets, answers cut short) is what the tests need.
#pragma once

#include <atomic>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace kedge::testing {

// Serves one connection at a time, on a thread of its own.
class ScriptedServer {
 public:
  enum class Then { keep, close, reset, silence };
  struct Answer {
    std::string bytes;
    Then then = Then::keep;  // what becomes of the connection; silence: it stays open and nothing more is said
  };

  explicit ScriptedServer(std::deque<Answer> answers);
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  std::string url(const std::string& path = "/") const;
  std::vector<std::string> requests() const;  // each with head and body, in the order of their arrival
  int connections() const { return connections_; }

 private:
  void serve();
  void serve_connection(int connection);

  int port_ = 0;
  int listener_ = -1;
  int wake_[2] = {-1, -1};
  std::atomic<int> connections_ = 0;
  mutable std::mutex mutex_;
  std::deque<Answer> answers_;
  std::vector<std::string> requests_;
  std::thread thread_;
};

// "HTTP/1.1 200 OK" with a Content-Length that fits.
std::string answer(const std::string& body, const std::string& more_headers = "");

// A port of loopback on which nobody listens.
int closed_port();

}  // namespace kedge::testing
