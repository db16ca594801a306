#include "tests/remediate/play.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "ledger/progress.h"

namespace kedge {
namespace {

SqliteLedgerOptions ledger_options(int remediations_per_minute) {
  SqliteLedgerOptions options;
  options.gate.flap.reset();
  options.gate.mass_match.reset();
  options.gate.rule_breaker.reset();
  BudgetLimits& budgets = options.gate.budgets;
  for (Budget* budget : {&budgets.all, &budgets.account, &budgets.action, &budgets.rule}) {
    *budget = {remediations_per_minute, std::chrono::minutes(1)};
  }
  return options;
}

}  // namespace

Step set_step(const std::string& name, const std::string& value, const std::string& action) {
  Step step;
  step.action = action;
  step.args = {{"name", name}, {"value", value}};
  return step;
}

Play::Play(uint64_t seed, int remediations_per_minute)
    : Play(std::make_unique<FakeClock>(), nullptr, seed, remediations_per_minute) {}

Play::Play(Cast cast) : Play(nullptr, &cast, 1, 1000) {}

Play::Play(std::unique_ptr<FakeClock> own, Cast* cast, uint64_t seed, int remediations_per_minute)
    : own_clock(std::move(own)),
      clock(own_clock ? *own_clock : cast->clock),
      ledger(clock, ledger_options(remediations_per_minute)),
      committer(ledger, runnable, {}),
      random(seed),
      world(clock, [this](Duration span) { clock.advance(span); }),
      actions(cast ? std::move(cast->actions) : fake_actions()),
      breakers(std::in_place, std::nullopt, random),
      edges_{actions,
             committer,
             ledger,
             runnable,
             cast ? cast->http : static_cast<HttpClient&>(world),
             cast && cast->hosts ? *cast->hosts : static_cast<Hosts&>(no_hosts),
             clock,
             random,
             *breakers,
             [this](const Remediation* of) { return effects_stopped(of); }} {
  options.redaction_salt = "salt";
  worker = std::make_unique<Worker>(edges_, options, write_places);
  commit(sample_rules());
}

// As the daemon does.
std::optional<Stop> Play::effects_stopped(const Remediation* of) {
  if (asked) asked();
  if (stopped) return Stop{*stopped};
  if (ledger.clock_doubt()) return Stop{"the wall clock is off", false, true};
  const auto pauses = ledger.pauses();
  for (const Pause& pause : *pauses) {
    const bool in_the_way = of != nullptr ? pause_concerns(pause.scope, *of) : pauses_everything(pause.scope);
    if (in_the_way) return Stop{pause.reason, true};
  }
  return std::nullopt;
}

std::string Play::open(std::vector<Step> revert, Policy policy, std::vector<Step> confirm) {
  const int number = ++findings_;
  Finding finding = sample_finding(number, "target-" + std::to_string(number), ledger.now());
  finding.plan.revert = std::move(revert);
  finding.plan.confirm = std::move(confirm);
  finding.policy = std::move(policy);
  return commit_finding(std::move(finding));
}

std::string Play::isolate(std::vector<Step> isolate, std::vector<Step> revert, Policy policy) {
  const int number = ++findings_;
  Finding finding = sample_finding(number, "target-" + std::to_string(number), ledger.now());
  finding.plan.isolate = std::move(isolate);
  finding.plan.revert = std::move(revert);
  finding.policy = std::move(policy);
  return commit_finding(std::move(finding));
}

std::string Play::commit_finding(Finding finding) {
  finding.policy.mode = Mode::enforce;
  found_.push_back(finding);
  CommitBatch batch;
  batch.findings = {finding};
  EXPECT_TRUE(commit(batch).done());
  take_up(finding.remediation);
  return finding.remediation;
}

void Play::find_again(const std::string& id) {
  for (const Finding& first : found_) {
    if (first.remediation != id) continue;
    Finding finding = first;
    const int number = ++findings_;
    finding.remediation = sample_id(number);
    finding.key = sample_finding(number, "", ledger.now()).key;
    CommitBatch batch;
    batch.findings = {finding};
    EXPECT_EQ(commit(batch).dispositions.at(0).kind, Disposition::Kind::joined);
    return;
  }
}

void Play::use_breakers(BreakerLimits limits) {
  breakers.emplace(limits, random);
  worker = std::make_unique<Worker>(edges_, options, write_places);
}

void Play::take_up(const std::string& id) { job = worker->make_job(*ledger.remediation(id), false); }

void Play::crash(const std::string& id) { job = worker->make_job(*ledger.remediation(id), true); }

// What lies in the ledger alone is taken up when its time comes near, as the executor does. False: it has no such time,
// or none before `end`.
bool Play::comes_near(const std::string& id, Duration end) {
  const auto stored = ledger.remediation(id);
  if (!stored->due || *stored->due <= ledger.now()) return false;
  const Duration near = clock.elapsed() + (*stored->due - ledger.now()) - options.in_hand;
  clock.advance(std::max(Duration{0}, std::min(near, end + Duration{1}) - clock.elapsed()));
  take_up(id);
  return near <= end;
}

State Play::run(const std::string& id, Duration span) {
  const Duration end = clock.elapsed() + span;
  while (clock.elapsed() <= end) {
    job->endpoint_held = job->endpoint;
    const Worker::Rest rest = worker->run(*job);
    if (rest.kind == Worker::Rest::Kind::over && !comes_near(id, end)) break;
    if (rest.kind == Worker::Rest::Kind::timed) {
      const Duration until = std::min(rest.until, end + Duration{1});
      clock.advance(std::max(Duration{0}, until - clock.elapsed()));
    }
  }
  return state(id);
}

Remediation Play::stored(const std::string& id) {
  auto found = ledger.remediation(id);
  EXPECT_TRUE(found.ok());
  return *found;
}

std::string Play::story() {
  std::string kinds;
  const auto journal = ledger.journal(0, 10'000);
  for (const JournalEntry& entry : *journal) {
    const Json record = *parse_json(entry.bytes);
    const std::string kind = record.at("kind");
    if (kind == "genesis" || kind == "rules_loaded") continue;
    kinds += (kinds.empty() ? "" : " ") + kind;
  }
  return kinds;
}

}  // namespace kedge
