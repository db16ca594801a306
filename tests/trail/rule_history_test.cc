#include "trail/rule_history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/trail/written_journal.h"

namespace kedge {
namespace {

using kedge::testing::WrittenJournal;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr auto time_at = WrittenJournal::time;

std::string digest_of(const std::map<std::string, std::string>& versions) {
  std::string digest;
  for (const auto& [id, version] : versions) digest += id + version;
  return digest;
}

Json rules(const std::map<std::string, std::string>& versions, const std::string& mode = "enforce") {
  Json list = Json::array();
  for (const auto& [id, version] : versions) {
    list.push_back({{"id", id}, {"version", version}, {"mode", mode}, {"bundle", {{"sha256", "b" + version}}}});
  }
  return {{"rules", list}, {"digest", digest_of(versions)}};
}

class RuleHistoryTest : public ::testing::Test {
 protected:
  RuleHistory history(const std::string& from, const std::string& to, const std::string& rule = "r") {
    JournalRecords records(journal_);
    RecordSearch search(records);
    const auto found = rule_history(search, Trail(journal_), rule, time_at(from), time_at(to), digest_of);
    EXPECT_TRUE(found) << found.error().message;
    return found ? *found : RuleHistory{};
  }

  static std::string version_at(const RuleHistory& history, const std::string& at) {
    const RuleInForce* const found = history.at(time_at(at));
    return found == nullptr ? "unknown" : found->version;
  }

