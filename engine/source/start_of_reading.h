// Where reading of a partition starts, or why it does not: one pure function of what the ledger, the group and the log
// say.
//
//   the ledger   the group's offset          starts
//   has one      of our ledger, ahead of it  not: the ledger is older than the world
//   has one      of another ledger           not, until adopted: then where the group is
//   has one      anything else               at the bookmark's record, which is compared and dropped; below the log's
//                                            start: at the start, with a gap on record; above its end, or on another
//                                            cluster: not, until accepted: then at the log's start
//   has none     of our ledger               not: the ledger is older than the world
//   has none     of another ledger           not, until adopted
//   has none     of nobody's                 there, and it is said
//   has none     none, topic known           at the log's start: a partition was added
//   has none     none, topic new             as configured
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "kafka/consumer.h"
#include "source/kafka_source.h"
#include "source/positions.h"

namespace kedge {

// Who committed the group's offset: the metadata "kedge1 LEDGER-ID EPOCH".
struct GroupMark {
  std::string ledger;  // empty: a kedge of another version than ours wrote it
  uint64_t epoch = 0;

  bool operator==(const GroupMark&) const = default;
};

std::string format_group_mark(const GroupMark&);
// None: it was not an engine like ours that committed.
std::optional<GroupMark> parse_group_mark(std::string_view metadata);

struct StartFacts {
  PartitionId partition;
  std::string ledger;                    // our ledger's id
  std::string cluster;                   // the id of the cluster that answers
  std::optional<Position> position;      // the ledger's
  std::optional<PartitionOffset> group;  // the group's
  Watermarks log;
  bool topic_known = false;  // some partition of the topic has a position
  StartAt configured = StartAt::earliest;
  Permission permission = Permission::none;  // accept: only given where the log was found to be another
};

struct StartReading {
  int64_t read_from = 0;  // the first offset to fetch
  Position wanted;        // to be claimed; its epoch does not count
  bool check = false;     // the record at read_from is the bookmark's: compare and drop it
  bool bookmark_gone = false;
  std::optional<ReadingNotice> notice{};
};

struct StayStopped {
  ReadingNotice notice;
};

using StartDecision = std::variant<StartReading, StayStopped>;

StartDecision start_of_reading(const StartFacts&);

// Where the group has seen more than our ledger knows: the ledger is older than the world (contracts §6). Looks at the
// partition, the ledger's id and position, and the group; the group's offset must be the older of the two.
std::optional<ReadingNotice> ledger_behind(const StartFacts&);

// The notice for a bookmark whose record is not what it was.
ReadingNotice another_record(const PartitionId&, const Bookmark&);

}  // namespace kedge
