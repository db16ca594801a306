#include "api/journal_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "tests/ledger/fixtures.h"
#include "tests/ledger/memory_ledger.h"

namespace kedge {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class JournalMetricsTest : public ::testing::Test {
 protected:
  Answer apply(Change change) {
    const std::vector<Change> changes = {std::move(change)};
    Answer answer = ledger_.apply(changes)[0];
    EXPECT_TRUE(answer.done()) << answer.error.message;
    return answer;
  }

  void confirm_one(int number) {
    const std::string target = "arn:aws:s3:::bucket-" + std::to_string(number);
    const std::string id = sample_id(number);
    apply(batch_of({sample_finding(number, target, ledger_.now())}));
    const Start start = sample_start(id, target, ledger_.head());
    apply(start);
    apply(RecordOutcome{id, sample_outcome(0, 1, start.mark, ledger_.now()), Move::apply_all, ""});
    Conclude conclude;
    conclude.remediation = id;
    conclude.observed_from = ledger_.head();
    apply(conclude);
  }

  std::string text() {
    MetricsWriter writer;
    metrics_.write(writer);
    return writer.text();
  }

  SystemClock clock_;
  MemoryLedger ledger_{clock_};
  JournalMetrics metrics_{ledger_, ledger_.head()};
};

TEST_F(JournalMetricsTest, CountsWhatCameSinceItBegan) {
  apply(sample_rules());
  confirm_one(1);
  EXPECT_THAT(text(),
              HasSubstr("kedge_remediations_ended_total{rule=\"aws.s3.public-bucket\",state=\"confirmed\"} 1\n"));
  EXPECT_THAT(text(), HasSubstr("kedge_records_total{kind=\"plan\"} 1\n")) << "and each record once";
  EXPECT_THAT(text(), Not(HasSubstr("genesis")));
  confirm_one(2);
  EXPECT_THAT(text(),
              HasSubstr("kedge_remediations_ended_total{rule=\"aws.s3.public-bucket\",state=\"confirmed\"} 2\n"));
}

TEST_F(JournalMetricsTest, MeasuresThePhasesOfWhatWasConfirmed) {
  apply(sample_rules());
  confirm_one(1);
  const std::string page = text();
  for (const char* phase : kPhases) {
    EXPECT_THAT(page, HasSubstr("kedge_phase_seconds_count{phase=\"" + std::string(phase) +
                                "\",rule=\"aws.s3.public-bucket\"} 1\n"));
  }
  // Happened two seconds before, and received one second before it was decided.
  EXPECT_THAT(page, HasSubstr("{phase=\"detection\",rule=\"aws.s3.public-bucket\",le=\"0.5\"} 0\n"));
  EXPECT_THAT(page, HasSubstr("{phase=\"detection\",rule=\"aws.s3.public-bucket\",le=\"1\"} 1\n"));
}

TEST_F(JournalMetricsTest, CountsSuppressionsByTheirGuard) {
  CommitBatch batch;
  Suppression suppression;
  suppression.plan = sample_plan("arn:aws:s3:::a");
  suppression.guard = "exception";
  batch.suppressions = {suppression};
  apply(batch);
  EXPECT_THAT(text(), HasSubstr("kedge_suppressions_total{rule=\"aws.s3.public-bucket\",guard=\"exception\"} 1\n"));
}

TEST_F(JournalMetricsTest, CountsWhatAGuardHeldLetWaitOrRefused) {
  const Json rule = {{"id", "a"}};
  metrics_.note({{"kind", "hold"}, {"rule", rule}, {"guard", "budget"}, {"to", "waiting"}});
  metrics_.note({{"kind", "refusal"}, {"rule", rule}, {"guard", "exception"}, {"to", "refused"}});
  metrics_.note({{"kind", "refusal"}, {"rule", rule}, {"to", "refused"}});
  const std::string page = text();
  EXPECT_THAT(page, HasSubstr("kedge_guard_stops_total{rule=\"a\",guard=\"budget\",to=\"waiting\"} 1\n"));
  EXPECT_THAT(page, HasSubstr("kedge_guard_stops_total{rule=\"a\",guard=\"exception\",to=\"refused\"} 1\n"));
}

TEST_F(JournalMetricsTest, BearsRecordsOfAnyShape) {
  for (const Json& record : {Json(), Json(7), Json{{"kind", 7}}, Json{{"kind", "confirmation"}, {"rule", "x"}},
                             Json{{"kind", "confirmation"}, {"to", "confirmed"}, {"phases", {{"detection", "x"}}}}}) {
    metrics_.note(record);
  }
  EXPECT_THAT(text(), Not(HasSubstr("kedge_phase_seconds")));
}

}  // namespace
}  // namespace kedge
