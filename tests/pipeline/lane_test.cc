#include "pipeline/lane.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/ledger/memory_ledger.h"
#include "tests/pipeline/reading.h"
#include "tests/pipeline/rules.h"
#include "tests/support/fake_clock.h"

namespace kedge {
namespace {

// Takes one group and then no more, as the ledger of a process that is killed does.
class KilledLedger final : public Ledger {
 public:
  explicit KilledLedger(Ledger& ledger) : ledger_(ledger) {}

  std::vector<Answer> apply(std::span<const Change> changes) override {
    if (!std::exchange(killed_, true)) return ledger_.apply(changes);
    Answer none;
    none.outcome = Outcome::final;
    return std::vector<Answer>(changes.size(), none);
  }
  int64_t head() const override { return ledger_.head(); }
  Time now() const override { return ledger_.now(); }
  std::optional<Duration> clock_doubt() const override { return ledger_.clock_doubt(); }
  Time time_of_day() const override { return ledger_.time_of_day(); }

 private:
  Ledger& ledger_;
  bool killed_ = false;
};

class LaneTest : public testing::Test {
 protected:
  void SetUp() override {
    ClaimPositions claim;
    claim.claims.push_back({{"trail", "events", 0}, std::nullopt, {"cluster", 0, 0, std::nullopt}, "", {}});
    assignment_ = assignment_of(committer_.commit(claim).epochs.at(0));
  }
  std::unique_ptr<Lane> start_lane(Lane::Options options = {}) { return start_lane(std::move(options), committer_); }
  std::unique_ptr<Lane> start_lane(Lane::Options options, Committer& committer) {
    options.idle_commit = std::chrono::milliseconds(0);
    auto lane = std::make_unique<Lane>(Lane::Parts{committer, ledger_, rules_, clock_, random_}, options);
    lane->start(us_);
    return lane;
  }
  Batch batch(int64_t from, const std::vector<std::string>& values) {
    return batch_of(source_, assignment_, from, values, clock_.now());
  }
  // The lane's threads go on by themselves; a test that waits in vain is ended by its own time limit.
  template <class Condition>
  static void wait_until(Condition condition) {
    while (!condition()) std::this_thread::yield();
  }
  int64_t next() { return ledger_.positions()->at(0).position.next; }

