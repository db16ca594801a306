// The file of the last signed head, which lies apart from its log: two slots, overwritten in turns.
//
// A file that is replaced (written beside it, renamed, its directory synced) takes a commit of the file system's
// journal; bytes that are overwritten where they lie take none. What a crash leaves of a slot that was being written is
// told by its digest, and the other slot has the head before. A slot is told by its own number, not by the size of its
// head: the same head may be signed anew, by other keys.
//
// A note alone, as a checkpoint is, is such a file too: whoever puts a log back makes it so, and so did versions before
// this.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace kedge {

inline constexpr size_t kHeadSlotBytes = 4096;

struct StoredHead {
  std::string note;
  std::optional<uint64_t> number;  // of its slot; none: the file is a note alone

  bool operator==(const StoredHead&) const = default;
};

// corrupt: slots of which none is whole, or a file of slots that is not as long as they are. The note is not looked at.
Result<StoredHead> parse_head_file(std::string_view bytes);

// What the slot of that number holds; none: the note is too long for one, and its file must be that note alone.
std::optional<std::string> head_slot(uint64_t number, std::string_view note);
inline uint64_t head_slot_place(uint64_t number) { return number % 2 * kHeadSlotBytes; }

// A new file, with that slot, and nothing in the other one.
std::string head_file_with(uint64_t number, std::string_view slot);

}  // namespace kedge
