// StoppableClient: an HttpClient whose requests all end when it is told to stop.
#pragma once

#include "http/http.h"

namespace kedge {

// Borrows the client behind it. Thread-safe.
class StoppableClient final : public HttpClient {
 public:
  explicit StoppableClient(HttpClient& client) : client_(client) {}

  // A request that can be stopped already is left as it is.
  Result<HttpResponse> send(const HttpRequest& request) override {
    if (request.stop.stop_possible()) return client_.send(request);
    HttpRequest stoppable = request;
    stoppable.stop = stop_.get_token();
    return client_.send(stoppable);
  }

  // Ends what is under way (within about a second), and what is sent later.
  void stop() { stop_.request_stop(); }

 private:
  HttpClient& client_;
  std::stop_source stop_;
};

}  // namespace kedge
