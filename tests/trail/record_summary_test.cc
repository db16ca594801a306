#include "trail/record_summary.h"

#include <gtest/gtest.h>

#include "base/json.h"

namespace kedge {
namespace {

TEST(SummaryOf, TellsWhoCausedWhat) {
  EXPECT_EQ(summary_of({{"kind", "plan"},
                        {"disposition", "opened"},
                        {"policy", {{"title", "S3 bucket made public"}}},
                        {"event", {{"principal", "mallory"}, {"address", "203.0.113.9"}}}}),
            "found: S3 bucket made public, caused by mallory from 203.0.113.9");
}

TEST(SummaryOf, TellsWhyNothingWasDone) {
  EXPECT_EQ(summary_of({{"kind", "suppression"}, {"guard", "exception"}, {"reason", "e1 of web: a public site"}}),
            "not done, by guard exception: e1 of web: a public site");
  EXPECT_EQ(summary_of({{"kind", "suppression"},
                        {"guard", "mode"},
                        {"reason", "r is in mode shadow"},
                        {"plan", {{"revert", {{{"action", "aws.s3.x"}}, {{"action", "aws.s3.y"}}}}}}}),
            "aws.s3.x, aws.s3.y: not done, by guard mode: r is in mode shadow");
  EXPECT_EQ(summary_of({{"kind", "suppression"}, {"folded", 90}, {"count", 100}, {"minute", "M"}}),
            "90 of the 100 suppressions of the minute M, folded into this record");
}

TEST(SummaryOf, TellsWhatBecameOfAnAttempt) {
  Json outcome = {{"kind", "outcome"}, {"action", "aws.s3.x"}, {"result", "applied"},
                  {"writes", 2},       {"code", ""},           {"message", ""}};
  EXPECT_EQ(summary_of(outcome), "aws.s3.x: applied, 2 calls sent");
  outcome["result"] = "retry";
  outcome["writes"] = 0;
  outcome["code"] = "SlowDown";
  outcome["message"] = "try later";
  EXPECT_EQ(summary_of(outcome), "aws.s3.x: failed for now, no call sent (SlowDown): try later");
  EXPECT_EQ(summary_of({{"kind", "attempt"}, {"action", "aws.s3.x"}, {"attempt", 2}, {"mark", "ab"}, {"undo", true}}),
            "undo of aws.s3.x, attempt 2 (mark ab)");
}

TEST(SummaryOf, SaysOfAnAnnouncementThatNothingWasDone) {
  EXPECT_EQ(summary_of({{"kind", "announcement"}, {"from", "planned"}, {"to", "announced"}}),
            "announced: the plan has no step, so nothing was looked at and nothing was done");
}

TEST(SummaryOf, TellsAPersonsYesFromTheEndOfWhatHeldIt) {
  EXPECT_EQ(summary_of({{"kind", "approval"}, {"actor", "alice"}, {"reason", "still wanted"}}),
            "approved by alice: still wanted");
  EXPECT_EQ(summary_of({{"kind", "approval"}, {"actor", "alice"}, {"cause", "resume"}}),
            "goes on: the pause is over (alice)");
  EXPECT_EQ(summary_of({{"kind", "approval"}, {"cause", "rules_loaded"}}), "goes on: the rule acts again");
}

TEST(SummaryOf, TellsHoldsFromWaits) {
  EXPECT_EQ(summary_of({{"kind", "hold"}, {"to", "undoing"}, {"guard", "pause"}, {"reason", "paused"}}),
            "waits by guard pause: paused");
  EXPECT_EQ(summary_of({{"kind", "hold"}, {"to", "held"}, {"guard", "rate"}, {"reason", "10 within a minute"}}),
            "held by guard rate: 10 within a minute");
  EXPECT_EQ(summary_of({{"kind", "hold"}, {"to", "waiting"}, {"guard", "locks"}, {"due", "T"}, {"reason", "r"}}),
            "waits by guard locks until T: r");
}

TEST(SummaryOf, TellsWhoSaidYesAndWhoSaidNo) {
  EXPECT_EQ(summary_of({{"kind", "approval"}, {"actor", "alice (uid 1)"}, {"reason", "ok"}}),
            "approved by alice (uid 1): ok");
  EXPECT_EQ(summary_of({{"kind", "cancellation"}, {"actor", "bob"}, {"reason", ""}}), "cancelled by bob");
  EXPECT_EQ(summary_of({{"kind", "undo"}, {"to", "undoing"}, {"actor", "bob"}, {"reason", "a mistake"}}),
            "undo asked for by bob: a mistake");
  EXPECT_EQ(summary_of({{"kind", "undo"}, {"to", "undone"}}), "the state before is restored, and read back");
}

TEST(SummaryOf, TellsHowFarAnAcceptedClockIsFromLedgerTime) {
  EXPECT_EQ(summary_of({{"kind", "clock_acceptance"}, {"actor", "bob"}, {"reason", "NTP"}, {"ahead", 7'260'000'000}}),
            "the wall clock, 2 h 1 min ahead of ledger time, is right, says bob: NTP");
  EXPECT_EQ(summary_of({{"kind", "clock_acceptance"}, {"actor", "bob"}, {"reason", ""}, {"ahead", -90'000'000}}),
            "the wall clock, 1 min 30 s behind ledger time, is right, says bob");
}

TEST(SummaryOf, TellsWhatWasRunAgain) {
  Json record = {{"kind", "rerun"}, {"rerun_of", "r1"}, {"outcome", "decided"}, {"actor", "bob"}, {"reason", "mended"}};
  EXPECT_EQ(summary_of(record), "the event of r1 run again, decided by bob: mended");
  record.erase("rerun_of");
  record["suppression"] = 41;
  EXPECT_EQ(summary_of(record), "the event of suppression 41 run again, decided by bob: mended");
}

TEST(SummaryOf, TellsConfirmedFromUnconfirmedAndFromNothingToDo) {
  EXPECT_EQ(summary_of({{"kind", "confirmation"}, {"from", "confirming"}, {"to", "confirmed"}}),
            "read back, and as it should be");
  EXPECT_EQ(summary_of({{"kind", "confirmation"}, {"from", "planned"}, {"to", "confirmed"}}),
            "all was as it should be already: nothing was done");
  EXPECT_EQ(summary_of({{"kind", "confirmation"}, {"from", "confirming"}, {"to", "unconfirmed"}, {"reason", "r"}}),
            "not found as it should be in time: r");
}

TEST(SummaryOf, IsAnswerableForAnyValue) {
  for (const Json& record :
       {Json(), Json(7), Json::array(), Json::object(), Json{{"kind", 7}}, Json{{"kind", "plan"}},
        Json{{"kind", "outcome"}, {"result", Json::array()}}, Json{{"kind", "notice"}, {"delivered", "x"}},
        Json{{"kind", "suppression"}, {"folded", Json::object()}}, Json{{"kind", "rules_loaded"}},
        Json{{"kind", "clock_acceptance"}, {"ahead", "far"}}}) {
    EXPECT_NO_THROW((void)summary_of(record)) << record;
  }
  EXPECT_EQ(summary_of({{"kind", "something_new"}}), "something_new");
  EXPECT_EQ(summary_of({{"kind", "notice"},
                        {"type", "kedge.digest"},
                        {"channel", "security"},
                        {"delivered", true},
                        {"attempts", 1},
                        {"about", 4},
                        {"until", 9},
                        {"of", "kedge.remediation.held"},
                        {"folded", 3}}),
            "kedge.digest of 3 kedge.remediation.held, of the records 4 to 9, to security: delivered");
  EXPECT_EQ(summary_of({{"kind", "expiry"}, {"from", "held"}, {"to", "expired"}, {"reason", "nobody said yes"}}),
            "held → expired: nobody said yes");
}

TEST(SpanInWords, HasTheUnitThatPeopleReadBest) {
  EXPECT_EQ(span_in_words(250), "250 us");
  EXPECT_EQ(span_in_words(12'340), "12.3 ms");
  EXPECT_EQ(span_in_words(2'305'000), "2.31 s");
  EXPECT_EQ(span_in_words(725'000'000), "12 min 5 s");
  EXPECT_EQ(span_in_words(7'260'000'000), "2 h 1 min");
  EXPECT_EQ(span_in_words(-2'000), "-2.0 ms");
}

}  // namespace
}  // namespace kedge
