#include "pipeline/rerunner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "pipeline/event_key.h"
#include "tests/ledger/memory_ledger.h"
#include "tests/pipeline/reading.h"
#include "tests/pipeline/rules.h"
#include "tests/support/fake_clock.h"

namespace kedge {
namespace {

using testing::HasSubstr;

class RerunnerTest : public testing::Test {
 protected:
  void use_rules(const std::string& mode, const std::string& when) { rules_.set(rules_for_tests_.load(mode, when)); }
  // What the lane makes of one message with the rules in force is committed; the number of the last record.
  int64_t read(const std::string& value) {
    Decider decider(ledger_, clock_, random_, {});
    decider.use(rules_.get());
    Decider::Outcome outcome;
    decider.decide(batch_of(source_, assignment_of(1), offset_++, {value}, clock_.now()), outcome);
    EXPECT_TRUE(committer_.commit(outcome.commit).done());
    return ledger_.head();
  }
  int64_t read_in_shadow(const std::string& value) {
    use_rules("shadow", "true");
    const int64_t number = read(value);
    use_rules("enforce", "true");
    return number;
  }
  void end(const std::string& id) {
    ASSERT_TRUE(committer_.commit(PersonalMove{id, Move::cancel, "bob", "not now"}).done());
  }
  Result<Rerun> run(const std::string& what) {
    return Rerunner({committer_, ledger_, rules_, clock_, random_, us_}, {}).run(what, "alice", "it enforces now");
  }
  std::string opened_by(const std::string& what) {
    const auto rerun = run(what);
    if (!rerun || rerun->remediations.size() != 1) {
      ADD_FAILURE() << (rerun ? rerun->why : rerun.error().message);
      return "";
    }
    return rerun->remediations[0];
  }
  Json record(int64_t number) { return *parse_json(ledger_.journal(number, 1)->at(0).bytes); }
  Json last_record() { return record(ledger_.head()); }

  FakeClock clock_;
  Random random_{7};
  MemoryLedger ledger_{clock_};
  Mailbox<Remediation> runnable_{SIZE_MAX};
  Committer committer_{ledger_, runnable_, Committer::Options{}};
  RulesForTests rules_for_tests_;
  CurrentRules rules_{rules_for_tests_.set()};
  RecordingSource source_;
  OwnPrincipals us_;
  int64_t offset_ = 5;
};

TEST_F(RerunnerTest, RunsASuppressedEventByTheRuleThatEnforcesNow) {
  const int64_t suppression = read_in_shadow(opened("b", "e1"));
  read(opened("b", "e1"));
  EXPECT_TRUE(ledger_.open_remediations()->empty()) << "to read it again does nothing: it was decided";
  const int64_t redrive = ledger_.head() + 1;
  const Remediation remediation = *ledger_.remediation(opened_by(std::to_string(suppression)));
  EXPECT_EQ(remediation.origin, "redrive") << "so that the gate holds it";
  EXPECT_EQ(remediation.requester, "alice") << "so that somebody else has to approve it, where a rule wants approvals";
  EXPECT_EQ(remediation.event.offset, 5);
  EXPECT_EQ(remediation.event.id, "e1");
  EXPECT_EQ(remediation.key, event_key("open", "arn:aws:s3:::b", "aws.s3", "e1", {}, redrive));
  const Json rerun = last_record();
  EXPECT_EQ(rerun["kind"], "rerun");
  EXPECT_EQ(rerun["suppression"], suppression);
  EXPECT_EQ(rerun["redrive"], redrive);
  EXPECT_EQ(rerun["actor"], "alice");
  EXPECT_EQ(rerun["reason"], "it enforces now");
  EXPECT_EQ(rerun["remediations"], Json::array({remediation.id}));
  EXPECT_EQ(record(redrive)["redrive"], redrive) << record(redrive);
}

TEST_F(RerunnerTest, RunsTheEventOfAnEndedRemediationAsOftenAsSomebodyWants) {
  read(opened("b", "e1"));
  std::string id = ledger_.open_remediations()->at(0).id;
  for (int i = 0; i < 3; ++i) {
    end(id);
    const std::string next = opened_by(id);
    EXPECT_NE(next, id);
    EXPECT_EQ(last_record()["rerun_of"], id);
    id = next;
  }
}

TEST_F(RerunnerTest, JoinsWhatAnotherHasOpenedForItJustNow) {
  read(opened("b", "e1"));
  const std::string id = ledger_.open_remediations()->at(0).id;
  end(id);
  const std::string opened = opened_by(id);
  const auto second = run(id);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->why, opened + " is open for it already");
  EXPECT_EQ(ledger_.open_remediations()->size(), 1U);
}

TEST_F(RerunnerTest, RefusesOneThatIsOpen) {
  read(opened("b", "e1"));
  const std::string id = ledger_.open_remediations()->at(0).id;
  const auto refused = run(id);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::conflict);
  EXPECT_THAT(refused.error().message, HasSubstr("is open (planned)"));
}

