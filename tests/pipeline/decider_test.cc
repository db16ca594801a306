#include "pipeline/decider.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "tests/ledger/fixtures.h"
#include "tests/ledger/memory_ledger.h"
#include "tests/pipeline/reading.h"
#include "tests/pipeline/rules.h"
#include "tests/support/fake_clock.h"

namespace kedge {
namespace {

// Reads what the ledger keeps, or fails at what guards ask for.
class FailingReader final : public MemoryLedger {
 public:
  using MemoryLedger::MemoryLedger;
  Result<std::vector<Exception>> exceptions() override {
    if (exceptions_fail) return Error{ErrorCode::unavailable, "the disk is gone"};
    return MemoryLedger::exceptions();
  }
  Result<std::vector<AttemptTrace>> attempts_by_mark(const std::string& mark) override {
    if (attempts_fail) return Error{ErrorCode::unavailable, "the disk is gone"};
    return MemoryLedger::attempts_by_mark(mark);
  }
  bool exceptions_fail = false;
  bool attempts_fail = false;
};

class DeciderTest : public testing::Test {
 protected:
  Decider::Outcome decide(const std::vector<std::string>& values) {
    Decider::Outcome outcome;
    poisoned_ = decider_->decide(batch_of(source_, assignment_of(1), 0, values, clock_.now()), outcome);
    return outcome;
  }
  void use(const RulesForTests& rules, Decider::Options options = {}) {
    decider_ = std::make_unique<Decider>(ledger_, clock_, random_, std::move(options));
    decider_->use(rules.set());
  }
  static int64_t count(const Decider::Outcome& outcome, const std::string& subject, const std::string& reason) {
    for (const Count& one : outcome.commit.counts) {
      if (one.subject == subject && one.reason == reason) return one.number;
    }
    return 0;
  }

