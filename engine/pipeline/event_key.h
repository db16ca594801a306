// The key that makes a finding happen once (contracts §4): SHA-256 of the canonical JSON array
// [rule id, target, the event's source, the event's id].
//
// For CloudTrail in any wrapping the id is the record's eventID, so the same change that arrives raw and through
// EventBridge is one. An event without an id is named by where it was read: cluster, topic, partition, offset, index.
// The rule's version is not in it: a reload between a crash and the second reading would fire again.
#pragma once

#include <string>
#include <string_view>

namespace kedge {

// Where a message without an id of its own was read.
struct ReadAt {
  std::string_view cluster;
  std::string_view topic;
  int32_t partition = 0;
  int64_t offset = 0;
  uint32_t index = 0;
};

// Hexadecimal. `redrive` above 0 makes it another key on purpose.
std::string event_key(std::string_view rule, std::string_view target, std::string_view source, std::string_view id,
                      const ReadAt& read_at, int64_t redrive);

}  // namespace kedge
