// Where the numbers of a HandedSource's events go on, or why they do not: one pure function of what the ledger and the
// mark say.
//
// The mark is a small file beside what the events wait in: how far they were decided, and by whose ledger. It is
// written behind the ledger, and is what the group's offset is where Kafka is read (start_of_reading.h).
//
//   the ledger                   the mark                  goes on
//   anything                     of another ledger         not, until adopted: then where the mark stands
//   none, or behind the mark     of ours                   not: the ledger is older than the world
//   behind it, in a later epoch  of ours                   where the mark stands, with a gap on record: the ledger was
//                                                          restored, and what a newer one had decided is gone
//   has one                      none, or another place's  where the ledger stands, with a gap on record: what waited
//                                                          in the other place is gone with it
//   has one                      of ours, not ahead        where the ledger stands, behind its bookmark's event
//   none                         none                      at 0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "source/positions.h"
#include "source/source.h"
#include "source/start_of_reading.h"

namespace kedge {

struct DecidedMark {
  std::string place;   // names what the events wait in, from when it was made
  std::string ledger;  // empty: a kedge of another version than ours wrote it
  uint64_t epoch = 0;
  int64_t next = 0;  // all below was decided

  bool operator==(const DecidedMark&) const = default;
};

std::string format_mark(const DecidedMark&);
DecidedMark parse_mark(std::string_view text);

struct HandedFacts {
  PartitionId partition;
  std::string ledger;                // our ledger's id
  std::string place;                 // of what the events wait in: the mark's, or a new one's
  std::optional<Position> position;  // the ledger's
  std::optional<DecidedMark> mark;
  std::string mark_file;  // for words
  Permission permission = Permission::none;
};

struct HandedStart {
  Position wanted;     // to be claimed; its epoch does not count
  bool check = false;  // the bookmark's event may come again: it was decided, as was all before it
  std::optional<ReadingNotice> notice{};
};

std::variant<HandedStart, StayStopped> start_of_handing(const HandedFacts&);

}  // namespace kedge
