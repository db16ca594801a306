// A rule's throttle: what goes out by itself, and what is told in a digest.
#include "ledger/throttle.h"

#include <gtest/gtest.h>

#include "tests/ledger/remediation_fixture.h"

namespace kedge {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr Time kStart{std::chrono::hours(500'000)};
constexpr NoticePace kQuarter{1, minutes(15)};

// ---- spans ---------------------------------------------------------------------------------------------------------

TEST(Throttle, LetsTheFirstOfASpanGoByItself) {
  Throttle told{"rule", "security", "held", Time{}, 0, 0};
  EXPECT_TRUE(goes_alone(told, kQuarter, kStart));
  EXPECT_FALSE(goes_alone(told, kQuarter, kStart + minutes(15) - Duration(1)));
  EXPECT_TRUE(goes_alone(told, kQuarter, kStart + minutes(15)));
  EXPECT_EQ(told.until, kStart + minutes(30));
}

TEST(Throttle, TellsOfWhatGoesOnOnceInASpan) {
  Throttle told{"rule", "security", "held", Time{}, 0, 0};
  int alone = 0;
  int digests = 0;
  for (Duration passed{0}; passed < minutes(60); passed += seconds(10)) {
    if (goes_alone(told, kQuarter, kStart + passed)) {
      ++alone;
    } else if (told.digest == 0) {
      told.digest = ++digests;
      EXPECT_LT(kStart + passed, told.until);
    }
  }
  EXPECT_EQ(alone, 1);
  EXPECT_EQ(digests, 4);
}

TEST(Throttle, LetsSoManyGoByThemselvesBeforeItFolds) {
  Throttle told{"rule", "security", "held", Time{}, 0, 0};
  const NoticePace pace{3, minutes(10)};
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(goes_alone(told, pace, kStart + seconds(i)));
  EXPECT_FALSE(goes_alone(told, pace, kStart + seconds(3)));
  told.digest = 9;
  EXPECT_FALSE(goes_alone(told, pace, kStart + minutes(10))) << "it goes on: the next span is all digest";
  told.digest = 10;
  EXPECT_TRUE(goes_alone(told, pace, kStart + minutes(30)));
}

TEST(Throttle, BeginsAnewAfterASpanOfSilence) {
  Throttle told{"rule", "security", "held", kStart, 1, 7};
  EXPECT_TRUE(goes_alone(told, kQuarter, kStart + minutes(15)));
  EXPECT_EQ(told.digest, 0);
}

// ---- digests -------------------------------------------------------------------------------------------------------

Notice notice_of(int64_t seq, const std::string& target, const std::string& severity) {
  const Json data = {{"rule", "r"},
                     {"title", "Bucket made public"},
                     {"severity", severity},
                     {"target", target},
                     {"actor", {{"principal", "alice"}}},
                     {"seq", seq},
                     {"at", "2026-01-01T12:00:00Z"},
                     {"state", "held"},
                     {"guard", "budget"}};
  return {0, "notice_" + std::to_string(seq), "security", "kedge.remediation.held", data, kStart, 0, kStart};
}

TEST(Digest, TellsOfItsNoticesOneByOne) {
  Notice digest = digest_of(notice_of(4, "a", "low"), kStart + minutes(15));
  fold_into(digest, notice_of(9, "b", "high"));
  EXPECT_EQ(digest.type, "kedge.digest");
  EXPECT_EQ(digest.id, "notice_9");
  EXPECT_EQ(digest.due, kStart + minutes(15));
  EXPECT_EQ(digest.data["of"], "kedge.remediation.held");
  EXPECT_EQ(digest.data["seq"], 4);
  EXPECT_EQ(digest.data["last"]["seq"], 9);
  EXPECT_EQ(digest.data["severity"], "high");
  EXPECT_EQ(digest.data["message"], "2 more since 2026-01-01T12:00:00Z: a, b");
  ASSERT_EQ(digest.data["notices"].size(), 2U);
  EXPECT_EQ(digest.data["notices"][1]["target"], "b");
  EXPECT_EQ(digest.data["notices"][1]["principal"], "alice");
}

TEST(Digest, StaysSmallHoweverMuchItCounts) {
  Notice digest = digest_of(notice_of(1, "target 1", "low"), kStart);
  for (int64_t i = 2; i <= 2'000; ++i) fold_into(digest, notice_of(i, "target " + std::to_string(i), "low"));
  EXPECT_EQ(digest.data["count"], 2'000);
  EXPECT_EQ(digest.data["notices"].size(), kDigestNotices);
  EXPECT_EQ(digest.data["message"],
            "2000 more since 2026-01-01T12:00:00Z: target 1, target 2, target 3, target 4, target 5 and others");
}

// ---- in the ledger -------------------------------------------------------------------------------------------------

class ThrottleTest : public RemediationTest {
 protected:
  // A rule that throttles finds something too old to act on: held, and told to its channel and to the one of alarms.
  void hold(int number, Duration throttle = minutes(15)) {
    Finding finding = sample_finding(number, "bucket-" + std::to_string(number), clock.now());
    finding.times.happened = clock.now() - std::chrono::hours(2);
    finding.policy.throttle = throttle;
    ASSERT_TRUE(commit(batch_of({finding})).done());
    EXPECT_EQ(start(finding.remediation, finding.plan.target).go, Go::held);
  }
  std::vector<Notice> due() { return *reader().due_notices(clock.now(), 100); }
  void deliver_all() {
    for (const Notice& notice : due()) ASSERT_TRUE(commit(NoticeDelivered{notice.number, notice.id, 200}).done());
  }
};

TEST_P(ThrottleTest, TellsTheFirstAtOnceAndTheRestWhenTheSpanEnds) {
  for (int number = 1; number <= 4; ++number) {
    hold(number);
    clock.advance(seconds(1));
  }
  EXPECT_EQ(notice_types(), (std::vector<std::string>{"kedge.remediation.held", "kedge.remediation.held"}));
  deliver_all();
  EXPECT_EQ(last_record()["folded"], 0);
  restart();
  clock.advance(minutes(15) - seconds(4));
  const std::vector<Notice> digests = due();
  ASSERT_EQ(digests.size(), 2U);
  EXPECT_EQ(digests[0].type, "kedge.digest");
  EXPECT_EQ(digests[0].data["count"], 3);
  EXPECT_NE(digests[0].channel, digests[1].channel);
  deliver_all();
  EXPECT_EQ(last_record()["folded"], 3);
  EXPECT_EQ(last_record()["about"], digests[1].data["seq"]);
  EXPECT_EQ(last_record()["until"], digests[1].data["last"]["seq"]);
  EXPECT_EQ(last_record()["of"], "kedge.remediation.held");
  EXPECT_EQ(last_record()["rule"]["id"], sample_finding(1, "bucket-1", clock.now()).plan.rule.id);
  EXPECT_EQ(*reader().next_notice_due(), std::nullopt);
}

TEST_P(ThrottleTest, OfABacklogThatIsHeldAFewPagesGoOutAndADigest) {
  options.gate.budgets = no_budgets();
  options.notices = {2, minutes(10)};
  allow_mass_matches();
  for (int number = 1; number <= 40; ++number) hold(number, Duration{});
  EXPECT_EQ(due().size(), 4U);  // two to each of the two channels
  deliver_all();
  clock.advance(minutes(10));
  ASSERT_EQ(due().size(), 2U);
  EXPECT_EQ(due()[0].data["count"], 38);
  EXPECT_EQ(due()[0].data["guard"], "stale");
}

TEST_P(ThrottleTest, FoldsNoHoldOfOneGuardIntoThoseOfAnother) {
  hold(1);
  hold(2);
  ASSERT_TRUE(commit(AddPause{{"all", "enough", "alice", clock.now()}}).done());
  Finding finding = sample_finding(3, "bucket-3", clock.now());
  finding.policy.throttle = minutes(15);
  ASSERT_TRUE(commit(batch_of({finding})).done());
  EXPECT_EQ(start(finding.remediation, "bucket-3").guard, "pause");
  EXPECT_EQ(due().back().data["guard"], "pause");
}

TEST_P(ThrottleTest, SendsADigestAgainThatGrewWhileItWasOnItsWay) {
  hold(1);
  hold(2);
  deliver_all();
  clock.advance(minutes(15) - Duration(1));
  const std::vector<Notice> on_their_way = *reader().due_notices(clock.now() + Duration(1), 100);
  hold(3);
  for (const Notice& digest : on_their_way) {
    ASSERT_TRUE(commit(NoticeDelivered{digest.number, digest.id, 200}).done());
  }
  clock.advance(Duration(1));
  ASSERT_EQ(due().size(), 2U);
  EXPECT_EQ(due()[0].data["count"], 2);
}

TEST_P(ThrottleTest, OfARuleHoldsNoAlarm) {
  hold(1);
  hold(2);
  ASSERT_TRUE(commit(RaiseAlarm{"test", "look here", Json::object(), {}}).done());
  EXPECT_EQ(due().back().type, "kedge.alarm");
}

// Somebody else with our credentials who changes a great many things is one page, and a digest each span.
TEST_P(ThrottleTest, OfAlarmsOfOneKindGoesByThatKind) {
  const auto raise = [&](const char* kind, int number) {
    ASSERT_TRUE(commit(RaiseAlarm{kind, "somebody changed " + std::to_string(number), Json::object(), {}}).done());
  };
  for (int number = 1; number <= 40; ++number) raise("own-principal", number);
  EXPECT_EQ(due().size(), static_cast<size_t>(options.notices.alone));
  raise("clock", 41);
  EXPECT_EQ(due().back().data["alarm"], "clock") << "another kind is told at once";
  deliver_all();
  restart();
  clock.advance(options.notices.span);
  ASSERT_EQ(due().size(), 1U);
  const Notice digest = due()[0];
  EXPECT_EQ(digest.type, "kedge.digest");
  EXPECT_EQ(digest.data["of"], "kedge.alarm");
  EXPECT_EQ(digest.data["alarm"], "own-principal");
  EXPECT_EQ(digest.data["count"], 40 - options.notices.alone);
  const std::string message = digest.data["message"];
  EXPECT_NE(message.find("somebody changed " + std::to_string(options.notices.alone + 1)), std::string::npos)
      << message;
}

INSTANTIATE_TEST_SUITE_P(Ledgers, ThrottleTest, kAllLedgers, name_of_ledger);

}  // namespace
}  // namespace kedge
