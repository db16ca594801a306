// The contract: the same random sequences of Changes run against the reference in memory and against SQLite; every
// answer, everything that a reader sees and every record must be the same. A failure prints its seed.
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <deque>
#include <set>

#include "base/json.h"
#include "ledger/claim.h"
#include "ledger/values_json.h"
#include "tests/ledger/change_maker.h"
#include "tests/ledger/memory_ledger.h"
#include "tests/support/fake_clock.h"
#include "tests/support/temporary_directory.h"

namespace kedge {
namespace {

// Small limits, so that all of them are reached.
SqliteLedgerOptions narrow_options() {
  SqliteLedgerOptions options;
  options.notify_alarms = {"on-call"};
  options.notify_dead_letters = {"letters"};
  options.resumed_at_once = 1;
  options.gate.budgets.all.most = 5;
  options.gate.budgets.rule = {4, std::chrono::minutes(2)};
  options.gate.budgets.account.most = 4;
  options.gate.windows["nights"].from = std::chrono::minutes(13 * 60);
  options.own_things = [] { return std::vector<OwnThing>{{"s3:arn:aws:s3:::bucket-7", "ours", false}}; };
  options.gate.flap = Budget{1, std::chrono::hours(2)};
  options.gate.mass_match = Budget{4, std::chrono::minutes(10)};
  options.dead_letters_max = 6;
  options.dead_letter_bytes_max = 4'000;
  options.dead_letters_per_minute = 2;
  options.suppressions_per_minute = 3;
  options.seen_for = std::chrono::hours(24);
  options.journal_horizon = std::chrono::hours(24);
  options.record_bytes_max = 3'000;  // so that some records have parts by digest
  return options;
}

// Two ledgers that should be one. Both have the same id: what is made of it (the ids of notices) is compared too.
class Pair {
 public:
  explicit Pair(uint64_t seed) : maker_(seed, clock_) {
    options_.directory = directory_.path();
    options_.published = [this] { return published_; };
    open();
    reference_ = std::make_unique<MemoryLedger>(clock_, options_, *reader_->ledger_id());
  }

  void run(int groups) {
    for (int i = 0; i < groups && !testing::Test::HasFailure(); ++i) {
      clock_.advance(maker_.pause());
      maker_.set_wall_clock(reference_->now());
      std::vector<Change> group;
      for (uint64_t n = 1 + maker_.below(4); n > 0; --n) group.push_back(maker_.next(*reference_));
      if (!rest_.empty()) group.push_back(next_part());
      published_ = std::max(published_, reference_->head() + 1 - static_cast<int64_t>(maker_.below(30)));
      const auto wanted = reference_->apply(group);
      const auto got = ledger_->apply(group);
      for (size_t k = 0; k < group.size(); ++k) compare(wanted[k], got[k], fmt::format("group {}, {}", i, k), group[k]);
      for (const Answer& answer : wanted) rest_.insert(rest_.end(), answer.more.begin(), answer.more.end());
      if (maker_.below(40) == 0) compare_readers();
      if (maker_.below(60) == 0) reopen();
    }
    compare_readers();
  }

  int64_t journal_begin() { return reader_->journal(0, 1)->front().seq; }

 private:
  void open() {
    Random random(7);
    auto opened = open_sqlite_ledger(options_, clock_, random);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    ledger_ = *std::move(opened);
    reader_ = *open_sqlite_reader(options_.directory);
  }
  Change next_part() {
    const FollowUp part = rest_.front();
    rest_.pop_front();
    return std::visit([](const auto& one) { return Change(one); }, part);
  }
  void reopen() {
    rest_.clear();
    ledger_.reset();
    open();
  }

  static void compare(const Answer& wanted, const Answer& got, const std::string& where, const Change& change) {
    SCOPED_TRACE(fmt::format("{}: change {}", where, change.index()));
    ASSERT_EQ(static_cast<int>(wanted.outcome), static_cast<int>(got.outcome))
        << wanted.error.message << " / " << got.error.message;
    if (!wanted.done()) {
      EXPECT_EQ(wanted.error, got.error) << wanted.error.message << " / " << got.error.message;
    }
    EXPECT_EQ(wanted.seq, got.seq);
    EXPECT_EQ(wanted.dispositions, got.dispositions);
    EXPECT_EQ(wanted.epochs, got.epochs);
    EXPECT_EQ(wanted.go, got.go);
    EXPECT_EQ(wanted.runnable, got.runnable);
    EXPECT_EQ(wanted.notices, got.notices);
    EXPECT_EQ(wanted.more, got.more);
  }