  FakeClock clock_;
  Random random_{7};
  static SqliteLedgerOptions telling_people() {
    SqliteLedgerOptions options;
    options.notify_alarms = {"on-call"};
    return options;
  }
  MemoryLedger ledger_{clock_, telling_people()};
  Mailbox<Remediation> runnable_{SIZE_MAX};
  Committer committer_{ledger_, runnable_, Committer::Options{}};
  RulesForTests rules_for_tests_;
  CurrentRules rules_{rules_for_tests_.set()};
  RecordingSource source_;
  OwnPrincipals us_;
  std::shared_ptr<Assignment> assignment_;
};

TEST_F(LaneTest, CommitsWhatItDecidedTogetherWithThePosition) {
  auto lane = start_lane();
  lane->mailbox().put(batch(0, {opened("b", "e1"), R"({"eventName":"Other"})"}));
  const auto runnable = runnable_.take(std::chrono::seconds(20));
  ASSERT_TRUE(runnable);
  EXPECT_EQ(runnable->plan.target, "arn:aws:s3:::b");
  wait_until([&] { return source_.committed_to() == 2; });
  lane->stop();
  EXPECT_EQ(next(), 2);
  EXPECT_EQ(source_.committed_to(), 2);
  EXPECT_EQ(lane->figures().findings, 1);
  EXPECT_EQ(lane->figures().messages, 2);
}

TEST_F(LaneTest, MovesThePositionAlsoWhereNothingWasDecided) {
  auto lane = start_lane();
  lane->mailbox().put(batch(0, {R"({"eventName":"Other"})"}));
  wait_until([&] { return source_.committed_to() == 1; });
  lane->stop();
  EXPECT_EQ(next(), 1);
}

TEST_F(LaneTest, RespectsAnExceptionFromTheMomentItIsOnRecordUntilItIsRevoked) {
  auto lane = start_lane();
  const auto read = [&](int64_t offset, const std::string& id) {
    lane->mailbox().put(batch(offset, {opened("b", id)}));
    wait_until([&] { return lane->figures().findings + lane->figures().suppressions == offset + 1; });
  };
  read(0, "e1");
  EXPECT_EQ(lane->figures().findings, 1);
  const Exception exception{"x",  "open", "arn:aws:s3:::b", "team", "a web site", clock_.now() + std::chrono::hours(1),
                            "me", {}};
  ASSERT_TRUE(committer_.commit(AddException{exception}).done());
  read(1, "e2");
  EXPECT_EQ(lane->figures().suppressions, 1);
  ASSERT_TRUE(committer_.commit(RevokeException{"x", "me"}).done());
  read(2, "e3");
  EXPECT_EQ(lane->figures().findings, 2);
  lane->stop();
}

TEST_F(LaneTest, DropsTheBatchOfAFormerOwnerAndAsksAgain) {
  assignment_ = assignment_of(assignment_->epoch + 5);
  auto lane = start_lane();
  lane->mailbox().put(batch(0, {opened("b", "e1")}));
  wait_until([&] { return source_.reconsidered() == 1; });
  lane->stop();
  EXPECT_EQ(next(), 0);
  EXPECT_TRUE(ledger_.open_remediations()->empty());
  EXPECT_EQ(source_.committed_to(), -1);
}

TEST_F(LaneTest, LeavesRevokedBatchesUnread) {
  assignment_->revoked = true;
  auto lane = start_lane();
  lane->mailbox().put(batch(0, {opened("b", "e1")}));
  wait_until([&] { return lane->mailbox().weight() == 0; });
  lane->stop();
  EXPECT_EQ(next(), 0);
}

TEST_F(LaneTest, DecidesWithTheRulesThatAreInForceWhenABatchComes) {
  auto lane = start_lane();
  lane->mailbox().put(batch(0, {opened("a", "e1")}));
  ASSERT_TRUE(runnable_.take(std::chrono::seconds(20)));
  rules_.set(rules_for_tests_.load("shadow", "true"));
  lane->mailbox().put(batch(1, {opened("b", "e2")}));
  wait_until([&] { return source_.committed_to() == 2; });
  lane->stop();
  EXPECT_EQ(ledger_.open_remediations()->size(), 1U);
  EXPECT_EQ(lane->figures().suppressions, 1);
  EXPECT_EQ(next(), 2);
}

TEST_F(LaneTest, LearnsWhoWeAreWhileItRuns) {
  constexpr auto kUs = "arn:aws:iam::123456789012:user/kedge";
  auto lane = start_lane();
  lane->mailbox().put(batch(0, {opened("a", "e1", kUs)}));
  wait_until([&] { return source_.committed_to() == 1; });
  const auto alarms = [&] {
    const auto journal = *ledger_.journal(1, 100);
    return std::count_if(journal.begin(), journal.end(),
                         [](const auto& each) { return each.bytes.find("own-principal") != std::string::npos; });
  };
  EXPECT_EQ(alarms(), 0);
  us_.set({kUs});
  lane->mailbox().put(batch(1, {opened("b", "e2", kUs)}));
  wait_until([&] { return alarms() == 1; });  // ours, and of no attempt
  lane->stop();
}

TEST_F(LaneTest, RaisesAnAlarmInTheCommitOfThePositionBehindIt) {
  KilledLedger killed(ledger_);
  Committer committer(killed, runnable_, Committer::Options{});
  us_.set({"arn:aws:iam::123456789012:user/kedge"});
  auto lane = start_lane({}, committer);
  lane->mailbox().put(batch(0, {opened("a", "e1", "arn:aws:iam::123456789012:user/kedge")}));
  wait_until([&] { return next() == 1; });
  lane->stop();
  const auto journal = *ledger_.journal(1, 100);
  EXPECT_TRUE(std::any_of(journal.begin(), journal.end(), [](const auto& each) {
    return each.bytes.find("own-principal") != std::string::npos;
  })) << "killed behind this commit, nobody would ever hear of it";
  EXPECT_EQ(ledger_.due_notices(ledger_.now(), 10)->size(), 1U);
}

TEST_F(LaneTest, WaitsForRoomAndLosesNothing) {
  ledger_.answer_with(Outcome::no_room);
  auto lane = start_lane();
  lane->mailbox().put(batch(0, {opened("b", "e1")}));
  while (!committer_.no_room()) std::this_thread::yield();
  ledger_.answer_with(Outcome::done);
  EXPECT_TRUE(runnable_.take(std::chrono::seconds(20)));
  wait_until([&] { return source_.committed_to() == 1; });
  lane->stop();
  EXPECT_EQ(next(), 1);
}

TEST_F(LaneTest, PutsAStopBecauseOfPoisonOnRecordAndTellsPeople) {
  Lane::Options options;
  options.decider.poison.in_a_row_max = 3;
  auto lane = start_lane(options);
  lane->mailbox().put(batch(0, {"no", "json", "at all"}));
  lane->mailbox().put(batch(3, {opened("b", "e1")}));  // was on its way before the source heard of it
  wait_until([&] { return !ledger_.positions()->at(0).stopped.empty(); });
  wait_until([&] { return lane->mailbox().weight() == 0; });
  lane->stop();
  EXPECT_EQ(source_.held(), 1);
  EXPECT_EQ(next(), 3);  // what was read is decided, and kept
  EXPECT_EQ(ledger_.dead_letters({})->size(), 3U);
  EXPECT_EQ(source_.reconsidered(), 0);
  EXPECT_TRUE(ledger_.open_remediations()->empty());
  const auto notices = ledger_.due_notices(clock_.now(), 10);
  ASSERT_EQ(notices->size(), 1U);
  EXPECT_EQ(notices->at(0).type, "kedge.alarm");
  EXPECT_EQ(notices->at(0).channel, "on-call");
  EXPECT_NE(notices->at(0).data.dump().find("kedge source accept"), std::string::npos);
}

TEST_F(LaneTest, StopsAPoisonedPartitionInTheCommitThatMovesItsPosition) {
  KilledLedger killed(ledger_);
  Committer committer(killed, runnable_, Committer::Options{});
  Lane::Options options;
  options.decider.poison.in_a_row_max = 3;
  auto lane = start_lane(options, committer);
  lane->mailbox().put(batch(0, {"no", "json", "at all"}));
  wait_until([&] { return next() == 3; });
  EXPECT_NE(ledger_.positions()->at(0).stopped, "");
  EXPECT_EQ(ledger_.dead_letters({})->size(), 3U);
  EXPECT_EQ(ledger_.due_notices(clock_.now(), 10)->size(), 1U);
  lane->stop();
}

TEST_F(LaneTest, EndsWithTheLedger) {
  ledger_.answer_with(Outcome::final);
  auto lane = start_lane();
  lane->mailbox().put(batch(0, {opened("b", "e1")}));
  wait_until([&] { return committer_.failed().has_value(); });
  lane->stop();
  EXPECT_EQ(source_.committed_to(), -1);
}

}  // namespace
}  // namespace kedge
