#include "audit/head_slots.h"

#include <algorithm>
#include <charconv>

#include "base/hash.h"

namespace kedge {
namespace {

// "signed head NUMBER BYTES SHA256\n", and so many bytes, the note. No note begins so: the name of a log has no spaces.
constexpr std::string_view kMark = "signed head ";

std::string numbers_of(uint64_t number, std::string_view note) {
  return std::to_string(number) + " " + std::to_string(note.size()) + " ";
}

std::string digest_of(uint64_t number, std::string_view note) {
  return sha256(numbers_of(number, note).append(note)).hex();
}

std::optional<uint64_t> take_number(std::string_view& text) {
  uint64_t number = 0;
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), number);
  const auto length = static_cast<size_t>(end - text.data());
  if (wrong != std::errc{} || length == text.size() || text[length] != ' ') return std::nullopt;
  text.remove_prefix(length + 1);
  return number;
}

// None: it was never written, or not wholly.
std::optional<StoredHead> parse_slot(std::string_view slot, uint64_t place) {
  if (!slot.starts_with(kMark)) return std::nullopt;
  slot.remove_prefix(kMark.size());
  const auto number = take_number(slot);
  const auto bytes = number ? take_number(slot) : std::nullopt;
  const size_t line = slot.find('\n');
  if (!bytes || line == std::string_view::npos || *bytes > slot.size() - line - 1) return std::nullopt;
  const std::string_view note = slot.substr(line + 1, *bytes);
  if (slot.substr(0, line) != digest_of(*number, note) || head_slot_place(*number) != place) return std::nullopt;
  return StoredHead{std::string(note), number};
}

Error corrupt(std::string message) { return {ErrorCode::corrupt, std::move(message)}; }

}  // namespace

Result<StoredHead> parse_head_file(std::string_view bytes) {
  const std::string_view second = bytes.substr(std::min(bytes.size(), kHeadSlotBytes));
  if (!bytes.starts_with(kMark) && !second.starts_with(kMark)) return StoredHead{std::string(bytes), std::nullopt};
  if (bytes.size() != 2 * kHeadSlotBytes) {
    return corrupt("it has " + std::to_string(bytes.size()) + " bytes, and not two slots of " +
                   std::to_string(kHeadSlotBytes));
  }
  auto one = parse_slot(bytes.substr(0, kHeadSlotBytes), 0);
  auto other = parse_slot(second, kHeadSlotBytes);
  if (!one && !other) return corrupt("neither of its two slots is whole");
  if (!one || (other && *other->number > *one->number)) return *std::move(other);
  return *std::move(one);
}

std::optional<std::string> head_slot(uint64_t number, std::string_view note) {
  std::string slot(kMark);
  slot += numbers_of(number, note) + digest_of(number, note) + "\n";
  slot += note;
  if (slot.size() > kHeadSlotBytes) return std::nullopt;
  return slot;
}

std::string head_file_with(uint64_t number, std::string_view slot) {
  std::string bytes(2 * kHeadSlotBytes, '\n');
  bytes.replace(head_slot_place(number), slot.size(), slot);
  return bytes;
}

}  // namespace kedge