  FakeClock clock_;
  Random random_{7};
  FailingReader ledger_{clock_};
  RecordingSource source_;
  std::unique_ptr<Decider> decider_;
  bool poisoned_ = false;
};

TEST_F(DeciderTest, MakesAFindingOfAPlanThatIsAdmitted) {
  RulesForTests rules;
  use(rules);
  const Decider::Outcome outcome = decide({opened("b", "e1")});
  ASSERT_EQ(outcome.commit.findings.size(), 1U);
  const Finding& finding = outcome.commit.findings[0];
  EXPECT_EQ(finding.plan.target, "arn:aws:s3:::b");
  EXPECT_EQ(finding.event.principal, "arn:aws:iam::123456789012:user/mallory");
  EXPECT_EQ(finding.event.request_id, "R-e1");
  EXPECT_EQ(finding.event.account, "123456789012");
  EXPECT_EQ(finding.times.received, clock_.now());
  EXPECT_EQ(finding.times.happened, *parse_time("2026-01-01T11:59:30Z"));
}

TEST_F(DeciderTest, NotesWhichSensorsWereHeardThoughNoRuleWantsThem) {
  RulesForTests rules;
  SensorsHeard heard;
  Decider::Options options;
  options.sensors_heard = &heard;
  use(rules, options);
  const Json heartbeat = {{"specversion", "1.0"},     {"id", "h1"},
                          {"source", "kedge.sensor"}, {"type", "sensor.heartbeat"},
                          {"subject", "host:web1"},   {"time", format_time(clock_.now() - std::chrono::seconds(5))},
                          {"data", Json::object()}};
  EXPECT_EQ(count(decide({heartbeat.dump(), opened("b", "e1")}), "trail", "no-pattern"), 1);
  EXPECT_EQ(heard.status(clock_.now()).heard,
            (std::map<std::string, Time>{{"web1", clock_.now() - std::chrono::seconds(5)}}));
}

TEST_F(DeciderTest, AdmitsNothingThatWouldTouchTheEngineItself) {
  RulesForTests rules;
  Decider::Options options;
  options.own_things = {{"arn:aws:s3:::audit", "ours", false}};
  use(rules, options);
  EXPECT_EQ(decide({opened("b", "e1")}).commit.findings.size(), 1U);
  const auto suppressed = decide({opened("audit", "e2")}).commit.suppressions;
  ASSERT_EQ(suppressed.size(), 1U);
  EXPECT_EQ(suppressed[0].guard, "self-protection");
  decider_->use_principals({"arn:aws:s3:::b"});
  EXPECT_TRUE(decide({opened("b", "e3")}).commit.findings.empty());
}

TEST_F(DeciderTest, GivesTheSameKeyToTheSameChangeRawAndThroughEventBridge) {
  RulesForTests rules;
  use(rules);
  const std::string wrapped =
      R"({"version":"0","id":"envelope","detail-type":"AWS API Call via CloudTrail","source":"aws.s3",)"
      R"("account":"123456789012","time":"2026-01-01T11:59:31Z","region":"us-east-1","resources":[],"detail":)" +
      opened("b", "e1") + "}";
  const Decider::Outcome outcome = decide({opened("b", "e1"), wrapped, opened("b", "e2")});
  ASSERT_EQ(outcome.commit.findings.size(), 3U);
  EXPECT_EQ(outcome.commit.findings[0].key, outcome.commit.findings[1].key);
  EXPECT_NE(outcome.commit.findings[0].key, outcome.commit.findings[2].key);
}

class TrustedSource : public DeciderTest {
 protected:
  Decider::Outcome decide_in(Format format, Reading reading, const std::vector<std::string>& values) {
    Decider::Options options;
    options.sources["trail"].decoder.format = format;
    options.sources["trail"].reading = reading;
    use(rules_, options);
    return decide(values);
  }
  RulesForTests rules_;
};

TEST_F(TrustedSource, LeavesUnreadWhatStandsBehindTheLastFieldThatARuleWants) {
  const std::string damaged = R"({"eventName":"Other","rest":nonsense})";
  const Decider::Outcome strict = decide_in(Format::json, Reading::strict, {damaged});
  EXPECT_EQ(strict.commit.dead_letters.size(), 1U);
  const Decider::Outcome trusted = decide_in(Format::json, Reading::trusted, {damaged});
  EXPECT_TRUE(trusted.commit.dead_letters.empty());
  EXPECT_EQ(count(trusted, "trail", "no-pattern"), 1);
  EXPECT_EQ(trusted.events, 1);
}

TEST_F(TrustedSource, ChecksWholeWhatARuleMayWant) {
  std::string damaged = opened("b", "e1");
  damaged.back() = ']';
  const Decider::Outcome outcome = decide_in(Format::json, Reading::trusted, {damaged, opened("b", "e2")});
  EXPECT_EQ(outcome.commit.dead_letters.size(), 1U);
  EXPECT_EQ(outcome.commit.findings.size(), 1U);
}

TEST_F(TrustedSource, TakesWhatIsNoPlainEnvelopeForWhatItMayBe) {
  const std::string inner =
      R"({"source":"aws.s3","detail-type":"x","detail":{"eventName":"PutBucketAcl","requestParameters":{"bucketName":"b"}}})";
  const Json wrapped = {{"Type", "Notification"}, {"Message", inner}};
  const Decider::Outcome outcome =
      decide_in(Format::eventbridge, Reading::trusted, {wrapped.dump(), inner, "nonsense", R"({"other":1})"});
  EXPECT_EQ(outcome.commit.findings.size(), 2U) << "the one in SNS's wrapping too";
  EXPECT_EQ(outcome.commit.dead_letters.size(), 2U);
}

TEST_F(DeciderTest, GivesWhatAnActionCallsSensitiveToNoRecord) {
  std::string event = opened("b", "e1");
  event.insert(1, R"("ticket":"s3cr3t",)");
  Decider::Options options;
  options.redaction_salt = "salt";
  for (const char* mode : {"enforce", "shadow"}) {
    RulesForTests rules(mode);
    use(rules, options);
    const Decider::Outcome outcome = decide({event, opened("b", "e2")});
    const auto& [findings, suppressions] = std::tie(outcome.commit.findings, outcome.commit.suppressions);
    ASSERT_EQ(findings.size() + suppressions.size(), 2U);
    const auto& shown = findings.empty() ? suppressions[0].shown_plan : findings[0].shown_plan;
    const auto& plain = findings.empty() ? suppressions[1].shown_plan : findings[1].shown_plan;
    EXPECT_EQ(shown["revert"][0]["args"]["ticket"].get<std::string>().find("hmac-sha256:"), 0U) << shown.dump();
    EXPECT_EQ(shown["revert"][0]["args"]["bucket"], "b");
    EXPECT_TRUE(plain.is_null()) << "nothing in it is sensitive";
  }
}

TEST_F(DeciderTest, CountsWhatNoPatternWantedAndWhatWhenRefused) {
  RulesForTests rules("enforce", "false");
  use(rules);
  const Decider::Outcome outcome = decide({R"({"eventName":"Other"})", opened("b", "e1"), ""});
  EXPECT_EQ(count(outcome, "trail", "no-pattern"), 1);
  EXPECT_EQ(count(outcome, "trail", "tombstone"), 1);
  EXPECT_EQ(count(outcome, "open", "when"), 1);
  EXPECT_FALSE(outcome.decided());
}

TEST_F(DeciderTest, PutsPoisonAsideAndGoesOn) {
  RulesForTests rules;
  use(rules);
  const Decider::Outcome outcome = decide({"{not json", opened("b", "e1")});
  ASSERT_EQ(outcome.commit.dead_letters.size(), 1U);
  EXPECT_EQ(outcome.commit.dead_letters[0].reason, "not_json");
  EXPECT_EQ(outcome.commit.dead_letters[0].value, "{not json");
  EXPECT_EQ(outcome.commit.dead_letters[0].offset, 0);
  EXPECT_EQ(outcome.commit.findings.size(), 1U);
}

TEST_F(DeciderTest, ARuleThatFailsDoesNothingAndIsNamed) {
  RulesForTests rules("enforce", "event.no.such.field");
  use(rules);
  const Decider::Outcome outcome = decide({opened("b", "e1")});
  EXPECT_TRUE(outcome.commit.findings.empty());
  ASSERT_EQ(outcome.commit.dead_letters.size(), 1U);
  EXPECT_EQ(outcome.commit.dead_letters[0].rule, "open");
  EXPECT_EQ(outcome.commit.dead_letters[0].reason, "rule_failed");
}

TEST_F(DeciderTest, ARuleThatKeepsFailingIsBenchedAndPeopleAreTold) {
  RulesForTests rules("enforce", "event.no.such.field");
  Decider::Options options;
  options.failures_in_a_row_max = 3;
  use(rules, options);
  std::vector<std::string> values;
  for (int i = 0; i < 5; ++i) values.push_back(opened("b", "e" + std::to_string(i)));
  const Decider::Outcome outcome = decide(values);
  ASSERT_EQ(outcome.commit.dead_letters.size(), 5U);
  EXPECT_EQ(outcome.commit.dead_letters[2].reason, "rule_failed");
  EXPECT_EQ(outcome.commit.dead_letters[3].reason, "rule_benched");
  ASSERT_EQ(outcome.commit.alarms.size(), 1U);
  EXPECT_EQ(outcome.commit.alarms[0].kind, "rule-benched");
}

TEST_F(DeciderTest, ShadowIsASuppressionOnRecord) {
  RulesForTests rules("shadow");
  use(rules);
  const Decider::Outcome outcome = decide({opened("b", "e1")});
  EXPECT_TRUE(outcome.commit.findings.empty());
  ASSERT_EQ(outcome.commit.suppressions.size(), 1U);
  EXPECT_EQ(outcome.commit.suppressions[0].guard, "mode");
}

TEST_F(DeciderTest, AnExceptionIsRespectedUntilItExpires) {
  RulesForTests rules;
  use(rules);
  Exception exception{"x",  "open", "arn:aws:s3:::b", "team", "a web site", clock_.now() + std::chrono::minutes(1),
                      "me", {}};
  ledger_.apply(std::vector<Change>{AddException{exception}});
  EXPECT_EQ(decide({opened("b", "e1")}).commit.suppressions.size(), 1U);
  clock_.advance(std::chrono::minutes(1));
  decider_->forget_snapshot();
  EXPECT_EQ(decide({opened("b", "e2")}).commit.findings.size(), 1U);
}

TEST_F(DeciderTest, OurPrincipalWithoutAnAttemptIsAnAlarmAndNoSkip) {
  RulesForTests rules;
  use(rules, Decider::Options{});
  decider_->use_principals({"arn:aws:iam::123456789012:user/kedge"});
  const Decider::Outcome outcome =
      decide({opened("b", "e1", "arn:aws:iam::123456789012:user/kedge", agent_with_mark("0.1.0", "00ff"))});
  EXPECT_EQ(outcome.commit.findings.size(), 1U);
  ASSERT_EQ(outcome.commit.alarms.size(), 1U);
  EXPECT_EQ(outcome.commit.alarms[0].kind, "own-principal");
}

TEST_F(DeciderTest, OurPrincipalWithoutAnAttemptIsAnAlarmWhereTheRuleIsInShadowToo) {
  RulesForTests rules("shadow");
  use(rules);
  decider_->use_principals({"arn:aws:iam::123456789012:user/kedge"});
  const Decider::Outcome outcome = decide({opened("b", "e1", "arn:aws:iam::123456789012:user/kedge")});
  EXPECT_EQ(outcome.commit.suppressions.size(), 1U);
  ASSERT_EQ(outcome.commit.alarms.size(), 1U);
  EXPECT_EQ(outcome.commit.alarms[0].kind, "own-principal");
}

// An attempt of ours on the bucket "b", and the events that tell of changes there.
class OwnChange : public DeciderTest {
 protected:
  static constexpr auto kUs = "arn:aws:iam::123456789012:user/kedge";
  static constexpr auto kMark = "00ff";

