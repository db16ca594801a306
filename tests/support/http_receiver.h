// A web server on loopback that remembers what it was sent and answers as the test says.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"

namespace httplib {
class Server;
}

namespace kedge {

// Serves from construction to destruction, on a free port, with threads of its own. Every method may be called from any
// thread.
class HttpReceiver {
 public:
  struct Request {
    std::string method;
    std::string target;                               // path and query, as they were sent
    std::multimap<std::string, std::string> headers;  // names in lower case
    std::string body;

    std::string header(const std::string& name) const;  // the first of that name; empty when there is none
  };
  struct Answer {
    int status = 200;
    std::multimap<std::string, std::string> headers = {};
    std::string body = {};
    std::string content_type = "text/plain";
    std::chrono::milliseconds delay{0};  // before it is sent; the destructor does not wait for it
  };

  HttpReceiver();
  ~HttpReceiver();
  HttpReceiver(const HttpReceiver&) = delete;
  HttpReceiver& operator=(const HttpReceiver&) = delete;

  std::string url() const;  // "http://127.0.0.1:PORT"
  int port() const { return port_; }

  // The next requests get these answers, one each, in order; when none is left, `otherwise`.
  void answer_next(Answer);
  void answer_otherwise(Answer);
  // Decides every answer that is not in the queue. It is called by many threads at once.
  void answer_by(std::function<Answer(const Request&)>);

  std::vector<Request> requests() const;

  // Waits until so many requests were received, and gives all of them.
  Result<std::vector<Request>> wait_for(size_t count,
                                        std::chrono::milliseconds timeout = std::chrono::seconds(20)) const;

 private:
  Answer take_answer(const Request&);

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::vector<Request> requests_;                 // guarded by mutex_
  std::deque<Answer> next_;                       // guarded by mutex_
  std::function<Answer(const Request&)> decide_;  // guarded by mutex_
  bool closing_ = false;                          // guarded by mutex_

  std::unique_ptr<httplib::Server> server_;
  int port_ = 0;
  std::thread thread_;  // the last member: it uses the others
};

}  // namespace kedge
