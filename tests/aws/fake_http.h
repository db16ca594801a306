// An HttpClient that answers from a list and remembers what it was asked.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <mutex>
#include <string>
#include <vector>

#include "http/http.h"
#include "http/url.h"

namespace kedge::testing {

// Thread-safe. Answers in the order in which they were given; a request beyond them fails the test.
class FakeHttp final : public HttpClient {
 public:
  void answer(int status, std::string body = "", std::vector<HttpHeader> headers = {}) {
    answers_.emplace_back(HttpResponse{status, std::move(headers), std::move(body)});
  }
  void fail(ErrorCode code, std::string message = "the network is gone") {
    answers_.emplace_back(Error{code, std::move(message)});
  }

  Result<HttpResponse> send(const HttpRequest& request) override {
    const std::lock_guard lock(mutex_);
    requests_.push_back(request);
    if (answers_.empty()) {
      ADD_FAILURE() << "not expected: " << request.method << " " << request.url << " " << request.body;
      return Error{ErrorCode::internal, "no answer prepared"};
    }
    auto next = std::move(answers_.front());
    answers_.pop_front();
    return next;
  }

  const std::vector<HttpRequest>& requests() const { return requests_; }
  const HttpRequest& last() const { return requests_.back(); }

 private:
  std::mutex mutex_;
  std::deque<Result<HttpResponse>> answers_;
  std::vector<HttpRequest> requests_;
};

// The value of a header of a request; empty where there is none.
inline std::string header_of(const HttpRequest& request, const std::string& name) {
  for (const HttpHeader& header : request.headers) {
    if (equals_ignoring_case(header.name, name)) return header.value;
  }
  return "";
}

}  // namespace kedge::testing
