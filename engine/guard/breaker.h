// Circuit breaker: whether what keeps failing is tried at all. A value; time, outcomes and dice come in.
//
//   closed     everything is let through. Opens with `in_a_row` failures one after the other, or when `of_ten` of the
//              last ten (or of fewer, where there were no more) are failures
//   open       nothing is let through until its span is over
//   half-open  one probe at a time is let through: when it does well the breaker closes, and what was before is
//              forgotten; when it fails it opens again, for twice as long
//
// What was let through before the breaker turned tells nothing about it any more: each permit says of which turn it is.
#pragma once

#include <array>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "plan/state.h"

namespace kedge {

// For an endpoint. At first it stays open for longer than one call may take (20 s), so that what hangs is not called
// again at once; at most for so long that isolation goes on minutes after an outage, not an hour. A probe costs one
// call.
struct BreakerLimits {
  int in_a_row = 3;
  int of_ten = 5;
  Duration first = std::chrono::seconds(30);  // how long it is open: doubled with each probe that fails ...
  Duration most = std::chrono::minutes(5);    // ... up to this

  bool operator==(const BreakerLimits&) const = default;
};

class Breaker {
 public:
  struct Permit {
    uint64_t turn = 0;
    bool probe = false;
  };
  enum class Outcome { good, bad, none };  // none: it says nothing about what was called
  enum class Turned { not_at_all, opened, reopened, closed };

  // Nothing is let through now, and when to ask again. None: it is let through, where it is half-open as the probe.
  std::optional<Time> shut_until(Time now) const;

  // None: it is not let through. `for_most`: how long it may take. What was let through must be told of by `note`.
  std::optional<Permit> admit(Time now, Duration for_most);

  // Without `dice` a span is exactly as long as the limits say, with it from half as long on: engines that saw the same
  // outage do not all probe at once.
  Turned note(Permit, Outcome, Time now, const BreakerLimits&, std::optional<uint64_t> dice);

  bool operator==(const Breaker&) const = default;

  // As it is kept. Errors name the member.
  nlohmann::json to_json() const;
  static Result<Breaker> from_json(const nlohmann::json&);

  bool closed() const { return state_ == State::closed; }
  bool half_open(Time now) const { return state_ == State::probing || (state_ == State::open && now >= until_); }
  // Nothing is known that a new breaker would not know.
  bool blank() const { return closed() && failed() == 0; }

  int failed() const;  // of the last ten
  int counted() const { return counted_; }
  int openings() const { return openings_; }  // since it was closed
  uint64_t turn() const { return turn_; }     // so often it has turned
  Time since() const { return since_; }       // open: since when

 private:
  enum class State { closed, open, probing };
  static constexpr int kCounted = 10;

  Turned open(Time now, const BreakerLimits&, std::optional<uint64_t> dice);

  State state_ = State::closed;
  uint64_t turn_ = 0;
  std::array<bool, kCounted> failures_{};  // a ring
  int counted_ = 0;                        // of them
  int next_ = 0;
  int in_a_row_ = 0;
  int openings_ = 0;
  Time since_;
  Time until_;  // open: its span's end; probing: the probe's
};

// How long a breaker stays open for the n-th time, n from 1.
Duration open_span(const BreakerLimits&, int openings, std::optional<uint64_t> dice);

// An endpoint's breaker that lets nothing through, as guards and people see it.
struct OpenBreaker {
  std::string endpoint;  // "aws.s3/123456789012/eu-west-1"
  Time since;
  Time until;  // when something is let through, or when that is decided
  int failed = 0;
  int counted = 0;
  int openings = 1;
  std::string error;  // of the call that opened it

  bool operator==(const OpenBreaker&) const = default;
};

// A rule's breaker on one account, likewise.
struct OpenRuleBreaker {
  std::string account;  // empty: the targets are in none
  Time since;
  Time until;
  int failed = 0;
  int counted = 0;
  std::string error;  // of the remediation that opened it
  Time due;           // when the one that asks is to ask again: its turn behind others

  bool operator==(const OpenRuleBreaker&) const = default;
};

// The endpoint's answer that says that nobody like us may do such a thing: with it a rule's breaker opens at once.
bool is_denial(const std::string& code);

// The guard's name, what it judged by, and the words of it.
inline constexpr const char* kBreaker = "breaker";
inline constexpr const char* kRuleBreaker = "rule-breaker";
nlohmann::json figures_of(const OpenBreaker&);
nlohmann::json figures_of(const OpenRuleBreaker&);
// `state`: of the remediation when it met the breaker. What cannot be cancelled from there says nothing of it.
std::string reason_of(const OpenBreaker&, const std::string& remediation, State state);

}  // namespace kedge
