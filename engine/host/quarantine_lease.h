// QuarantineLease: what is kept of an isolation that stands, in a file, so that whoever comes after us knows of it.
//
// It is written before the isolation is, and gone only when the isolation is seen to be gone.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "host/quarantine.h"

namespace kedge {

struct QuarantineLease {
  enum class Phase {
    tried,      // until its lifeline has been proven
    standing,   // until its time is over
    releasing,  // it has to go
  };

  nlohmann::json args;  // of the action
  Quarantine quarantine;
  QuarantineSubject subject;
  Phase phase = Phase::tried;
  std::string remediation;
  std::string boot_id;
  Duration until{};    // on Clock::elapsed, of that boot
  Time until_wall;     // the same by wall time: for another boot
  bool proven = true;  // of one that stands: since the host was started last

  // What is left of it; of a lease of an earlier boot by wall time, and nothing where it does not survive one. Never
  // more than the lease was made for.
  Duration left(Clock&) const;
};

// The leases of a folder, one file each, by table.
class QuarantineLeases {
 public:
  explicit QuarantineLeases(std::string folder) : folder_(std::move(folder)) {}

  // None: there is none for the table.
  Result<std::optional<QuarantineLease>> find(const std::string& table) const;
  // A file that cannot be read is an error in `damaged`, not of the others.
  Result<std::vector<QuarantineLease>> all(std::vector<Error>& damaged) const;
  Result<void> keep(const QuarantineLease&) const;
  Result<void> forget(const std::string& table) const;

 private:
  std::string path_of(const std::string& table) const { return folder_ + "/" + table + ".json"; }
  const std::string folder_;
};

}  // namespace kedge
