#include "audit/kept_checkpoints.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/audit/log_files.h"
#include "tests/audit/reference_tree.h"

namespace kedge {
namespace {

using testing::ElementsAre;

const std::string kOne = checkpoint_of(numbered_entries(1));
const std::string kTwo = checkpoint_of(numbered_entries(2));
const std::string kCut(kCutOff);

std::vector<std::string> notes_of(const std::string& text) {
  std::vector<std::string> notes;
  for (const KeptCheckpoint& kept : split_kept_checkpoints(text).notes) notes.emplace_back(kept.note);
  return notes;
}

TEST(KeptCheckpoints, AreTakenApartByteForByteWithTheLineOfEach) {
  const std::string text = kOne + kTwo;
  const KeptCheckpoints kept = split_kept_checkpoints(text);
  EXPECT_THAT(notes_of(text), ElementsAre(kOne, kTwo));
  EXPECT_EQ(kept.notes[0].line, 1U);
  EXPECT_EQ(kept.notes[1].line, 6U);
  EXPECT_EQ(kept.cut_off, 0U);
}

TEST(KeptCheckpoints, KeepAllSignaturesOfEach) {
  const SigningKey next = SigningKey::from_seed(vectors::kOrigin, std::string(32, 'n')).value();
  const std::string both = sign_checkpoint({vectors::kOrigin, 0, empty_root()}, {known_key(), next}).value();
  EXPECT_THAT(notes_of(both + kOne + both), ElementsAre(both, kOne, both));
}

TEST(KeptCheckpoints, MayHaveEmptyLinesAndCommentsBetweenThem) {
  EXPECT_THAT(notes_of("\n# of the first quarter\n" + kOne + "\n\n" + kTwo + "# the end\n"), ElementsAre(kOne, kTwo));
}

TEST(KeptCheckpoints, LeaveOutWhatWasCutOffAnywhere) {
  for (size_t length = 1; length + 1 < kTwo.size(); ++length) {
    const std::string part = kTwo.substr(0, length);
    EXPECT_FALSE(ends_between_notes(kOne + part)) << part;
    const KeptCheckpoints at_the_end = split_kept_checkpoints(kOne + part);
    EXPECT_EQ(at_the_end.notes.size(), 1U) << part;
    EXPECT_EQ(at_the_end.cut_off, 1U) << part;
    const std::string gone_on = kOne + part + kCut + kTwo;
    EXPECT_THAT(notes_of(gone_on), ElementsAre(kOne, kTwo)) << part;
    EXPECT_EQ(split_kept_checkpoints(gone_on).cut_off, 1U) << part;
  }
}

TEST(KeptCheckpoints, LeaveOutWhatWasCutOffTwice) {
  for (size_t length = 1; length + 1 < kTwo.size(); length += 7) {
    for (size_t marked = 1; marked < kCut.size(); ++marked) {
      const std::string end = kOne + kTwo.substr(0, length) + kCut.substr(0, marked);
      EXPECT_FALSE(ends_between_notes(end)) << end;
      EXPECT_THAT(notes_of(end + kCut + kTwo), ElementsAre(kOne, kTwo)) << end;
    }
  }
}

TEST(KeptCheckpoints, GiveWhatIsNoCheckpointToWhoeverOpensIt) {
  EXPECT_THAT(notes_of("x"), ElementsAre("x"));
  EXPECT_THAT(notes_of("a text\n\nof two\n" + kOne), ElementsAre("a text\n\nof two\n" + kOne));
  EXPECT_THAT(notes_of(kOne.substr(0, 20)), ElementsAre(kOne.substr(0, 20)));
  EXPECT_THAT(notes_of(""), ElementsAre());
}

TEST(KeptCheckpoints, GoOnOnlyBehindAWholeOne) {
  for (const std::string& end : {std::string(), kOne, kOne + kCut, kOne.substr(10)}) {
    EXPECT_TRUE(ends_between_notes(end)) << end;
  }
  EXPECT_FALSE(ends_between_notes("\n"));
  EXPECT_FALSE(ends_between_notes(kOne.substr(0, kOne.size() - 1)));
}

}  // namespace
}  // namespace kedge
