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
  // A write is about to leave; and has arrived, which not all do.
  void writes(const std::string& remediation, const std::string& mark) { marks_[mark] = remediation; }
  void written(const std::string& mark);

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
  std::map<std::string, Begun> begun_;        // by remediation
  std::map<std::string, std::string> marks_;  // of writes, and whose they are
};

}  // namespace kedge
