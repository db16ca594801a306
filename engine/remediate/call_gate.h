// CallGate: what is let through of one call of an action, whichever way it takes to the world.
//
// A write is let through only while an attempt is being carried out, only while effects are not stopped (asked again
// before every single one), and nothing is let through behind the call's deadline. What is refused here was surely not
// sent.
//
// Ownership:  borrows the clock and EffectsStopped; lives for one call of an action, on one thread.
#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "base/result.h"

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

class CallGate {
 public:
  struct Permit {
    bool writes = false;   // an attempt is durable: the world may be written
    Duration deadline{};   // on Clock::elapsed
    std::stop_token stop;  // cancels calls that run
  };

  CallGate(Clock& clock, const EffectsStopped& effects_stopped, Permit permit)
      : clock_(clock), effects_stopped_(effects_stopped), permit_(std::move(permit)) {}

  // None: it may be sent. `what`: in words, should it be a write that must not be.
  std::optional<Error> refuse(bool writes, const std::string& what);

  Duration left() const { return permit_.deadline - clock_.elapsed(); }
  const std::stop_token& stop() const { return permit_.stop; }
  const std::optional<std::string>& kept_back() const { return kept_back_; }  // something was not let through, and why
  bool misused() const { return misused_; }                                   // a write was tried without an attempt

 private:
  Clock& clock_;
  const EffectsStopped& effects_stopped_;
  const Permit permit_;
  bool misused_ = false;
  std::optional<std::string> kept_back_;
};

}  // namespace kedge
