// An HttpClient that keeps what it is asked to send, and answers what it is told to.
#pragma once

#include <utility>
#include <vector>

#include "http/http.h"

namespace kedge::testing {

class RecordingClient final : public HttpClient {
 public:
  explicit RecordingClient(Result<HttpResponse> answer = HttpResponse{200, {}, "ok"}) : answer_(std::move(answer)) {}

  Result<HttpResponse> send(const HttpRequest& request) override {
    requests.push_back(request);
    return answer_;
  }

  std::vector<HttpRequest> requests;

 private:
  Result<HttpResponse> answer_;
};

inline std::string header_of(const HttpRequest& request, std::string_view name) {
  for (const HttpHeader& header : request.headers) {
    if (equals_ignoring_case(header.name, name)) return header.value;
  }
  return "";
}

}  // namespace kedge::testing
