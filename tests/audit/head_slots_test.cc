#include "audit/head_slots.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/checkpoint.h"
#include "tests/audit/log_files.h"
#include "tests/audit/vectors.h"

namespace kedge {
namespace {

using testing::HasSubstr;

std::string with(std::string file, uint64_t number, std::string_view note) {
  const auto slot = head_slot(number, note);
  EXPECT_TRUE(slot);
  return file.replace(head_slot_place(number), slot->size(), *slot);
}

std::string file_with(uint64_t number, std::string_view note) {
  return head_file_with(number, head_slot(number, note).value());
}

TEST(HeadSlots, HoldTheHeadThatWasStoredLast) {
  std::string file = file_with(1, "note 1\n");
  EXPECT_EQ(file.size(), 2 * kHeadSlotBytes);
  EXPECT_EQ(parse_head_file(file).value(), (StoredHead{"note 1\n", 1}));
  for (uint64_t number = 2; number < 20; ++number) {
    const std::string note = "note " + std::to_string(number * 7) + "\n";
    file = with(file, number, note);
    EXPECT_EQ(parse_head_file(file).value(), (StoredHead{note, number}));
  }
}

TEST(HeadSlots, AreTakenInTurns) {
  EXPECT_EQ(head_slot_place(8), 0U);
  EXPECT_EQ(head_slot_place(9), kHeadSlotBytes);
  EXPECT_EQ(head_slot_place(10), 0U);
}

// Whatever a crash left of the one that was being written, and of which side of it.
TEST(HeadSlots, OfWhichOneIsTornHoldTheHeadBefore) {
  const std::string before = with(file_with(7, "what was signed before\n"), 8, "and before that one, or behind it\n");
  for (const std::string note : {"short\n", "what is longer than what was there before it in its place\n"}) {
    const StoredHead old = parse_head_file(before).value();
    const std::string after = with(before, 9, note);
    const size_t begin = head_slot_place(9), length = head_slot(9, note)->size();
    for (size_t cut = begin; cut <= begin + length; ++cut) {
      const std::string first = after.substr(0, cut) + before.substr(cut);
      const std::string last = before.substr(0, cut) + after.substr(cut);
      EXPECT_EQ(parse_head_file(first).value(), first == after ? (StoredHead{note, 9}) : old) << cut;
      EXPECT_EQ(parse_head_file(last).value(), last == after ? (StoredHead{note, 9}) : old) << cut;
    }
  }
}

TEST(HeadSlots, OfWhichAnyByteWasChangedAreNotBelieved) {
  const std::string whole = file_with(1, "a note\n");
  for (size_t at = 0; at < head_slot(1, "a note\n")->size(); ++at) {
    std::string bytes = whole;
    bytes[kHeadSlotBytes + at] ^= 1;
    const auto read = parse_head_file(bytes);
    EXPECT_FALSE(read && read->number) << at;
  }
}

// One alone: what is in the other's place does not count.
TEST(HeadSlots, AreLookedForInTheirOwnPlaces) {
  const std::string slot = head_slot(2, "a note\n").value();
  std::string bytes(2 * kHeadSlotBytes, '\n');
  bytes.replace(kHeadSlotBytes, slot.size(), slot);
  EXPECT_THAT(parse_head_file(bytes).error().message, HasSubstr("neither of its two slots is whole"));
}

TEST(HeadSlots, ThatAreCutAreNoneAtAnyLength) {
  const std::string whole = with(file_with(1, "one\n"), 2, "two\n");
  for (size_t length = 0; length < whole.size(); ++length) {
    const auto read = parse_head_file(whole.substr(0, length));
    EXPECT_FALSE(read && read->number) << length;
  }
  EXPECT_FALSE(parse_head_file(whole + "\n"));
}

TEST(HeadSlots, MayBeANoteAloneInstead) {
  const std::string note = checkpoint_of(vectors::kEntries);
  EXPECT_EQ(parse_head_file(note).value(), (StoredHead{note, std::nullopt}));
  EXPECT_EQ(parse_head_file("").value(), StoredHead{});
}

TEST(HeadSlots, TakeNoNoteThatIsTooLong) {
  const size_t room = kHeadSlotBytes - head_slot(1, "")->size() - 3;  // its length has four digits
  const std::string longest(room, 'x');
  EXPECT_EQ(head_slot(1, longest)->size(), kHeadSlotBytes);
  EXPECT_EQ(parse_head_file(file_with(1, longest)).value(), (StoredHead{longest, 1}));
  EXPECT_FALSE(head_slot(1, longest + "x"));
}

}  // namespace
}  // namespace kedge
