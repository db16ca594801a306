// Source: where events come from.
//
// A source owns the threads of its client. It hands batches to lanes, each partition to one lane for as long as it is
// assigned, and never waits for a lane: when a lane's mailbox is full, the source stops reading the partitions of that
// lane until there is room, and keeps up its membership meanwhile.
//
// A position moves only by the lane's commit; the source learns of it by committed(), and tells its broker afterwards.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "base/waiting.h"
#include "source/batch.h"
#include "source/positions.h"

namespace kedge {

// The lanes' mailboxes, weighed by Batch::bytes(). Borrowed; they must outlive every source. A closed mailbox means
// that its lane is gone: what was meant for it is dropped.
using Lanes = std::vector<Mailbox<Batch>*>;

// How one partition stands.
struct PartitionStatus {
  enum class State {
    asking,  // assigned; the broker and the ledger are being asked where reading starts
    reading,
    paused,   // its lane is full
    stopped,  // not read until somebody decides: `problem` says why and what to do
  };
  PartitionId partition;
  State state = State::asking;
  std::string problem;
  size_t lane = 0;
  uint64_t epoch = 0;
  int64_t read = 0;                // the next offset to read
  int64_t committed = 0;           // the next offset by the ledger
  std::optional<int64_t> log_end;  // the broker's end of the log, as last heard
  uint64_t messages = 0;           // since it was assigned
  uint64_t bytes = 0;
  uint64_t tombstones = 0;
};

std::string_view to_string(PartitionStatus::State);

// One consistent picture of a source, for health and metrics. Counters run from the start of the process.
struct SourceStatus {
  // False: somebody else works on the same partitions, or may; `not_alone` says who or why. No effects meanwhile.
  bool alone = true;
  std::string not_alone;
  // Whether aloneness is judged by the members of the group, or only by the number of partitions (the broker cannot
  // say).
  bool members_known = false;

  bool reading = false;               // at least one partition is being read or paused
  std::vector<std::string> problems;  // what is wrong now, in words, each with its remedy; empty: healthy
  bool fatal = false;                 // a problem that only a restart with another configuration mends

  Duration last_turn{};  // Clock::elapsed() at the loop's last turn: older than a minute means that it hangs
  uint64_t messages = 0;
  uint64_t bytes = 0;
  uint64_t tombstones = 0;
  uint64_t repeated = 0;        // came again after a rebalance and were dropped
  uint64_t bookmarks_gone = 0;  // the bookmark's record was no longer in the log
  uint64_t rebalances = 0;
  uint64_t pauses = 0;
  uint64_t client_errors = 0;
  uint64_t commits_failed = 0;
  uint64_t client_renewals = 0;  // clients that were kept from the group without a reason, and replaced
  std::vector<PartitionStatus> partitions;
  struct Broker {
    std::string name;
    bool up = false;
    Duration round_trip{};  // mean over the last interval
  };
  std::vector<Broker> brokers;
  uint64_t client_queue_bytes = 0;  // fetched by the client, not yet read by us
};

// What a person allows when a stopped partition is looked at again.
enum class Permission {
  none,    // nothing new: ask the broker and the ledger again
  accept,  // take the log as it is now, from its start
  adopt,   // take over the group's offset from the other ledger
};

// An edge of the world. Every method may be called from any thread.
class Source {
 public:
  virtual ~Source() = default;

  virtual std::string_view name() const = 0;

  // Starts reading. Call once. Errors are those of the configuration; an unreachable broker is no error here but a
  // problem in status().
  virtual Result<void> start() = 0;

  // The ledger holds all that was decided below `next`. Never waits.
  virtual void committed(const std::shared_ptr<const Assignment>&, int64_t next) = 0;

  // Stops reading the partition until reconsider(): its lane found that it must not go on (too much poison). Never
  // waits.
  virtual void hold(const std::shared_ptr<const Assignment>&, std::string why) = 0;

  // Asks again where reading of a partition starts: because a person decided, or because the ledger refused a batch
  // (its position was moved by somebody else). Never waits; what comes of it is in status().
  virtual void reconsider(std::string_view topic, int32_t partition, Permission) = 0;

  virtual SourceStatus status() const = 0;

  // SourceStatus::not_alone; none while it is alone. Quick: asked before each write.
  virtual std::optional<std::string> not_alone() const = 0;

  // Why the ledger may be older than the world (a restored copy, an empty volume): the broker remembers more of us than
  // the ledger, or was not asked yet since the start. No effects meanwhile. None: it is not. Quick: asked before each
  // write.
  virtual std::optional<std::string> ledger_in_doubt() const { return std::nullopt; }

  // Stops reading, tells the broker the last committed positions, and ends the threads. False when that was not
  // possible before `deadline`: a thread is then still inside the client's library, and the process must end by _exit.
  virtual bool stop(Duration deadline) = 0;
};

}  // namespace kedge
