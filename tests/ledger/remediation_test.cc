// What becomes of a remediation, Change by Change.
#include <gtest/gtest.h>

#include "tests/ledger/fixtures.h"
#include "tests/ledger/ledger_pair.h"

namespace kedge {
namespace {

class RemediationTest : public LedgerTest {};

TEST_P(RemediationTest, OpensOnceForAKey) {
  const Finding finding = sample_finding(1, "bucket", clock.now());
  const Answer first = commit(batch_of({finding}));
  ASSERT_TRUE(first.done());
  EXPECT_EQ(first.dispositions.at(0).kind, Disposition::Kind::opened);
  ASSERT_EQ(first.runnable.size(), 1U);
  EXPECT_EQ(first.runnable[0].state, State::planned);

  Finding again = finding;
  again.remediation = sample_id(2);
  EXPECT_EQ(commit(batch_of({again})).dispositions.at(0).kind, Disposition::Kind::duplicate);
  EXPECT_EQ(reader().open_remediations()->size(), 1U);
  EXPECT_EQ(reader().counts(Time{}, clock.now() + std::chrono::hours(1))->at(0).reason, "duplicate");
}

TEST_P(RemediationTest, RunsFromFindingToConfirmation) {
  const std::string id = open(1, "bucket");
  const int64_t observed_from = ledger().head();
  const Answer started = commit(sample_start(id, "bucket", observed_from));
  ASSERT_TRUE(started.done());
  EXPECT_EQ(started.go->go, Go::go) << started.go->reason;
  clock.advance(std::chrono::seconds(1));
  ASSERT_TRUE(
      commit(RecordOutcome{id, sample_outcome(0, 1, "mark-of-" + id, clock.now()), Move::apply_all, ""}).done());
  clock.advance(std::chrono::seconds(1));
  const Answer confirmed = commit(Conclude{id, Move::confirm, ledger().head(), {{0, captured("private")}}, ""});
  ASSERT_TRUE(confirmed.done());
  EXPECT_EQ(confirmed.go->go, Go::go);

  const Remediation ended = *reader().remediation(id);
  EXPECT_EQ(ended.state, State::confirmed);
  EXPECT_EQ(ended.steps[0].status, StepStatus::applied);
  EXPECT_EQ(ended.steps[0].before, captured("public"));
  EXPECT_TRUE(reader().open_remediations()->empty());
  const Json record = last_record();
  EXPECT_EQ(record["kind"], "confirmation");
  EXPECT_EQ(record["phases"], Json({{"detection", 1000000},
                                    {"evaluation", 1000000},
                                    {"response", 1000000},
                                    {"recovery", 0},
                                    {"confirmation", 1000000}}));
  const auto notices = *reader().due_notices(clock.now(), 10);
  ASSERT_EQ(notices.size(), 1U);
  EXPECT_EQ(notices[0].type, "kedge.remediation.confirmed");
  EXPECT_EQ(notices[0].channel, "security");
}

}  // namespace

INSTANTIATE_TEST_SUITE_P(Ledger, RemediationTest, kAllLedgers, name_of_ledger);

}  // namespace kedge