  OwnChange() {
    use(rules_);
    decider_->use_principals({kUs});
    ledger_.apply(std::vector<Change>{sample_rules(Mode::enforce, "open")});
  }
  // It begins, and ends with these requests answered, of so many that were sent.
  void attempt(const std::string& target, std::vector<std::string> touches) {
    Finding finding = sample_finding(1, target, clock_.now());
    finding.plan.rule.id = "open";
    Start start = sample_start(finding.remediation, target, 0);
    start.observed_from = ledger_.head() + 1;
    start.touches = std::move(touches);
    start.mark = kMark;
    ledger_.apply(std::vector<Change>{batch_of({finding})});
    const Answer answer = ledger_.apply(std::vector<Change>{start})[0];
    ASSERT_TRUE(answer.done() && answer.go->go == Go::go) << answer.error.message;
  }
  void end(int writes, std::vector<std::string> request_ids) {
    StepOutcome outcome = sample_outcome(0, 1, kMark, clock_.now());
    outcome.writes = writes;
    outcome.request_ids = std::move(request_ids);
    const Answer answer =
        ledger_.apply(std::vector<Change>{RecordOutcome{sample_id(1), outcome, Move::apply_all, ""}})[0];
    ASSERT_TRUE(answer.done()) << answer.error.message;
  }
  // Of an event with the request id R-ID, by us.
  std::string guard_of(const std::string& id, const std::string& mark) {
    const Decider::Outcome outcome = decide({opened("b", id, kUs, agent_with_mark("0.1.0", mark))});
    if (!outcome.commit.alarms.empty()) return outcome.commit.alarms[0].kind;
    return outcome.commit.suppressions.empty() ? "admitted" : outcome.commit.suppressions[0].guard;
  }