  WrittenJournal journal_;
};

TEST_F(RuleHistoryTest, TellsTheVersionOfEachTime) {
  journal_.write("08:00", "genesis");
  journal_.write("08:00", "start");
  journal_.write("08:01", "rules_loaded", rules({{"r", "1"}, {"s", "1"}}));
  journal_.write("10:00", "rules_loaded", rules({{"r", "2"}, {"s", "1"}}));
  journal_.write("11:00", "rules_loaded", rules({{"s", "1"}}));
  journal_.write("12:00", "rules_loaded", rules({{"r", "2"}}, "off"));
  const RuleHistory found = history("08:30", "13:00");
  EXPECT_THAT(found.versions, ElementsAre(RuleInForce{time_at("08:01"), "1", "enforce", "b1", true},
                                          RuleInForce{time_at("10:00"), "2", "enforce", "b2", true},
                                          RuleInForce{time_at("11:00"), "", "", "", true},
                                          RuleInForce{time_at("12:00"), "2", "off", "b2", true}));
  EXPECT_EQ(version_at(found, "09:59:59"), "1");
  EXPECT_EQ(version_at(found, "10:00"), "2");
  EXPECT_EQ(version_at(found, "11:30"), "");
  EXPECT_EQ(version_at(found, "08:00"), "unknown");
}

TEST_F(RuleHistoryTest, LooksNoFurtherThanItMust) {
  journal_.write("08:01", "rules_loaded", rules({{"r", "1"}}));
  journal_.write("10:00", "rules_loaded", rules({{"r", "2"}}));
  journal_.write("12:00", "rules_loaded", rules({{"r", "3"}}));
  const RuleHistory found = history("11:00", "11:30");
  ASSERT_EQ(found.versions.size(), 1U);
  EXPECT_EQ(version_at(found, "11:00"), "2");
  EXPECT_THAT(found.standstills, IsEmpty());
}

TEST_F(RuleHistoryTest, IsOneVersionWhereRulesWereLoadedAgainAsTheyWere) {
  journal_.write("08:01", "rules_loaded", rules({{"r", "1"}, {"s", "1"}}));
  journal_.write("10:00", "rules_loaded", rules({{"r", "1"}, {"s", "2"}}));
  EXPECT_EQ(history("09:00", "11:00").versions.size(), 1U);
}

TEST_F(RuleHistoryTest, WhatCameWhileItStoodStillIsDecidedWhenItGoesOn) {
  journal_.write("08:00", "genesis");
  journal_.write("08:00", "start");
  journal_.write("08:01", "rules_loaded", rules({{"r", "1"}}));
  journal_.write("10:00", "stop");
  journal_.write("10:20", "pause");  // by somebody's hand
  journal_.write("11:00", "start");
  journal_.write("11:01", "rules_loaded", rules({{"r", "2"}}));
  const RuleHistory found = history("10:30", "12:00");
  EXPECT_EQ(found.decided(time_at("10:40")), time_at("11:01"));
  EXPECT_EQ(version_at(found, "11:01"), "2");
  EXPECT_EQ(found.decided(time_at("09:59")), time_at("09:59"));
  EXPECT_EQ(found.readable_since(time_at("10:30")), time_at("10:00"));
  EXPECT_EQ(found.readable_since(time_at("11:30")), time_at("11:30"));
}

TEST_F(RuleHistoryTest, AnEngineThatDiedStoodStillSinceItsLastRecord) {
  journal_.write("08:00", "genesis");
  journal_.write("08:00", "start");
  journal_.write("08:01", "rules_loaded", rules({{"r", "1"}}));
  journal_.write("09:30", "alarm");
  journal_.write("11:00", "start");
  journal_.write("11:01", "rules_loaded", rules({{"r", "2"}}));
  const RuleHistory found = history("09:00", "12:00");
  EXPECT_EQ(found.decided(time_at("09:29")), time_at("09:29"));
  EXPECT_EQ(found.decided(time_at("09:31")), time_at("11:01"));
}

TEST_F(RuleHistoryTest, WhatIsOlderThanTheLedgerIsDecidedByItsFirstRules) {
  journal_.write("08:00", "genesis");
  journal_.write("08:00", "start");
  journal_.write("08:01", "rules_loaded", rules({{"r", "1"}}));
  EXPECT_EQ(history("07:00", "09:00").decided(time_at("07:30")), time_at("08:01"));
}

TEST_F(RuleHistoryTest, WhatIsOlderThanTheRecordsIsDecidedNobodyKnowsHow) {
  journal_.skip_to(100);
  journal_.write("08:01", "rules_loaded", rules({{"r", "1"}}));
  const RuleHistory found = history("07:00", "09:00");
  EXPECT_EQ(found.decided(time_at("07:30")), time_at("07:30"));
  EXPECT_EQ(version_at(found, "07:30"), "unknown");
}

TEST_F(RuleHistoryTest, WhatCameAfterTheLastStopIsNotDecided) {
  journal_.write("08:01", "rules_loaded", rules({{"r", "1"}}));
  journal_.write("10:00", "stop");
  EXPECT_EQ(history("09:00", "12:00").decided(time_at("10:30")), Time::max());
}

TEST_F(RuleHistoryTest, SaysWhereTheSandboxWasAnother) {
  Json loaded = rules({{"r", "1"}});
  loaded["digest"] = "of another sandbox";
  journal_.write("08:01", "rules_loaded", loaded);
  EXPECT_FALSE(history("09:00", "12:00").versions.at(0).as_today);
}

TEST_F(RuleHistoryTest, FindsTheRulesOfALargeSet) {
  Json loaded = rules({{"r", "1"}});
  journal_.blobs["d1"] = loaded["rules"].dump();
  loaded["rules"] = {{"sha256", "d1"}, {"bytes", 100'000}};
  journal_.write("08:01", "rules_loaded", loaded);
  EXPECT_EQ(version_at(history("09:00", "12:00"), "09:00"), "1");
}

TEST_F(RuleHistoryTest, KnowsAllNamesWhereOneWasNeverLoaded) {
  journal_.write("07:00", "rules_loaded", rules({{"older", "1"}}));
  journal_.write("08:01", "rules_loaded", rules({{"r", "1"}}));
  journal_.write("14:00", "rules_loaded", rules({{"newer", "1"}}));
  EXPECT_THAT(history("09:00", "12:00", "nothing").known, ElementsAre("newer", "older", "r"));
  const RuleHistory later = history("09:00", "12:00", "newer");
  EXPECT_TRUE(later.known.contains("newer"));
  EXPECT_EQ(version_at(later, "09:00"), "");
}

}  // namespace
}  // namespace kedge
