#include "bench/ledger/open.h"

#include <algorithm>
#include <functional>

#include "bench/ledger/noting_ledger.h"
#include "bench/ledger/past.h"
#include "bench/ledger/remediations.h"

namespace kedge {
namespace {

constexpr int64_t kAtOnce = 128;

class Maker {
 public:
  explicit Maker(std::string directory) : directory_(std::move(directory)) {}

  // Opens so many, and starts them under `gate`; each must be answered with `go`.
  void start(int64_t count, const GateLimits& gate, Go go, const std::function<void(Finding&)>& change = {}) {
    SqliteLedgerOptions options = bench_ledger_options(directory_);
    options.gate = gate;
    NotingLedger ledger(options, clock_, random_, false);
    apply(ledger, {bench_rules()});
    for (; count > 0; count -= kAtOnce) {
      std::vector<Change> starts;
      for (const Finding& finding : decide(ledger, std::min(count, kAtOnce), change)) {
        starts.emplace_back(RemediationMaker::start(finding.remediation, finding.plan.target, ledger.head()));
      }
      for (const Answer& answer : apply(ledger, starts)) {
        if (answer.go->go != go) fail("a remediation stands elsewhere than it should: " + answer.go->reason);
      }
      ledger.groups();
    }
  }

  void open(int64_t count) {
    NotingLedger ledger(bench_ledger_options(directory_), clock_, random_, false);
    apply(ledger, {bench_rules()});
    for (; count > 0; count -= kAtOnce) decide(ledger, std::min(count, kAtOnce), {});
  }

 private:
  static std::vector<Answer> apply(Ledger& ledger, const std::vector<Change>& changes) {
    std::vector<Answer> answers = ledger.apply(changes);
    for (const Answer& answer : answers) {
      if (!answer.done()) fail(answer.error.message);
    }
    return answers;
  }

  std::vector<Finding> decide(Ledger& ledger, int64_t count, const std::function<void(Finding&)>& change) {
    CommitBatch batch;
    for (int64_t i = 0; i < count; ++i) {
      batch.findings.push_back(maker_.finding(ledger.now()));
      if (change) change(batch.findings.back());
    }
    std::vector<Finding> findings = batch.findings;
    apply(ledger, {std::move(batch)});
    return findings;
  }

  const std::string directory_;
  SystemClock clock_;
  Random random_;
  RemediationMaker maker_{"open-"};
};

}  // namespace

void make_open(const std::string& directory, const OpenMix& mix) {
  // What runs is counted in the same windows as what waits for a budget, so that there is no room in them.
  const Budget of_running{1'000'000'000, std::chrono::hours(1)};
  const Budget few{5, std::chrono::hours(1)};
  GateLimits ample = bench_ledger_options(directory).gate;
  ample.budgets = {of_running, of_running, of_running, of_running};
  GateLimits spent = ample;
  spent.budgets = {few, few, few, few};
  GateLimits standard;
  Maker maker(directory);
  maker.start(mix.running, ample, Go::go);
  maker.start(mix.waiting, spent, Go::wait);
  maker.start(mix.expiring, ample, Go::held, [](Finding& finding) { finding.policy.approvals = 1; });
  standard.mass_match->most = 0;
  maker.start(mix.held, standard, Go::held);
  maker.open(mix.planned);
}

}  // namespace kedge
