#include "trail/record_id.h"

#include "base/hash.h"

namespace kedge {

std::string record_id(const JournalEntry& entry) {
  return std::to_string(entry.seq) + "-" + sha256(entry.bytes).hex().substr(0, 32);
}

}  // namespace kedge
