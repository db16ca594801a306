// Lane: from batches to decisions, committed.
//
// A lane takes what is there, never waiting to fill, through decode, match, decide and admission to the ledger: one
// CommitBatch for what it took, with the positions behind it. It performs no effect. Where nothing was decided, the
// positions and counts ride with the next commit, within a second.
//
// Ownership:  owns its thread, its mailbox and its Lua state; borrows everything in Parts, which must outlive it.
// Failure:    a message that cannot be decoded, or a rule that fails on an event, becomes a dead letter; the rest goes
//             on. Too much of it stops the partition: that is put on record, and people are told, by the very commit
//             that moves the position behind it. A commit that is refused (the partition was given to somebody else) is
//             dropped whole, and the partition is asked about again. No room: tried again until there is. Final: the
//             lane ends, and the daemon with it.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/pulse.h"
#include "base/random.h"
#include "base/thread.h"
#include "base/waiting.h"
#include "guard/admission.h"
#include "ledger/committer.h"
#include "ledger/ledger.h"
#include "pipeline/decider.h"
#include "pipeline/own_principals.h"
#include "pipeline/poison_gauge.h"
#include "source/source.h"

namespace kedge {

// The rule set that is in force. Thread-safe. Lanes look at it between two batches.
class CurrentRules {
 public:
  explicit CurrentRules(std::shared_ptr<const RuleSet> rules) : rules_(std::move(rules)) {}
  std::shared_ptr<const RuleSet> get() const {
    const std::lock_guard lock(mutex_);
    return rules_;
  }
  void set(std::shared_ptr<const RuleSet> rules) {
    const std::lock_guard lock(mutex_);
    rules_ = std::move(rules);
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const RuleSet> rules_;
};

class Lane {
 public:
  struct Options {
    Decider::Options decider;
    size_t queue_bytes_max = 32U << 20U;             // of the mailbox
    size_t take_bytes_max = 4U << 20U;               // of batches in one commit
    Duration idle_commit = std::chrono::seconds(1);  // how long positions without a decision may wait
  };

  struct Parts {
    Committer& committer;
    LedgerReader& reader;
    CurrentRules& rules;
    Clock& clock;
    Random& random;
  };

  Lane(Parts parts, Options options);
  ~Lane();  // stops
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;

  Mailbox<Batch>& mailbox() { return mailbox_; }

  // Borrows `us`, which must outlive the lane.
  void start(const OwnPrincipals& us);
  // Takes no more batches; commits what it has decided.
  void stop();

  // All since the start. Any thread.
  struct Figures {
    int64_t messages = 0;
    int64_t bytes = 0;
    int64_t events = 0;
    int64_t matches = 0;
    int64_t findings = 0;
    int64_t suppressions = 0;
    int64_t dead_letters = 0;
    int64_t commits = 0;
  };
  Figures figures() const;

  const Pulse& pulse() const { return pulse_; }

 private:
  struct Work;
  struct Counters {
    std::atomic<int64_t> messages{0}, bytes{0}, events{0}, matches{0}, findings{0}, suppressions{0}, dead_letters{0},
        commits{0};
  };

  void run();
  void give_back(bool is_idle);
  void turn(const std::vector<Batch>& batches);
  bool flush();
  Answer commit(const Change& change);

  // Constant after construction.
  const Parts parts_;
  const Options options_;

  // Provide their own synchronization.
  Mailbox<Batch> mailbox_;
  Counters counters_;
  Pulse pulse_;

  // The thread's own.
  std::unique_ptr<Work> work_;
  Thread thread_;
};

}  // namespace kedge
