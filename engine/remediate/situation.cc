#include "remediate/situation.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

#include "base/bytes.h"
#include "ledger/progress.h"
#include "plan/redaction.h"
#include "remediate/backoff.h"

namespace kedge {

Situation::Situation(Remediation taken, const ActionCatalog& actions, const ExecutorOptions& settings,
                     Random& randomness, bool after_doubt)
    : remediation(std::move(taken)),
      effects(remediation.plan.effects()),
      catalog(actions),
      options(settings),
      random(randomness),
      resumed(after_doubt) {
  remediation.steps.resize(effects.size());
}

std::optional<size_t> Situation::unstarted() const {
  const auto& steps = remediation.steps;
  const auto first = std::find_if(steps.begin(), steps.end(),
                                  [](const StepProgress& p) { return p.status == StepStatus::pending && !p.before; });
  if (first == steps.begin() || first == steps.end()) return std::nullopt;
  return static_cast<size_t>(first - steps.begin());
}

bool Situation::has_open_attempt() const {
  const auto& steps = remediation.steps;
  return std::any_of(steps.begin(), steps.end(), [](const auto& p) { return p.status == StepStatus::attempted; });
}

bool was_written(const StepProgress& progress) {
  return progress.before && progress.attempts > 0 && progress.status != StepStatus::already &&
         progress.status != StepStatus::pending && progress.status != StepStatus::undone;
}

bool Situation::isolates() const {
  const auto& steps = remediation.steps;
  return std::any_of(steps.begin(), steps.begin() + static_cast<std::ptrdiff_t>(remediation.plan.isolate.size()),
                     was_written);
}

std::optional<std::string> Situation::unsupported() const {
  std::vector<const Step*> all = effects;
  for (const Step& step : remediation.plan.confirm) all.push_back(&step);
  for (const Step* step : all) {
    const ActionSpec* known = catalog.find(step->action);
    if (!known) return fmt::format("this engine has no action {}", step->action);
    if (known->version != step->version) {
      return fmt::format("the plan was made for version {} of the arguments of {}; this engine has version {}",
                         step->version, step->action, known->version);
    }
  }
  return std::nullopt;
}

const ActionSpec& Situation::spec(const Step& step) const { return *catalog.find(step.action); }

CapturedState Situation::capture(const Step& step, nlohmann::json state) const {
  CapturedState captured;
  captured.shown = redacted_state(spec(step), step.args, state, options.redaction_salt);
  captured.full = std::move(state);
  return captured;
}

std::vector<std::string> Situation::touches() const {
  std::vector<std::string> keys = remediation.touches;
  for (const Step* step : effects) {
    const ActionSpec* known = catalog.find(step->action);
    if (!known || !known->touches) continue;
    const auto more = known->touches(step->args);
    keys.insert(keys.end(), more.begin(), more.end());
  }
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  return keys;
}

std::string Situation::make_mark() { return to_hex(random.bytes(16)); }

Duration Situation::retry_delay(int failures, std::optional<Duration> retry_after) {
  return kedge::retry_delay(random, options.retry_first, options.retry_most, failures, retry_after);
}

Duration Situation::poll_delay(int polls) const {
  return kedge::poll_delay(options.poll_first, options.poll_most, polls);
}

Submit Situation::hold(std::string guard, std::string reason, nlohmann::json figures) const {
  MoveRemediation change;
  change.remediation = remediation.id;
  change.move = Move::hold;
  change.guard = std::move(guard);
  change.reason = std::move(reason);
  change.figures = std::move(figures);
  return {std::move(change)};
}

Submit Situation::wait(const OpenBreaker& breaker) const {
  MoveRemediation change;
  change.remediation = remediation.id;
  change.move = Move::wait;
  change.guard = kBreaker;
  change.reason = reason_of(breaker, remediation.id, remediation.state);
  change.figures = figures_of(breaker);
  change.due = breaker.until;
  return {std::move(change)};
}

std::string Situation::endpoint_of(const Step& step) const {
  const ActionSpec* known = catalog.find(step.action);
  return known && known->endpoint ? known->endpoint(step.args).name() : "";
}

std::optional<OpenBreaker> Situation::shut(const Moment& m, const Step& step) const {
  return m.shut ? m.shut(endpoint_of(step)) : std::nullopt;
}

Duration Situation::asked_again(const Moment& m, Time until) {
  const auto spread = static_cast<int64_t>(random.below(static_cast<uint64_t>(options.breaker_spread.count()) + 1));
  return m.elapsed + std::max(Duration{0}, until - m.now) + Duration(spread);
}

void Situation::started(const Start& start) {
  take_befores(remediation, start);
  remediation.state = State::running;
  attempted(start.step, start.mark, false);
}

void Situation::attempted(size_t step, const std::string& mark, bool undo) {
  begin_attempt(remediation, step, mark, undo);
}

void Situation::recorded(const StepOutcome& outcome) {
  if (auto ended = end_attempt(remediation, outcome); !ended) {
    spdlog::error("remediation {}: the ledger took an outcome that does not fit: {}", remediation.id,
                  ended.error().message);
  }
}

void Situation::isolated(const Moment& m) {
  remediation.state = State::isolated;
  remediation.due = m.now + lease_of(remediation);
}

StepOutcome open_outcome(size_t step, int attempt, std::string mark, Time at) {
  StepOutcome outcome;
  outcome.step = step;
  outcome.attempt = attempt;
  outcome.mark = std::move(mark);
  outcome.result = StepOutcome::Result::unknown;
  outcome.started = at;
  outcome.finished = at;
  return outcome;
}

std::string words_of(const ActionError& error) {
  if (error.code.empty()) return error.message;
  if (error.message.empty()) return error.code;
  return error.message.find(error.code) == std::string::npos ? error.code + ": " + error.message : error.message;
}

}  // namespace kedge
