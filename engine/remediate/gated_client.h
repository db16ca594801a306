// GatedClient: the gate (call_gate.h) in front of HTTP. Every request says whether it writes (HttpRequest::writes).
//
// Ownership:  borrows the client, the clock and EffectsStopped; lives for one call of an action, on one thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "guard/breaker.h"
#include "http/http.h"
#include "remediate/call_gate.h"

namespace kedge {

class GatedClient final : public HttpClient {
 public:
  using Permit = CallGate::Permit;

  GatedClient(HttpClient& client, Clock& clock, const EffectsStopped& effects_stopped, Permit permit)
      : client_(client), gate_(clock, effects_stopped, std::move(permit)) {}

  Result<HttpResponse> send(const HttpRequest&) override;

  // What the call did, once it is over.
  int writes() const { return writes_; }  // sent, or perhaps sent
  const std::vector<std::string>& request_ids() const {
    return request_ids_;
  }                                        // of the writes, as the endpoint named them
  bool unsure() const { return unsure_; }  // a write has had no answer
  const std::optional<std::string>& kept_back() const { return gate_.kept_back(); }
  bool misused() const { return gate_.misused(); }
  // What the answers tell of the endpoint: time-outs, connections that fail, 5xx and 429 are bad; every other answer,
  // a refusal too, is a good one. None: nothing was asked, or we ended it ourselves.
  Breaker::Outcome health() const { return health_; }
  const std::string& trouble() const { return trouble_; }  // bad: the first of it, in words

 private:
  void judge(const Result<HttpResponse>&);

  HttpClient& client_;
  CallGate gate_;
  int writes_ = 0;
  std::vector<std::string> request_ids_;
  bool unsure_ = false;
  Breaker::Outcome health_ = Breaker::Outcome::none;
  std::string trouble_;
};

}  // namespace kedge
