// Breakers: the circuit breakers of all endpoints that this engine calls, and who is told when one opens.
//
// They are in memory only: after a restart an endpoint that is still in trouble has opened its breaker again with the
// third call, and one that has recovered is not waited for.
//
// Threads:   thread-safe; no call blocks.
// Size:      only endpoints of which one of the last ten calls failed, or whose breaker was open once, are kept, kMost
//            of them: then those that do well are forgotten. What fails beyond that opens nothing.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "guard/breaker.h"

namespace kedge {

class Breakers {
 public:
  static constexpr size_t kMost = 10'000;

  // Without limits nothing ever opens. `random` must outlive it.
  Breakers(std::optional<BreakerLimits> limits, Random& random) : limits_(limits), random_(random) {}

  // What keeps calls to the endpoint from being made at `now`; none: they may be, or one of them may. (An action that
  // names no endpoint has the name "": nothing keeps it.)
  std::optional<OpenBreaker> shut(const std::string& endpoint, Time now) const;

  // Before every call; it takes `for_most`. None: it must not be made. What was let through is told of by `note`.
  std::optional<Breaker::Permit> admit(const std::string& endpoint, Time now, Duration for_most);

  // What became of the call, and in words what went wrong. Set: the breaker has opened with it, and people are to be
  // told. (When a probe fails they know already.)
  std::optional<OpenBreaker> note(const std::string& endpoint, Breaker::Permit, Breaker::Outcome,
                                  const std::string& error, Time now);

  // Those that are open or half-open, by endpoint.
  std::vector<OpenBreaker> open(Time now) const;
  int64_t openings() const;  // how often one has opened since the start

 private:
  struct Entry {
    Breaker breaker;
    std::string error;
  };
  static OpenBreaker view_of(const std::string& endpoint, const Entry&, Time until);

  const std::optional<BreakerLimits> limits_;
  Random& random_;

  mutable std::mutex mutex_;  // guards what follows
  std::map<std::string, Entry> entries_;
  int64_t openings_ = 0;
};

}  // namespace kedge
