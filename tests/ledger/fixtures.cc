#include "tests/ledger/fixtures.h"

#include <fmt/format.h>

namespace kedge {

LoadRules sample_rules(Mode mode, const std::string& rule) {
  LoadedRule loaded;
  loaded.id = rule;
  loaded.version = "version-1";
  loaded.policy.mode = mode;
  loaded.bundle = "{\"rule.lua\":\"...\"}";
  return {"rules-1", "/rules", {loaded}};
}

Plan sample_plan(const std::string& target, size_t steps, const std::string& rule) {
  Plan plan;
  plan.rule = {rule, "version-1"};
  plan.target = target;
  plan.notify = {"security"};
  for (size_t i = 0; i < steps; ++i) {
    Step step;
    step.action = fmt::format("test.step{}", i);
    step.args = {{"bucket", target}};
    plan.revert.push_back(step);
  }
  return plan;
}

std::string sample_id(int number) { return fmt::format("018f0000-0000-7000-8000-{:012}", number); }

Finding sample_finding(int number, const std::string& target, Time now, size_t steps) {
  Finding finding;
  finding.remediation = sample_id(number);
  finding.key = fmt::format("{:064x}", number);
  finding.plan = sample_plan(target, steps);
  finding.policy.mode = Mode::enforce;
  finding.policy.severity = Severity::high;
  finding.policy.title = "S3 bucket made public";
  finding.event.source = "aws.s3";
  finding.event.id = fmt::format("event-{}", number);
  finding.event.account = "123456789012";
  finding.event.document = fmt::format("{{\"id\":\"event-{}\"}}", number);
  finding.event.partition = {"cloudtrail", "events", 0};
  finding.event.offset = number;
  finding.event.principal = "arn:aws:iam::123456789012:user/alice";
  finding.times = {now - std::chrono::seconds(2), now - std::chrono::seconds(1), now};
  return finding;
}

CommitBatch batch_of(std::vector<Finding> findings) {
  CommitBatch batch;
  batch.findings = std::move(findings);
  return batch;
}

CapturedState captured(const std::string& what) { return {{{"is", what}}, {{"is", what}}}; }

Start sample_start(const std::string& remediation, const std::string& target, int64_t observed_from, size_t steps) {
  Start start;
  start.remediation = remediation;
  start.observed_from = observed_from;
  start.touches = {"s3:" + target};
  for (size_t i = 0; i < steps; ++i) start.befores.push_back({i, false, captured("public")});
  start.mark = "mark-of-" + remediation;
  return start;
}

StepOutcome sample_outcome(size_t step, int attempt, const std::string& mark, Time now) {
  StepOutcome outcome;
  outcome.step = step;
  outcome.attempt = attempt;
  outcome.mark = mark;
  outcome.request_ids = {"request-of-" + mark};
  outcome.writes = 1;
  outcome.started = now;
  outcome.finished = now;
  outcome.after = captured("private");
  return outcome;
}

}  // namespace kedge
