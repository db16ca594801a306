#include "trail/opening.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/id.h"
#include "base/json.h"
#include "tests/trail/kept_journal.h"

namespace kedge {
namespace {

using testing::KeptJournal;

const Time kStart = *parse_time("2026-01-01T00:00:00Z");

class OpeningsTest : public ::testing::Test {
 protected:
  // The id of a remediation whose plan is record `seq`, which is written `seq` seconds after the start.
  std::string open(int64_t seq, const std::string& title, const char* disposition = "opened") {
    Random random(static_cast<uint64_t>(seq));
    const Time at = kStart + std::chrono::seconds(seq);
    const std::string id = make_uuid7(at, random);
    entries_.push_back({seq, plan(id, at, title, disposition).dump()});
    return id;
  }

  static Json plan(const std::string& id, Time at, const std::string& title, const char* disposition) {
    return {{"at", format_time(at)},
            {"kind", "plan"},
            {"disposition", disposition},
            {"remediation", id},
            {"policy", {{"title", title}}}};
  }

  // Records that tell of nothing, a second each, up to this number.
  void fill(int64_t until) {
    for (int64_t seq = entries_.empty() ? 0 : entries_.back().seq + 1; seq < until; ++seq) {
      entries_.push_back(
          {seq, fmt::format(R"({{"at":"{}","kind":"start"}})", format_time(kStart + std::chrono::seconds(seq)))});
    }
  }

  std::vector<JournalEntry> entries_;
};

TEST_F(OpeningsTest, AreFoundWhereTheirIdSaysThatTheyWereMade) {
  fill(5'000);
  const std::string id = open(5'000, "the one");
  fill(20'000);
  KeptJournal journal(entries_);
  const Trail trail(journal);
  Openings openings(trail);
  const auto found = openings.of(id);
  ASSERT_TRUE(found);
  ASSERT_NE(*found, nullptr);
  EXPECT_EQ((*found)->title, "the one");
  EXPECT_LT(journal.reads, 2'000U) << "it is looked for there alone";
  const size_t reads = journal.reads;
  EXPECT_EQ((*openings.of(id))->title, "the one");
  EXPECT_EQ(journal.reads, reads) << "and kept";
}

TEST_F(OpeningsTest, ThatAreNotKeptAreLookedForOnce) {
  fill(100);
  KeptJournal journal(entries_);
  const Trail trail(journal);
  Openings openings(trail);
  Random random(1);
  const std::string id = make_uuid7(kStart, random);
  EXPECT_EQ(*openings.of(id), nullptr);
  const size_t reads = journal.reads;
  EXPECT_EQ(*openings.of(id), nullptr);
  EXPECT_EQ(*openings.of("not an id"), nullptr);
  EXPECT_EQ(*openings.of(""), nullptr);
  EXPECT_EQ(journal.reads, reads);
}

TEST_F(OpeningsTest, AreNotWhatJoinedOne) {
  const std::string id = open(10, "a further finding", "joined");
  KeptJournal journal(entries_);
  const Trail trail(journal);
  Openings openings(trail);
  EXPECT_EQ(*openings.of(id), nullptr);
  EXPECT_FALSE(opens_remediation(plan(id, kStart, "", "joined")));
  EXPECT_TRUE(opens_remediation(plan(id, kStart, "", "superseding")));
}

TEST_F(OpeningsTest, OfManyAPartOfTheJournalIsLookedThroughOnce) {
  std::vector<std::string> ids;
  for (int64_t seq = 0; seq < 3'000; ++seq) ids.push_back(open(seq, std::to_string(seq)));
  KeptJournal journal(entries_);
  const Trail trail(journal);
  Openings openings(trail, {10, 10'000});
  for (int64_t seq = 2'999; seq >= 0; --seq) {
    const auto found = openings.of(ids[static_cast<size_t>(seq)]);
    ASSERT_TRUE(found && *found != nullptr) << seq;
    EXPECT_EQ((*found)->title, std::to_string(seq));
  }
  const auto again = openings.of(ids.back());
  EXPECT_EQ((*again)->title, "2999") << "it is not kept, but known by its number";
  EXPECT_LT(journal.reads, 3'000U * 80) << "most of them for the search by time";
}

TEST_F(OpeningsTest, ThatTheWalkHasPassedAreNotLookedFor) {
  std::vector<std::string> ids;
  for (int64_t seq = 0; seq < 100; ++seq) ids.push_back(open(seq, std::to_string(seq)));
  KeptJournal journal(entries_);
  const Trail trail(journal);
  Openings openings(trail, {2, 1'000});
  for (const JournalEntry& entry : entries_) openings.pass(entry);
  for (int64_t seq = 0; seq < 100; ++seq)
    EXPECT_EQ((*openings.of(ids[static_cast<size_t>(seq)]))->title, std::to_string(seq));
  EXPECT_EQ(journal.reads, 100U);
}

TEST_F(OpeningsTest, AreFoundAlsoBeyondTheNumberOfPlacesThatAreKnown) {
  std::vector<std::string> ids;
  for (int64_t seq = 0; seq < 50; ++seq) ids.push_back(open(seq, std::to_string(seq)));
  fill(1'000);
  std::vector<std::string> later;
  for (int64_t seq = 1'000; seq < 1'050; ++seq) later.push_back(open(seq, std::to_string(seq)));
  KeptJournal journal(entries_);
  const Trail trail(journal);
  Openings openings(trail, {2, 60});
  for (const JournalEntry& entry : entries_) openings.pass(entry);
  EXPECT_EQ((*openings.of(ids[7]))->title, "7");
  EXPECT_EQ((*openings.of(later[7]))->title, "1007");
}

TEST(OpeningOf, CountsTheStepsThatIsolate) {
  const Opening opening = opening_of({{"plan", {{"isolate", {1}}, {"revert", {2, 3}}, {"replace", Json::array()}}}});
  EXPECT_EQ(opening.isolating, 1);
  EXPECT_EQ(opening.steps, 3);
  EXPECT_EQ(opening_of({{"plan", {{"sha256", "ab"}, {"bytes", 7}}}}).steps, 0) << "it is not kept any more";
}

}  // namespace
}  // namespace kedge