// After an outage what is so old is only put on record; that one was asked for by its name.
TEST_F(RerunnerTest, RunsAnEventThatIsTooOldToBeActedOnByItself) {
  const int64_t suppression = read_in_shadow(opened("b", "e1"));
  clock_.advance(std::chrono::hours(72));
  EXPECT_EQ(ledger_.remediation(opened_by(std::to_string(suppression)))->origin, "redrive");
}

TEST_F(RerunnerTest, AsksTheGuardsAndTellsWhatTheySay) {
  const int64_t suppression = read_in_shadow(opened("b", "e1"));
  use_rules("shadow", "true");
  const auto rerun = run(std::to_string(suppression));
  ASSERT_TRUE(rerun);
  EXPECT_EQ(rerun->outcome, "decided");
  EXPECT_THAT(rerun->why, HasSubstr("open does nothing (mode): "));
  EXPECT_EQ(last_record()["suppressions"], 1);
}

TEST_F(RerunnerTest, TellsWhyNothingCameOfIt) {
  const std::string suppression = std::to_string(read_in_shadow(opened("b", "e1")));
  use_rules("enforce", "false");
  const auto unwanted = run(suppression);
  ASSERT_TRUE(unwanted);
  EXPECT_EQ(unwanted->why, "no rule wants anything done (open: when)");
  EXPECT_EQ(last_record()["outcome"], "nothing");
  use_rules("enforce", "event.detail.none.at");
  const auto failed = run(suppression);
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->outcome, "failed");
  EXPECT_THAT(failed->why, HasSubstr("rule_failed: "));
  EXPECT_EQ(last_record()["message"], failed->why);
  EXPECT_TRUE(ledger_.dead_letters({})->empty()) << "who asked is told, and can ask again";
}

TEST_F(RerunnerTest, NamesAnEventWithoutAnIdByWhereItWasRead) {
  ClaimPositions claim;
  claim.claims.push_back({{"trail", "events", 0}, std::nullopt, {"cluster", 0, 5, std::nullopt}, "", {}});
  ASSERT_TRUE(committer_.commit(claim).done());
  std::string event = opened("b", "e1");
  event.replace(event.find("eventID"), 7, "another");
  use_rules("shadow", "true");
  const int64_t suppression = read(R"({"Records":[)" + opened("c", "e0") + "," + event + "]}");
  use_rules("enforce", "true");
  const int64_t redrive = ledger_.head() + 1;
  const Remediation remediation = *ledger_.remediation(opened_by(std::to_string(suppression)));
  EXPECT_EQ(remediation.event.index, 1U);
  EXPECT_EQ(remediation.key,
            event_key("open", "arn:aws:s3:::b", "aws.s3", "", {"cluster", "events", 0, 5, 1}, redrive));
}

TEST_F(RerunnerTest, SaysWhatCannotBeRunAgain) {
  CommitBatch batch;
  batch.suppressions.emplace_back();
  batch.suppressions[0].plan.rule.id = "open";  // and the bytes of its event are nowhere
  ASSERT_TRUE(committer_.commit(batch).done());
  const int64_t head = ledger_.head();
  EXPECT_EQ(run("no-such-remediation").error().code, ErrorCode::not_found);
  EXPECT_EQ(run("1000000").error().code, ErrorCode::not_found);
  EXPECT_THAT(run("0").error().message, HasSubstr("give a suppression's number, or a remediation's id"));
  EXPECT_THAT(run(std::to_string(head)).error().message, HasSubstr("its event is not kept any more"));
  EXPECT_EQ(ledger_.head(), head);
}

}  // namespace
}  // namespace kedge