  void compare_readers() {
    LedgerReader& wanted = *reference_;
    EXPECT_EQ(reference_->clock_doubt(), ledger_->clock_doubt());
    EXPECT_EQ(reference_->now(), ledger_->now());
    EXPECT_EQ(wanted.journal_head().value(), reader_->journal_head().value());
    const auto records = wanted.journal(0, SIZE_MAX).value();
    const auto written = reader_->journal(0, SIZE_MAX).value();
    ASSERT_EQ(records.size(), written.size());
    for (size_t i = 0; i < records.size(); ++i) ASSERT_EQ(records[i], written[i]);
    EXPECT_EQ(wanted.positions().value(), reader_->positions().value());
    EXPECT_EQ(wanted.open_remediations().value(), reader_->open_remediations().value());
    const LedgerReader::OpenFilter some{kSampleRule, true, 2};
    EXPECT_EQ(wanted.first_open(some).value(), reader_->first_open(some).value());
    EXPECT_EQ(wanted.open_counts().value(), reader_->open_counts().value());
    const Time soon = ledger_->now() + std::chrono::minutes(10);
    EXPECT_EQ(wanted.unfinished(soon).value(), reader_->unfinished(soon).value());
    EXPECT_EQ(wanted.due(soon).value(), reader_->due(soon).value());
    EXPECT_EQ(wanted.exceptions().value(), reader_->exceptions().value());
    EXPECT_EQ(wanted.pauses().value(), reader_->pauses().value());
    EXPECT_EQ(wanted.dead_letters({}).value(), reader_->dead_letters({}).value());
    EXPECT_EQ(wanted.dead_letter_ranges().value(), reader_->dead_letter_ranges().value());
    EXPECT_EQ(wanted.claims({}, kDialPoints, 1000).value(), reader_->claims({}, kDialPoints, 1000).value());
    const ClaimPlace half{kDialPoints / 2, "", ""};
    EXPECT_EQ(wanted.claims(half, kDialPoints / 4 * 3, 2).value(),
              reader_->claims(half, kDialPoints / 4 * 3, 2).value());
    const Time later = clock_.now() + std::chrono::hours(48);
    EXPECT_EQ(wanted.due_notices(later, 1000).value(), reader_->due_notices(later, 1000).value());
    EXPECT_EQ(wanted.next_notice_due().value(), reader_->next_notice_due().value());
    EXPECT_EQ(wanted.counts(Time{}, later).value(), reader_->counts(Time{}, later).value());
    for (const std::string& id : maker_.remediations()) {
      const auto one = wanted.remediation(id);
      const auto other = reader_->remediation(id);
      ASSERT_EQ(one.ok(), other.ok()) << id;
      if (one) {
        EXPECT_EQ(*one, *other);
      }
    }
    for (const std::string& mark : maker_.marks()) {
      EXPECT_EQ(wanted.attempts_by_mark(mark).value(), reader_->attempts_by_mark(mark).value());
      EXPECT_EQ(wanted.attempts_by_request("request-of-" + mark).value(),
                reader_->attempts_by_request("request-of-" + mark).value());
    }
  }

  FakeClock clock_;
  std::deque<FollowUp> rest_;
  int64_t published_ = 0;  // of the audit log that there might be
  TemporaryDirectory directory_;
  SqliteLedgerOptions options_ = narrow_options();
  ChangeMaker maker_;
  std::unique_ptr<MemoryLedger> reference_;
  std::unique_ptr<Ledger> ledger_;
  std::unique_ptr<LedgerReader> reader_;
};

class ContractTest : public testing::TestWithParam<uint64_t> {};

TEST_P(ContractTest, SqliteAnswersAndRecordsAsTheReferenceDoes) {
  SCOPED_TRACE(fmt::format("seed {}", GetParam()));
  Pair pair(GetParam());
  pair.run(200);
  EXPECT_GT(pair.journal_begin(), 0) << "records were let go, too";
}

TEST(ChangeMaker, LeadsToAWordOfEveryGuardAndToMoreThanOneCommit) {
  FakeClock clock;
  MemoryLedger ledger(clock, narrow_options());
  ChangeMaker maker(1, clock);
  std::set<size_t> left_to_later;  // by kind
  for (int i = 0; i < 12'000; ++i) {
    clock.advance(maker.pause());
    const Change change = maker.next(ledger);
    const Answer answer = ledger.apply({&change, 1}).at(0);
    for (const FollowUp& part : answer.more) left_to_later.insert(part.index());
  }
  EXPECT_EQ(left_to_later.size(), 2U) << "more goes on than one commit does: by a person's word, and by itself";
  std::set<std::string> spoke;
  const auto journal = ledger.journal(0, SIZE_MAX).value();
  for (const JournalEntry& entry : journal) spoke.insert(parse_json(entry.bytes)->value("guard", ""));
  for (const char* guard : {"rule", "restored", "pause", "exception", "self-protection", "stale", "reconcile", "flap",
                            "mass-match", "window", "approval", "rule-breaker", "breaker", "locks", "budget"}) {
    EXPECT_TRUE(spoke.contains(guard)) << guard;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, ContractTest, testing::Range<uint64_t>(1, 7));

}  // namespace
}  // namespace kedge
