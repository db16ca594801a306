// How far a source has been read: the same words in the source that reads, the lane that decides and the ledger that
// keeps it.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>

#include "base/hash.h"
#include "base/time.h"

namespace kedge {

// Names a partition. The cluster is not part of the name: a partition found on another cluster than the one where its
// position was taken is another log, not another partition.
struct PartitionId {
  std::string source;  // the source's name in the configuration
  std::string topic;
  int32_t partition = 0;

  auto operator<=>(const PartitionId&) const = default;
};

std::string to_string(const PartitionId&);  // "cloudtrail/aws-events[3]"

// The last record handled, by which a log is recognised when it is read again.
struct Bookmark {
  int64_t offset = 0;
  Time timestamp;  // the record's own
  Digest digest;   // SHA-256 of its value

  bool operator==(const Bookmark&) const = default;
};

struct Position {
  std::string cluster;               // the cluster's id
  uint64_t epoch = 0;                // raised by each claim; 1 after the first
  int64_t next = 0;                  // everything below this offset has been handled
  std::optional<Bookmark> bookmark;  // none: nothing was handled since reading began here

  bool operator==(const Position&) const = default;
};

}  // namespace kedge
