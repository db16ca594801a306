// GatedClient: the gate between an action and the world, for one call of the action.
//
// Every request says whether it writes (HttpRequest::writes). A write is let through only while an attempt is being
// carried out, only while effects are not stopped (asked again before every single one), and nothing is let through
// behind the call's deadline. What is refused here was surely not sent.
//
// Ownership:  borrows the client, the clock and EffectsStopped; lives for one call of an action, on one thread.
#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "guard/breaker.h"
#include "http/http.h"

namespace kedge {

// Why nothing may be written now, to anything or for the remediation at hand.
struct Stop {
  std::string reason;       // in words
  bool gate_knows = false;  // a pause that the ledger knows: its gate holds what asks, on record and with what to type
  bool nothing_expires = false;  // the clock is in doubt

  bool operator==(const Stop&) const = default;
};

// None: it may be written. Thread-safe and quick.
using EffectsStopped = std::function<std::optional<Stop>()>;

class GatedClient final : public HttpClient {
 public:
  struct Permit {
    bool writes = false;   // an attempt is durable: the world may be written
    Duration deadline{};   // on Clock::elapsed
    std::stop_token stop;  // cancels calls that run
  };

  GatedClient(HttpClient& client, Clock& clock, const EffectsStopped& effects_stopped, Permit permit)
      : client_(client), clock_(clock), effects_stopped_(effects_stopped), permit_(std::move(permit)) {}

  Result<HttpResponse> send(const HttpRequest&) override;

  // What the call did, once it is over.
  int writes() const { return writes_; }  // sent, or perhaps sent
  const std::vector<std::string>& request_ids() const {
    return request_ids_;
  }                                        // of the writes, as the endpoint named them
  bool unsure() const { return unsure_; }  // a write has had no answer
  const std::optional<std::string>& kept_back() const { return kept_back_; }  // a request was not let through, and why
  bool misused() const { return misused_; }                                   // a write was tried without an attempt
  // What the answers tell of the endpoint: time-outs, connections that fail, 5xx and 429 are bad; every other answer,
  // a refusal too, is a good one. None: nothing was asked, or we ended it ourselves.
  Breaker::Outcome health() const { return health_; }
  const std::string& trouble() const { return trouble_; }  // bad: the first of it, in words

 private:
  std::optional<Error> refuse(const HttpRequest&);
  void judge(const Result<HttpResponse>&);

  HttpClient& client_;
  Clock& clock_;
  const EffectsStopped& effects_stopped_;
  const Permit permit_;
  int writes_ = 0;
  std::vector<std::string> request_ids_;
  bool unsure_ = false;
  bool misused_ = false;
  std::optional<std::string> kept_back_;
  Breaker::Outcome health_ = Breaker::Outcome::none;
  std::string trouble_;
};

}  // namespace kedge
