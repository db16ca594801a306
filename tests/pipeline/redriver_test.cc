#include "pipeline/redriver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/bytes.h"
#include "base/json.h"
#include "tests/ledger/memory_ledger.h"
#include "tests/pipeline/reading.h"
#include "tests/pipeline/rules.h"
#include "tests/support/fake_clock.h"

namespace kedge {
namespace {

using testing::HasSubstr;

class RedriverTest : public testing::Test {
 protected:
  // What the lane makes of one message, with the rules in force; the numbers of the dead letters.
  std::vector<int64_t> read(const std::string& value) {
    Decider decider(ledger_, clock_, random_, options_);
    decider.use(rules_.get());
    Decider::Outcome outcome;
    decider.decide(batch_of(source_, assignment_of(1), offset_++, {value}, clock_.now()), outcome);
    EXPECT_TRUE(committer_.commit(outcome.commit).done());
    return numbers();
  }
  std::vector<int64_t> numbers() {
    std::vector<int64_t> numbers;
    for (const DeadLetter& letter : *ledger_.dead_letters({})) numbers.push_back(letter.number);
    return numbers;
  }
  void use_rules(const std::string& mode, const std::string& when) { rules_.set(rules_for_tests_.load(mode, when)); }
  std::vector<Redriven> redrive(const std::vector<int64_t>& numbers) {
    return Redriver({committer_, ledger_, rules_, clock_, random_, us_, fetch_}, options_).redrive(numbers, "alice");
  }
  Redriven redrive_one(int64_t number) { return redrive({number}).at(0); }
  Json last_record() { return *parse_json(ledger_.journal(ledger_.head(), 1)->at(0).bytes); }

  static constexpr const char* kFailing = "event.detail.none.at";

