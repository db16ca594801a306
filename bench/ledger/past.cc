#include "bench/ledger/past.h"

#include <algorithm>
#include <iostream>

#include "bench/ledger/noting_ledger.h"
#include "bench/ledger/remediations.h"

namespace kedge {
namespace {

constexpr Duration kSpan = std::chrono::hours(24 * 89);  // within the undo horizon
constexpr int64_t kAtOnce = 128;

// Time that passes when it is told to, up to now.
class PastClock final : public Clock {
 public:
  Time now() override { return start_ + passed_; }
  Duration elapsed() override { return passed_; }
  std::string boot_id() override { return "past"; }
  void advance(Duration span) { passed_ += span; }

 private:
  const Time start_ = SystemClock().now() - kSpan;
  Duration passed_{0};
};

void apply_all(Ledger& ledger, const std::vector<Change>& changes) {
  for (const Answer& answer : ledger.apply(changes)) {
    if (!answer.done()) fail(answer.error.message);
    if (answer.go && answer.go->go != Go::go) fail("a remediation of the past did not go: " + answer.go->reason);
  }
}

void live_through(Ledger& ledger, RemediationMaker& maker, Time now, int64_t remediations) {
  CommitBatch batch;
  for (int64_t i = 0; i < remediations; ++i) batch.findings.push_back(maker.finding(now));
  const std::vector<Finding> findings = batch.findings;
  apply_all(ledger, {std::move(batch)});
  std::vector<Change> changes;
  for (const Finding& finding : findings) {
    changes.emplace_back(RemediationMaker::start(finding.remediation, finding.plan.target, ledger.head()));
    changes.emplace_back(RemediationMaker::outcome(finding.remediation, now));
    changes.emplace_back(RemediationMaker::conclude(finding.remediation, ledger.head()));
  }
  apply_all(ledger, changes);
}

}  // namespace

SqliteLedgerOptions bench_ledger_options(const std::string& directory) {
  const Budget ample{1'000'000'000, std::chrono::minutes(1)};
  SqliteLedgerOptions options;
  options.directory = directory;
  options.gate.budgets = {ample, ample, ample, ample};
  options.gate.mass_match.reset();
  return options;
}

void make_past(const std::string& directory, int64_t remediations) {
  PastClock clock;
  Random random;
  NotingLedger ledger(bench_ledger_options(directory), clock, random, false);
  apply_all(ledger, {bench_rules()});
  RemediationMaker maker("past-");
  for (int64_t made = 0; made < remediations; made += kAtOnce) {
    const int64_t count = std::min(kAtOnce, remediations - made);
    live_through(ledger, maker, clock.now(), count);
    clock.advance(kSpan / remediations * count);
    if (made / 100'000 != (made + count) / 100'000) std::cerr << made + count << " of the past are made\n";
    ledger.groups();
  }
}

}  // namespace kedge
