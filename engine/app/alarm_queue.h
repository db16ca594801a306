// AlarmQueue: alarms of the daemon on their way into the ledger, one by one, each until it is on record: what is wrong
// with a disk may be wrong with the ledger's, too.
//
// Ownership:  borrows the committer, which must outlive it.
// Threads:    one.
#pragma once

#include <deque>
#include <optional>

#include "ledger/committer.h"

namespace kedge {

class AlarmQueue {
 public:
  explicit AlarmQueue(Committer& committer) : committer_(committer) {}

  void raise(RaiseAlarm alarm) { alarms_.push_back(std::move(alarm)); }

  // To be called again and again; waits for nothing.
  void hand_in();

  bool empty() const { return alarms_.empty(); }

 private:
  Committer& committer_;
  std::deque<RaiseAlarm> alarms_;        // the oldest first
  std::optional<Reply<Answer>> answer_;  // to the first
};

}  // namespace kedge