  FakeClock clock_;
  Random random_{7};
  MemoryLedger ledger_{clock_};
  Mailbox<Remediation> runnable_{SIZE_MAX};
  Committer committer_{ledger_, runnable_, Committer::Options{}};
  RulesForTests rules_for_tests_;
  CurrentRules rules_{rules_for_tests_.set()};
  RecordingSource source_;
  OwnPrincipals us_;
  Decider::Options options_;
  std::function<Result<FetchedRecord>(const PartitionId&, int64_t)> fetch_;
  int64_t offset_ = 5;
};

TEST_F(RedriverTest, DecidesByTheRepairedRuleWhatItFailedOn) {
  use_rules("enforce", kFailing);
  const auto letters = read(opened("b", "e1"));
  ASSERT_EQ(letters.size(), 1U);
  use_rules("enforce", "true");
  const Redriven redriven = redrive_one(letters[0]);
  EXPECT_EQ(redriven.kind, Redriven::Kind::decided) << redriven.why;
  ASSERT_EQ(redriven.remediations.size(), 1U);
  const Remediation remediation = *ledger_.remediation(redriven.remediations[0]);
  EXPECT_EQ(remediation.origin, "redrive") << "so that the gate holds it";
  EXPECT_EQ(remediation.event.offset, 5);
  EXPECT_TRUE(numbers().empty());
  EXPECT_EQ(last_record()["outcome"], "decided");
  EXPECT_EQ(last_record()["actor"], "alice");
}

TEST_F(RedriverTest, RaisesAnAlarmInTheCommitThatEndsTheLetter) {
  us_.set({"arn:aws:iam::123456789012:user/kedge"});
  use_rules("enforce", kFailing);
  const auto letters = read(opened("b", "e1", "arn:aws:iam::123456789012:user/kedge"));
  use_rules("enforce", "true");
  EXPECT_EQ(redrive_one(letters[0]).kind, Redriven::Kind::decided);
  const Json before_the_last = *parse_json(ledger_.journal(ledger_.head() - 1, 1)->at(0).bytes);
  EXPECT_EQ(before_the_last["kind"], "alarm") << before_the_last.dump();
  EXPECT_EQ(last_record()["kind"], "redrive");
}

TEST_F(RedriverTest, MakesNoSecondRemediationOfWhatWasDecidedMeanwhile) {
  use_rules("enforce", kFailing);
  const auto letters = read(opened("b", "e1"));
  use_rules("enforce", "true");
  read(opened("b", "e1"));
  const Redriven redriven = redrive_one(letters[0]);
  EXPECT_EQ(redriven.kind, Redriven::Kind::decided);
  EXPECT_EQ(redriven.why, "decided before");
  EXPECT_EQ(ledger_.open_remediations()->size(), 1U);
  EXPECT_TRUE(numbers().empty());
}

TEST_F(RedriverTest, GivesAnEventWithoutAnIdTheKeyThatItHadWhenItWasRead) {
  ClaimPositions claim;
  claim.claims.push_back({{"trail", "events", 0}, std::nullopt, {"cluster", 0, 5, std::nullopt}, "", {}});
  ASSERT_TRUE(committer_.commit(claim).done());
  std::string event = opened("b", "e1");
  event.replace(event.find("eventID"), 7, "another");
  use_rules("enforce", kFailing);
  const auto letters = read(event);
  use_rules("enforce", "true");
  --offset_;
  read(event);
  EXPECT_EQ(redrive_one(letters[0]).why, "decided before");
}

TEST_F(RedriverTest, KeepsWhatFailsAgainWithTheNewReason) {
  use_rules("enforce", kFailing);
  const auto letters = read(opened("b", "e1"));
  const Redriven redriven = redrive_one(letters[0]);
  EXPECT_EQ(redriven.kind, Redriven::Kind::failed);
  EXPECT_THAT(redriven.why, HasSubstr("rule_failed: "));
  EXPECT_EQ(numbers(), letters);
  EXPECT_EQ(ledger_.dead_letter(letters[0])->redrives, 1);
  EXPECT_EQ(last_record()["outcome"], "failed");
}

TEST_F(RedriverTest, RunsARuleHoweverOftenItFailed) {
  use_rules("enforce", kFailing);
  options_.failures_in_a_row_max = 1;
  read(opened("b", "e1"));
  const auto letters = read(opened("c", "e2"));
  for (const Redriven& redriven : redrive(letters)) EXPECT_THAT(redriven.why, HasSubstr("rule_failed: "));
}

TEST_F(RedriverTest, DecodesWhatTheSourceIsSetToNow) {
  options_.sources["trail"].decoder.format = Format::eventbridge;
  const auto letters = read(opened("b", "e1"));
  ASSERT_EQ(letters.size(), 1U);
  EXPECT_EQ(redrive_one(letters[0]).kind, Redriven::Kind::failed);
  options_.sources["trail"].decoder.format = Format::cloudtrail;
  EXPECT_EQ(redrive_one(letters[0]).kind, Redriven::Kind::decided);
}

TEST_F(RedriverTest, MakesADeadLetterOfTheRuleThatFailsOnWhatCanBeDecodedNow) {
  use_rules("enforce", kFailing);
  options_.sources["trail"].decoder.format = Format::eventbridge;
  const auto letters = read(opened("b", "e1"));
  options_.sources["trail"].decoder.format = Format::cloudtrail;
  const Redriven redriven = redrive_one(letters[0]);
  EXPECT_EQ(redriven.why, "open rule_failed: a dead letter of its own");
  ASSERT_EQ(numbers().size(), 1U);
  EXPECT_NE(numbers()[0], letters[0]);
  EXPECT_EQ(ledger_.dead_letter(numbers()[0])->rule, "open");
}

TEST_F(RedriverTest, TellsWhyNothingCameOfIt) {
  use_rules("enforce", kFailing);
  read(opened("b", "e1"));
  read(opened("b", "e2"));
  read(R"({"eventName":"PutBucketAcl","truncated":)");
  const auto letters = numbers();
  use_rules("enforce", "false");
  EXPECT_EQ(redrive_one(letters[0]).why, "no rule wants anything done (open: when)");
  use_rules("shadow", "true");
  const Redriven suppressed = redrive_one(letters[1]);
  EXPECT_EQ(suppressed.kind, Redriven::Kind::decided);
  EXPECT_THAT(suppressed.why, HasSubstr("open does nothing (mode): "));
  EXPECT_THAT(redrive_one(letters[2]).why, HasSubstr("not_json: "));
}

TEST_F(RedriverTest, EndsWhatNoRuleWantsAnyMore) {
  options_.sources["trail"].decoder.format = Format::eventbridge;
  const auto letters = read(R"({"eventName":"Other"})");
  options_.sources["trail"].decoder.format = Format::json;
  const Redriven redriven = redrive_one(letters[0]);
  EXPECT_EQ(redriven.kind, Redriven::Kind::unmatched) << redriven.why;
  EXPECT_EQ(last_record()["outcome"], "unmatched");
  EXPECT_TRUE(numbers().empty());
}

TEST_F(RedriverTest, HandsTheHeadersOnAndDecidesOnlyTheEventThatFailed) {
  use_rules("enforce", kFailing);
  const auto letters = read(R"({"Records":[)" + opened("b", "e1") + "," + opened("c", "e2") + "]}");
  ASSERT_EQ(letters.size(), 2U);
  use_rules("enforce", "true");
  const Redriven redriven = redrive_one(letters[1]);
  ASSERT_EQ(redriven.remediations.size(), 1U);
  EXPECT_EQ(ledger_.remediation(redriven.remediations[0])->plan.target, "arn:aws:s3:::c");
  EXPECT_EQ(numbers(), std::vector<int64_t>{letters[0]});
}

TEST_F(RedriverTest, ReadsTheEnvelopeThatOnlyTheHeadersTellOf) {
  DeadLetter letter;
  letter.source = "trail";
  letter.topic = "events";
  letter.reason = "wrong_envelope";
  letter.value = R"({"eventName":"PutBucketAcl","requestParameters":{"bucketName":"b"}})";
  letter.value_bytes = static_cast<int64_t>(letter.value.size());
  for (const auto& [name, value] : {std::pair<std::string, std::string>{"ce_specversion", "1.0"},
                                    {"ce_id", "e1"},
                                    {"ce_type", "x"},
                                    {"ce_source", "made"},
                                    {"content-type", "application/json"}}) {
    letter.headers.push_back({name, to_base64(value)});
  }
  CommitBatch batch;
  batch.dead_letters = {letter};
  ASSERT_TRUE(committer_.commit(batch).done());
  const Redriven redriven = redrive_one(numbers().at(0));
  ASSERT_EQ(redriven.remediations.size(), 1U) << redriven.why;
  EXPECT_EQ(ledger_.remediation(redriven.remediations[0])->event.id, "e1");
}

TEST_F(RedriverTest, LeavesALetterAloneThatItCannotDecide) {
  use_rules("enforce", kFailing);
  options_.sources["trail"].decoder.bytes_max = 1'000;
  read(std::string(kDeadLetterValueMax + 1, 'x'));
  read(opened("b", "e1"));
  DeadLetter of_a_rule_that_is_gone = *ledger_.dead_letter(numbers().at(1));
  of_a_rule_that_is_gone.rule = "gone";
  CommitBatch batch;
  batch.dead_letters = {of_a_rule_that_is_gone};
  ASSERT_TRUE(committer_.commit(batch).done());
  const auto letters = numbers();
  const int64_t head = ledger_.head();
  EXPECT_EQ(redrive_one(letters[0]).why,
            "only the first 65536 of its 65537 bytes are kept, and there is no source to read it from again");
  EXPECT_EQ(redrive_one(letters[2]).why, "the rule gone is not loaded");
  EXPECT_EQ(redrive_one(1'000).kind, Redriven::Kind::refused);
  EXPECT_EQ(ledger_.head(), head);
  EXPECT_EQ(numbers(), letters);
}

class LargeLetter : public RedriverTest {
 protected:
  // An event above what the ledger keeps of a value, as it stands in the log.
  void SetUp() override {
    large_ = opened("b", "e1");
    large_.insert(large_.rfind('}'), R"(,"padding":")" + std::string(kDeadLetterValueMax, 'x') + '"');
    use_rules("enforce", kFailing);
    ASSERT_EQ(read(large_).size(), 1U);
    use_rules("enforce", "true");
    fetch_ = [this](const PartitionId& partition, int64_t offset) -> Result<FetchedRecord> {
      EXPECT_EQ(partition, (PartitionId{"trail", "events", 0}));
      EXPECT_EQ(offset, 5);
      ++fetched_;
      if (error_) return *error_;
      return FetchedRecord{"", large_, {}, false};
    };
  }
  std::string large_;
  int fetched_ = 0;
  std::optional<Error> error_;
};

TEST_F(LargeLetter, IsReadWholeFromItsSource) {
  const Redriven redriven = redrive_one(numbers()[0]);
  EXPECT_EQ(redriven.kind, Redriven::Kind::decided) << redriven.why;
  EXPECT_EQ(ledger_.remediation(redriven.remediations.at(0))->plan.target, "arn:aws:s3:::b");
  EXPECT_TRUE(numbers().empty());
}

TEST_F(LargeLetter, StaysWhereAnotherRecordStandsInItsPlace) {
  large_.back() = ' ';
  const Redriven redriven = redrive_one(numbers()[0]);
  EXPECT_EQ(redriven.kind, Redriven::Kind::refused);
  EXPECT_THAT(redriven.why, HasSubstr("another record stands at offset 5 of events[0] now"));
  EXPECT_EQ(numbers().size(), 1U);
}

TEST_F(LargeLetter, StaysWhereItsSourceDoesNotGiveIt) {
  error_ = Error{ErrorCode::not_found, "offset 5 of events[0] is no longer there"};
  EXPECT_THAT(redrive_one(numbers()[0]).why, HasSubstr("and the source does not give it: offset 5"));
  EXPECT_EQ(numbers().size(), 1U);
}

TEST_F(LargeLetter, AsksBrokersThatDoNotAnswerOnce) {
  error_ = Error{ErrorCode::timeout, "no answer"};
  const int64_t number = numbers()[0];
  for (const Redriven& one : redrive({number, number})) EXPECT_THAT(one.why, HasSubstr("no answer"));
  EXPECT_EQ(fetched_, 1);
}

TEST_F(RedriverTest, LosesNothingWhereTheLedgerTakesNothing) {
  use_rules("enforce", kFailing);
  const auto letters = read(opened("b", "e1"));
  use_rules("enforce", "true");
  ledger_.answer_with(Outcome::no_room);
  EXPECT_EQ(redrive_one(letters[0]).kind, Redriven::Kind::refused);
  ledger_.answer_with(Outcome::done);
  EXPECT_EQ(numbers(), letters);
  EXPECT_EQ(redrive_one(letters[0]).kind, Redriven::Kind::decided);
  EXPECT_EQ(redrive_one(letters[0]).kind, Redriven::Kind::refused) << "it is gone";
}

}  // namespace
}  // namespace kedge
