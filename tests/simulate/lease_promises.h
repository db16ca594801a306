// LeasePromises: what is isolated stays so until its time is over, or a person wants it released or undone.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "base/clock.h"
#include "ledger/values.h"
#include "tests/simulate/expect.h"

namespace kedge {

inline constexpr const char* kIsolated = "isolated";  // the value of what is

class LeasePromises {
 public:
  using Value = std::function<std::string(const std::string& name)>;
  LeasePromises(Clock& clock, Expect expect, Value value)
      : clock_(clock), expect_(std::move(expect)), value_(std::move(value)) {}

  // All is confirmed, and it stands for so long.
  void isolated(const Remediation&, Duration lease);
  // By the engine itself; and by a person, who may do so at any time.
  void released(const Remediation&);
  void ended_by_person(const Remediation&);

  // Somebody else changes it; a write of ours is about to leave.
  void changes(const std::string& name);
  void writes(const std::string& name, const std::string& value);
  void check();

 private:
  struct Lease {
    std::set<std::string> names;  // of what nobody else has changed
    Duration until{};
  };
  bool stands(const Lease& lease) const { return clock_.elapsed() < lease.until; }

  Clock& clock_;
  const Expect expect_;
  const Value value_;
  std::map<std::string, Lease> leases_;  // by remediation
};

}  // namespace kedge
