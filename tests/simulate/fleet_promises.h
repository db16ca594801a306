// FleetPromises: of the targets of a fleet no more are out of service at a time, or were lately, than its share, unless
// a person lets one pass: what a remediation has begun on and not ended, and what one has written lately.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "base/clock.h"
#include "guard/fleet.h"
#include "tests/ledger/memory_ledger.h"
#include "tests/simulate/expect.h"

namespace kedge {

inline constexpr Share kShareOfFleet{50, std::chrono::minutes(10)};
// Four values, of which two may be out of service.
Fleets simulated_fleets();

class FleetPromises {
 public:
  FleetPromises(Clock& clock, Expect expect) : clock_(clock), expect_(std::move(expect)) {}

  void watch() { watches_ = true; }
  void began(const Remediation&, bool approved, MemoryLedger& durable);
  void writes(const std::string& remediation);

 private:
  struct Begun {
    std::string target;
    Duration at{};
    bool wrote = false;
  };
  bool is_out(const std::string& remediation, const Begun&, MemoryLedger& durable) const;

  Clock& clock_;
  const Expect expect_;
  bool watches_ = false;
  std::map<std::string, Begun> begun_;  // by remediation
};

}  // namespace kedge