  RulesForTests rules_;
};

TEST_F(OwnChange, IsKnownByItsMarkWhileItsRequestsAreNotAllKnown) {
  attempt("arn:aws:s3:::b", {"arn:aws:s3:::b"});
  EXPECT_EQ(guard_of("e1", kMark), "own-change") << "it is on its way";
  EXPECT_EQ(guard_of("e2", "another"), "own-principal");
  end(2, {"R-e1"});
  EXPECT_EQ(guard_of("e3", kMark), "own-change") << "of the second request there was no answer";
}

TEST_F(OwnChange, IsKnownByItsRequestOnceAllOfItsRequestsAre) {
  attempt("arn:aws:s3:::b", {"arn:aws:s3:::b"});
  end(2, {"R-e1", "R-e2"});
  EXPECT_EQ(guard_of("e1", kMark), "own-change");
  EXPECT_EQ(guard_of("e2", ""), "own-change") << "the endpoint has named it";
  EXPECT_EQ(guard_of("e3", kMark), "own-principal") << "a mark stands in the trail for all to read";
}

TEST_F(OwnChange, IsKnownByItsMarkAloneWhereTheEventNamesNoRequest) {
  attempt("arn:aws:s3:::b", {"arn:aws:s3:::b"});
  end(1, {"R-e1"});
  std::string event = opened("b", "e1", kUs, agent_with_mark("0.1.0", kMark));
  event.replace(event.find(R"("requestID":"R-e1",)"), 19, "");
  EXPECT_EQ(decide({event}).commit.suppressions.at(0).guard, "own-change");
}

TEST_F(OwnChange, IsKnownByWhatItWroteWhateverItWasAbout) {
  attempt("arn:aws:s3:::another", {"arn:aws:s3:::b"});
  end(1, {"R-e1"});
  EXPECT_EQ(guard_of("e1", kMark), "own-change");
}

TEST_F(OwnChange, IsNoneOnWhatItHasNotWritten) {
  attempt("arn:aws:s3:::another", {"arn:aws:s3:::another"});
  end(1, {"R-e1"});
  EXPECT_EQ(guard_of("e1", kMark), "own-principal");
}

TEST_F(DeciderTest, WhatAGuardCannotBeAskedAboutIsADeadLetterAndPeopleAreToldOnce) {
  RulesForTests rules;
  use(rules);
  ledger_.exceptions_fail = true;
  const Decider::Outcome failed = decide({opened("b", "e1"), opened("c", "e2")});
  EXPECT_TRUE(failed.commit.findings.empty());
  EXPECT_TRUE(failed.commit.suppressions.empty()) << "they would never be decided again";
  ASSERT_EQ(failed.commit.dead_letters.size(), 2U);
  EXPECT_EQ(failed.commit.dead_letters[0].reason, "guard_unreadable");
  EXPECT_EQ(failed.commit.dead_letters[0].rule, "open");
  EXPECT_NE(failed.commit.dead_letters[0].message.find("the disk is gone"), std::string::npos);
  ASSERT_EQ(failed.commit.alarms.size(), 1U);
  EXPECT_EQ(failed.commit.alarms[0].kind, "guard-unreadable");
  ledger_.exceptions_fail = false;
  EXPECT_EQ(decide({opened("b", "e1")}).commit.findings.size(), 1U) << "as a redrive does";
  decider_->forget_snapshot();
  ledger_.exceptions_fail = true;
  EXPECT_EQ(decide({opened("b", "e3")}).commit.alarms.size(), 1U) << "it is another time";
}

TEST_F(DeciderTest, AChangeOfOursThatCannotBeToldFromAnothersIsADeadLetter) {
  constexpr auto kUs = "arn:aws:iam::123456789012:user/kedge";
  RulesForTests rules;
  use(rules);
  decider_->use_principals({kUs});
  ledger_.attempts_fail = true;
  const Decider::Outcome outcome = decide({opened("b", "e1", kUs, agent_with_mark("0.1.0", "00ff"))});
  EXPECT_TRUE(outcome.commit.suppressions.empty());
  ASSERT_EQ(outcome.commit.dead_letters.size(), 1U);
  EXPECT_EQ(outcome.commit.dead_letters[0].reason, "guard_unreadable");
}

TEST_F(DeciderTest, TooMuchPoisonAsksForTheEndOfReading) {
  RulesForTests rules;
  Decider::Options options;
  options.poison.in_a_row_max = 3;
  use(rules, options);
  decide({"x", "x"});
  EXPECT_FALSE(poisoned_);
  decide({"x"});
  EXPECT_TRUE(poisoned_);
}

}  // namespace
}  // namespace kedge
