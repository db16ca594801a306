// EffectsSwitch: whether anything may be written to the world now, and why not.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "api/pause_file.h"
#include "app/audit_log.h"
#include "ledger/committer.h"
#include "remediate/gated_client.h"
#include "source/source.h"

namespace kedge {

// Why effects stop while the wall clock is so far ahead of ledger time (negative: behind).
std::string words_of_clock_doubt(Duration ahead);

// Thread-safe. What the ledger says of pauses is read once for each change of them: a worker asks at every turn and
// before every single write.
class EffectsSwitch {
 public:
  struct Parts {
    const Committer& committer;
    LedgerReader& reader;
    const PauseFile& pause_file;
    std::vector<const Source*> sources;   // all of them
    const AuditLog* audit_log = nullptr;  // where there is one
  };
  // All parts must outlive it.
  explicit EffectsSwitch(Parts parts) : parts_(std::move(parts)) {}

  // Why nothing may be written for the remediation, or (of none) at all; none: it may. Pauses of a rule or of an
  // account are of no remediation but theirs.
  std::optional<Stop> stopped(const Remediation* remediation = nullptr) const;

  // For good: the engine is stopping.
  void turn_off() { off_ = true; }

 private:
  std::optional<Stop> stopped_but_for_clock(const Remediation*) const;
  // A pause on record that is in the way of it.
  Result<std::optional<Pause>> recorded(const Remediation*) const;

  const Parts parts_;
  std::atomic<bool> off_ = false;

  // Guarded by mutex_.
  mutable std::mutex mutex_;
  mutable std::optional<uint64_t> version_;  // of what was read; none yet
  mutable std::vector<Pause> read_;
};

}  // namespace kedge
