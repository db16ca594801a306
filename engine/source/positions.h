// Where reading of each partition stands, as the ledger knows it.
//
// A position moves in two ways only: a lane's batch moves it by compare-and-set on (epoch, next) inside the commit that
// holds what was decided; and claim() raises its epoch when a partition is assigned, so that batches of a former
// assignment, wherever they still are, change nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "event/position.h"

namespace kedge {

// Something about the reading of a partition that people must be told, and that stays on record.
struct ReadingNotice {
  enum class Kind {
    gap,               // records between `from` and `to` are gone: the broker's retention overtook us
    another_log,       // what is there is not the log that we read: the partition is not read
    foreign_ledger,    // the group's offset was committed by an engine with another ledger: not read
    ledger_behind,     // the group has seen more than our ledger: the ledger is older than the world: not read
    started_at_group,  // no position in the ledger; the group's offset, written by somebody else, was taken
    accepted,          // somebody accepted the log, or adopted the group, as it is
  };
  Kind kind = Kind::gap;
  PartitionId partition;
  int64_t from = 0;  // offsets, where they say something
  int64_t to = 0;
  std::string text;  // one sentence for people, with the remedy

  bool operator==(const ReadingNotice&) const = default;
};

std::string_view to_string(ReadingNotice::Kind);

// One partition that is about to be read.
struct PositionClaim {
  PartitionId partition;
  std::optional<Position> found;        // what find() gave: the claim is refused if the ledger holds something else now
  Position wanted;                      // its epoch does not count: the ledger gives found's + 1, or 1
  std::optional<ReadingNotice> notice;  // recorded in the same commit
};

// The ledger, as a source sees it. Implemented over the ledger in pipeline/; must outlive the sources. Called from the
// threads of sources; each call may wait for a commit.
class Positions {
 public:
  virtual ~Positions() = default;

  // The ledger's id: one word, without spaces.
  virtual std::string ledger_id() = 0;

  // The positions of these partitions, in order. Nothing is changed.
  virtual Result<std::vector<std::optional<Position>>> find(std::span<const PartitionId>) = 0;

  // The topics of a source in which any partition has a position.
  virtual Result<std::set<std::string>> known_topics(std::string_view source) = 0;

  // Sets each position as wanted, with a raised epoch: all in one commit, or none (conflict: one of them is no longer
  // as found; ask again). The new epochs, in order.
  virtual Result<std::vector<uint64_t>> claim(std::span<const PositionClaim>) = 0;

  // Records and announces a notice that moves no position.
  virtual Result<void> record(const ReadingNotice&) = 0;
};

}  // namespace kedge
