#include "trail/statistics.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "tests/ledger/fixtures.h"
#include "tests/ledger/memory_ledger.h"
#include "tests/trail/kept_journal.h"
#include "tests/trail/record_examples.h"
#include "trail/record_text.h"

namespace kedge {
namespace {

using Counts = std::map<std::string, int64_t>;

const std::map<std::string, std::string> kExamples = testing::record_examples(KEDGE_SOURCE_DIR);

// The example of a kind, with these changes.
Json record(const std::string& kind, const Json& changes = Json::object()) {
  Json record = *parse_json(kExamples.at(kind));
  record.merge_patch(changes);
  return record;
}

RuleStatistics counted(const std::vector<Json>& records) {
  RuleStatistics statistics;
  for (const Json& one : records) count(one, statistics);
  return statistics;
}

// A journal of these records, a second each, and counts by the hour.
class Journal final : public testing::KeptJournal {
 public:
  explicit Journal(std::vector<Json> records) : KeptJournal(entries_of(std::move(records))) {}
  Result<std::vector<Counted>> counts(Time from, Time to) override {
    std::vector<Counted> found;
    for (const Counted& one : counted) {
      if (one.hour >= from && one.hour < to) found.push_back(one);
    }
    return found;
  }

  std::vector<Counted> counted;

 private:
  static std::vector<JournalEntry> entries_of(std::vector<Json> records) {
    std::vector<JournalEntry> entries;
    for (Json& record : records) {
      const auto seq = static_cast<int64_t>(entries.size());
      record["at"] = format_time(*parse_time("2026-01-01T00:00:00Z") + std::chrono::seconds(seq));
      record["seq"] = seq;
      entries.push_back({seq, *canonical_json(record)});
    }
    return entries;
  }
};

TEST(Statistics, CountsWhatWasFoundAndHowItEnded) {
  const RuleStatistics s = counted(
      {record("plan"), record("plan", {{"disposition", "superseding"}}), record("plan", {{"disposition", "joined"}}),
       record("attempt"), record("outcome"), record("confirmation"), record("confirmation", {{"to", "unconfirmed"}}),
       record("confirmation", {{"from", "planned"}}), record("confirmation", {{"to", "isolated"}}),
       record("outcome", {{"to", "failed"}}), record("refusal"), record("cancellation"), record("expiry"),
       record("supersession"), record("announcement"), record("undo", {{"to", "undone"}}), record("rule_failure"),
       record("approval"), record("approval", {{"cause", "resume"}})});
  EXPECT_EQ(s.found, 2);
  EXPECT_EQ(s.found_again, 1);
  EXPECT_EQ(s.attempts, 1);
  EXPECT_EQ(s.without_effect, 1);
  EXPECT_EQ(s.rule_failures, 1);
  EXPECT_EQ(s.approved, 1);
  EXPECT_EQ(s.ends, (Counts{{"confirmed", 2},
                            {"unconfirmed", 1},
                            {"failed", 1},
                            {"refused", 1},
                            {"cancelled", 1},
                            {"expired", 1},
                            {"superseded", 1},
                            {"announced", 1},
                            {"undone", 1}}));
}

TEST(Statistics, CountsByTheGuardThatSpoke) {
  const RuleStatistics s =
      counted({record("hold"), record("hold"), record("hold", {{"to", "waiting"}, {"guard", "budget"}}),
               record("refusal"), record("refusal", {{"guard", nullptr}}), record("suppression"),
               record("plan", {{"kind", "suppression"}, {"guard", "mode"}})});
  EXPECT_EQ(s.held, (Counts{{"pause", 2}}));
  EXPECT_EQ(s.waited, (Counts{{"budget", 1}}));
  EXPECT_EQ(s.refused, (Counts{{"exception", 1}, {"world", 1}}));
  EXPECT_EQ(s.suppressed, (Counts{{"folded", 14}, {"mode", 1}}));
  EXPECT_EQ(sum_of(s.suppressed), 15);
}

TEST(Statistics, TakesThePhasesOfARemediationOnce) {
  const Json phases = record("confirmation")["phases"];
  const RuleStatistics s = counted({record("confirmation"), record("confirmation", {{"from", "releasing"}}),
                                    record("undo", {{"to", "undone"}, {"phases", phases}}),
                                    record("refusal", {{"from", "undoing"}, {"phases", phases}}),
                                    record("outcome", {{"from", "undoing"}, {"to", "failed"}, {"phases", phases}})});
  for (const char* phase : {"detection", "evaluation", "response", "recovery", "confirmation", "total"}) {
    ASSERT_TRUE(s.phases.contains(phase)) << phase;
    EXPECT_EQ(s.phases.at(phase).count(), 1) << phase;
  }
  EXPECT_EQ(s.phases.at("detection").quantile(0.5), 2'990'000);
  EXPECT_EQ(s.phases.at("total").quantile(0.5), 3'300'000);
}

TEST(Statistics, HasNoTotalOfWhatHadNoEffect) {
  const RuleStatistics s =
      counted({record("announcement"), record("confirmation", {{"phases", {{"recovery", nullptr}}}})});
  EXPECT_EQ(s.phases.at("detection").count(), 2);
  EXPECT_FALSE(s.phases.contains("total"));
}

TEST(Statistics, AreOfTheRuleAndOfTheTime) {
  Journal journal({record("start"), record("plan"), record("plan", {{"rule", {{"id", "other"}}}}), record("hold"),
                   record("notice"), record("exception"), record("claim_expiry")});
  journal.counted = {{"aws.s3.public-bucket", "when", *parse_time("2026-01-01T00:00:00Z"), 5},
                     {"aws.s3.public-bucket", "when", *parse_time("2026-01-02T00:00:00Z"), 7},
                     {"cloudtrail", "no-pattern", *parse_time("2026-01-01T00:00:00Z"), 1'000}};
  const auto all = statistics_of(Trail(journal), {});
  ASSERT_TRUE(all) << all.error().message;
  EXPECT_EQ(all->records, 7);
  EXPECT_EQ(all->last, 6);
  ASSERT_EQ(all->rules.size(), 2U);
  EXPECT_EQ(all->rules.at("aws.s3.public-bucket").found, 1);
  EXPECT_EQ(all->rules.at("aws.s3.public-bucket").only_counted, (Counts{{"when", 12}}));
  EXPECT_EQ(all->all().found, 2);
  EXPECT_EQ(sum_of(all->all().held), 1);

  RecordFilter filter;
  filter.rule = "other";
  EXPECT_EQ(statistics_of(Trail(journal), filter)->rules.size(), 1U);
  filter.rule = "";
  filter.from = *parse_time("2026-01-01T00:00:03Z");
  filter.to = *parse_time("2026-01-02T00:00:00Z");
  const auto later = statistics_of(Trail(journal), filter);
  EXPECT_EQ(later->first, 3);
  EXPECT_EQ(later->rules.at("aws.s3.public-bucket").found, 0);
  EXPECT_EQ(sum_of(later->rules.at("aws.s3.public-bucket").held), 1);
}

TEST(Statistics, TellNoMoreThanSoManyRulesApart) {
  std::vector<Json> records;
  for (size_t i = 0; i < kRulesMax + 10; ++i)
    records.push_back(record("plan", {{"rule", {{"id", std::to_string(i)}}}}));
  Journal journal(std::move(records));
  const auto statistics = statistics_of(Trail(journal), {});
  EXPECT_EQ(statistics->rules.size(), kRulesMax + 1);
  EXPECT_EQ(statistics->rules.at("(other rules)").found, 10);
}

}  // namespace
}  // namespace kedge
