#include "ledger/progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "base/json.h"
#include "guard/restored.h"
#include "ledger/claim.h"

namespace kedge {
namespace {

constexpr std::string_view kFileScope = "file:";

bool is_redriven(const std::string& origin) { return origin == "redrive"; }

// How much what asks for it is worth: a live event more than what reconcile found, and that more than an old event.
int worth_of(const std::string& origin) { return origin == "event" ? 2 : is_redriven(origin) ? 0 : 1; }

// Nothing was attempted for it, and nothing is being attempted.
bool is_unwritten(const Remediation& r) { return is_before_writing(r.state) && !has_written(r); }

// Two events about one target need not ask for the same: each may name rules of a security group of its own, or only
// one of them a block that was removed. A plan that only tells people says what no other says.
bool does_all_of(const Plan& newer, const Plan& older) {
  const auto steps = newer.effects();
  const auto wanted = older.effects();
  const auto same = [](const Step& a, const Step& b) {
    return a.action == b.action && a.version == b.version && a.args == b.args;
  };
  return !wanted.empty() && std::all_of(wanted.begin(), wanted.end(), [&](const Step* step) {
    return std::any_of(steps.begin(), steps.end(), [&](const Step* other) { return same(*step, *other); });
  });
}

// An outcome of the attempt that put the world back.
void end_undo(StepProgress& step, const StepOutcome& outcome) {
  if (outcome.result == StepOutcome::Result::applied || outcome.result == StepOutcome::Result::already) {
    step.status = StepStatus::undone;
  }
}

void end_effect(Remediation& r, StepProgress& step, const StepOutcome& outcome) {
  using Result = StepOutcome::Result;
  if (outcome.after) {
    step.after = outcome.after;
    step.after_all = false;
  }
  switch (outcome.result) {
    case Result::applied:
      step.status = StepStatus::applied;
      if (!r.first_effect) r.first_effect = outcome.finished;
      r.last_effect = outcome.finished;
      break;
    case Result::already:
      step.status = StepStatus::already;
      if (!step.before) step.before = outcome.after;  // nothing of ours has touched it
      break;
    case Result::refused:
    case Result::failed:
      step.status = StepStatus::failed;
      break;
    case Result::retry:
    case Result::unknown:
      break;  // what the attempt did is still to be found out
  }
}

// The account in an ARN: arn:partition:service:region:ACCOUNT:resource.
std::string account_in(const std::string& arn) {
  if (!arn.starts_with("arn:")) return "";
  size_t begin = 0;
  for (int field = 0; field < 4; ++field) {
    begin = arn.find(':', begin);
    if (begin == std::string::npos) return "";
    ++begin;
  }
  return arn.substr(begin, arn.find(':', begin) - begin);
}

Result<Transition> allowed(const Remediation& r, Move move, std::initializer_list<Move> moves,
                           std::string_view change) {
  if (std::find(moves.begin(), moves.end(), move) != moves.end()) return transition(r.state, move);
  return Error{ErrorCode::invalid, fmt::format("{} does not {}", change, to_string(move))};
}

// An attempt where the remediation stands in one of `states`.
Result<Transition> attempt_from(const Remediation& r, std::initializer_list<State> states, std::string_view change) {
  if (std::find(states.begin(), states.end(), r.state) != states.end()) return transition(r.state, Move::attempt);
  return Error{ErrorCode::refused, fmt::format("{} is {}: there is no {} then", r.id, to_string(r.state), change)};
}

}  // namespace

Result<Transition> transition_by(const RecordOutcome& change, const Remediation& r) {
  return allowed(r, change.move, {Move::apply_all, Move::outcome, Move::lose_sight, Move::fail, Move::undo, Move::hold},
                 "an outcome");
}

Result<Transition> transition_by(const Conclude& change, const Remediation& r) {
  if ((change.move == Move::announce) != r.steps.empty()) {
    return Error{ErrorCode::refused, r.steps.empty() ? r.id + " has no step: it can only be announced"
                                                     : r.id + " has steps: it is not only announced"};
  }
  return allowed(r, change.move,
                 {Move::confirm, Move::give_up_confirming, Move::finish_undo, Move::refuse, Move::fail, Move::isolate,
                  Move::announce},
                 "a conclusion");
}

Result<Transition> transition_by(const MoveRemediation& change, const Remediation& r) {
  return allowed(r, change.move,
                 {Move::hold, Move::wait, Move::resume, Move::supersede, Move::expire, Move::release, Move::undo},
                 "the executor");
}

Result<Transition> transition_by(const PersonalMove& change, const Remediation& r) {
  if (change.move == Move::undo && !has_written(r)) {
    return Error{ErrorCode::refused, r.id + " changed nothing: there is nothing to undo"};
  }
  if (change.move == Move::resume && !change.approves && r.state == State::held) {
    return Error{ErrorCode::refused, r.id +
                                         " is held and waits for nothing that comes by itself: kedge remediation "
                                         "approve " +
                                         r.id + " lets it go on"};
  }
  if (change.move == Move::resume && change.approves && r.policy.approvals > 0 && change.actor == r.requester) {
    return Error{ErrorCode::refused, r.id + " was asked for by " + r.requester + ": somebody else has to approve it"};
  }
  return allowed(r, change.move, {Move::resume, Move::cancel, Move::undo, Move::release}, "a person");
}

Result<Transition> transition_by(const Start&, const Remediation& r) {
  return attempt_from(r, {State::planned, State::running}, "start");
}

Result<Transition> transition_by(const Attempt&, const Remediation& r) {
  return attempt_from(r, {State::running, State::unknown, State::confirming}, "further attempt");
}

Result<Transition> transition_by(const AttemptUndo&, const Remediation& r) {
  return attempt_from(r, {State::undoing, State::releasing}, "attempt of an undo");
}

std::optional<Transition> transition_by_waiting(const Verdict& verdict, const Remediation& r) {
  const auto waits = transition(r.state, Move::wait);
  if (!waits || r.guard == verdict.guard) return std::nullopt;
  return *waits;
}

Remediation opened_by(const Finding& finding) {
  Remediation r;
  r.id = finding.remediation;
  r.key = finding.key;
  r.plan = finding.plan;
  r.shown_plan = finding.shown_plan;
  r.policy = finding.policy;
  r.event = finding.event;
  r.event.document.clear();
  if (!finding.event.document.empty()) r.event.document_digest = sha256(finding.event.document).hex();
  r.times = finding.times;
  r.origin = finding.origin;
  r.requester = finding.requester;
  r.steps.resize(finding.plan.effects().size());
  return r;
}

bool has_written(const Remediation& r) {
  return std::any_of(r.steps.begin(), r.steps.end(), [](const StepProgress& step) { return step.attempts > 0; });
}

// One of a redriven event, or of reconcile, is held until a person decides: what a live event asks for does not wait
// for that. What was confirmed before it is found again cannot take it in: it waits for its end.
bool joins(const Finding& finding, const Remediation& r) {
  if (r.state == State::undoing || r.state == State::releasing || r.state == State::isolated) return false;
  if (worth_of(r.origin) < worth_of(finding.origin) && is_unwritten(r)) return false;
  return finding.plan == r.plan && finding.policy == r.policy;
}

bool gives_way(const Remediation& r, const Finding& finding) {
  return is_unwritten(r) && worth_of(finding.origin) >= worth_of(r.origin) && does_all_of(finding.plan, r.plan);
}

Result<void> check_seek(const SeekPosition& seek, const std::optional<StoredPosition>& stored) {
  const std::string name = to_string(seek.partition);
  if (!stored) {
    return Error{ErrorCode::not_found, name +
                                           " was never read, so there is no position to move: `kedge source list` "
                                           "shows what is read"};
  }
  if (stored->position.cluster != seek.cluster) {
    return Error{ErrorCode::conflict, fmt::format("{} was read from the cluster {}, and this one is {}: `kedge source "
                                                  "accept` takes it over first",
                                                  name, stored->position.cluster, seek.cluster)};
  }
  return {};
}

Result<void> check_step(const Remediation& r, size_t step) {
  if (step < r.steps.size()) return {};
  return Error{ErrorCode::invalid,
               fmt::format("{} has {} steps, and none with the number {}", r.id, r.steps.size(), step)};
}

Move move_of(const Verdict& verdict, const Remediation& r) {
  if (verdict.kind == Verdict::Kind::wait) return Move::wait;
  return verdict.kind == Verdict::Kind::refuse && !has_written(r) ? Move::refuse : Move::hold;
}

Go go_of(Move move) { return move == Move::wait ? Go::wait : move == Move::refuse ? Go::refused : Go::held; }

Result<void> check_part(const Start& start, const Remediation& r) {
  const auto is_open = [&](const StepBefore& before) { return before.step == start.step && !before.holds; };
  if (std::none_of(start.befores.begin(), start.befores.end(), is_open)) {
    return Error{ErrorCode::invalid, fmt::format("step {} was not observed, or holds already", start.step)};
  }
  for (const StepBefore& before : start.befores) {
    if (auto known = check_step(r, before.step); !known) return known;
    const StepProgress& step = r.steps[before.step];
    if (r.state == State::planned || (!step.before && step.status == StepStatus::pending)) continue;
    return Error{ErrorCode::conflict, fmt::format("step {} of {} was started already", before.step, r.id)};
  }
  return {};
}

Result<void> check_observed(const Remediation& r, size_t step) {
  if (r.steps[step].before) return {};
  return Error{ErrorCode::conflict, fmt::format("step {} of {} was never observed: it needs a start", step, r.id)};
}

void take_befores(Remediation& r, const Start& start) {
  const bool written = has_written(r);
  if (!start.befores.empty() && start.befores.front().step == 0) r.observed_from = start.observed_from;
  for (const StepBefore& before : start.befores) {
    if (before.step >= r.steps.size()) continue;
    StepProgress& step = r.steps[before.step];
    if (!written || !step.before) step.before = before.state;
    if (before.holds && step.status == StepStatus::pending) step.status = StepStatus::already;
    if (!before.holds && step.status == StepStatus::already) step.status = StepStatus::pending;
  }
  const std::vector<std::string> locked = written ? r.touches : std::vector<std::string>{};
  r.touches = start.touches.empty() ? std::vector<std::string>{r.plan.target} : start.touches;
  r.touches.insert(r.touches.end(), locked.begin(), locked.end());
  std::sort(r.touches.begin(), r.touches.end());
  r.touches.erase(std::unique(r.touches.begin(), r.touches.end()), r.touches.end());
}

Result<void> check_undo_attempt(const Remediation& r, const AttemptUndo& attempt) {
  const int had = r.steps[attempt.step].undo_attempts;
  if (attempt.attempt == had + 1) return {};
  return Error{ErrorCode::conflict, fmt::format("the undo of step {} has had {} attempts, so the next is not number {}",
                                                attempt.step, had, attempt.attempt)};
}

void begin_attempt(Remediation& r, size_t number, const std::string& mark, bool undo) {
  StepProgress& step = r.steps[number];
  step.mark = mark;
  step.undo = undo;
  if (undo) {
    ++step.undo_attempts;
    return;
  }
  step.after_all = false;
  step.status = StepStatus::attempted;
  ++step.attempts;
}

Result<void> end_attempt(Remediation& r, const StepOutcome& outcome) {
  if (auto known = check_step(r, outcome.step); !known) return known;
  StepProgress& step = r.steps[outcome.step];
  if (!outcome.mark.empty() && outcome.mark != step.mark) {
    return Error{ErrorCode::conflict, fmt::format("the outcome is of the attempt {} of step {}, but {} is the latest",
                                                  outcome.mark, outcome.step, step.mark)};
  }
  if (r.state == State::undoing && (step.undo || outcome.mark.empty())) {
    end_undo(step, outcome);
  } else {
    end_effect(r, step, outcome);
  }
  return {};
}

void take_afters(Remediation& r, const Conclude& conclude, Time now) {
  const bool restores = conclude.move == Move::finish_undo || r.state == State::releasing;
  const bool proves = !restores && (conclude.move == Move::confirm || conclude.move == Move::isolate);
  for (const auto& [number, state] : conclude.afters) {
    if (number >= r.steps.size()) continue;
    r.steps[number].after = state;
    r.steps[number].after_all = proves;
    if (restores && r.steps[number].status == StepStatus::applied) r.steps[number].status = StepStatus::undone;
  }
  for (StepProgress& step : r.steps) {
    if (proves && step.status == StepStatus::pending) step.status = StepStatus::already;
    if (proves && step.status == StepStatus::attempted) {
      step.status = StepStatus::applied;  // its outcome was never told, but it was sent, and the world is as it wanted
      if (!r.first_effect) r.first_effect = now;
      if (!r.last_effect) r.last_effect = now;
    }
    if (conclude.move == Move::finish_undo && step.status == StepStatus::applied) step.status = StepStatus::undone;
  }
}

void move_to(Remediation& r, const Transition& transition, Standstill why, Time now) {
  const bool begins_undo =
      transition.from != transition.to && (transition.move == Move::undo || transition.move == Move::release);
  if (begins_undo) {
    for (StepProgress& step : r.steps) step.undo_attempts = 0;
  }
  r.state = transition.to;
  r.guard = std::move(why.guard);
  r.reason = std::move(why.reason);
  r.figures = std::move(why.figures);
  r.due = why.due;
  r.ended = is_end(r.state) ? std::optional(now) : std::nullopt;
}

bool undoes_itself(const Transition& transition, const Json& details) {
  const bool begins = transition.move == Move::undo && transition.from != transition.to;
  return begins && !(details.is_object() && details.contains("actor"));
}

Standstill standstill_after(const RecordOutcome& change) {
  if (change.move != Move::hold) return {"", change.reason, {}, {}};
  const StepOutcome& outcome = change.outcome;
  return {"outcome",
          change.reason,
          {{"attempt", outcome.attempt},
           {"result", to_string(outcome.result)},
           {"code", outcome.code},
           {"writes", outcome.writes}},
          {}};
}

Standstill standstill_after(const Conclude& change, const Remediation& r, Time now) {
  if (change.move != Move::isolate) return {"", change.reason, {}, {}};
  return {"", change.reason, {}, now + lease_of(r)};
}

Duration lease_of(const Remediation& r) {
  return r.policy.lease.value_or(r.plan.replace.empty() ? std::chrono::hours(24) : Duration{0});
}

ScopedBudget releases_of(const GateLimits& limits) { return {"releases", limits.releases}; }

Answer wait_for(const BudgetFigures& releases) {
  Answer answer;
  answer.go =
      GoAnswer{Go::wait, "releases",
               fmt::format("{} leases were released lately, and {} may be", releases.spent, to_string(releases.budget)),
               releases.room};
  return answer;
}

Result<void> check_exception(const Exception& exception, Time time_of_day) {
  const auto missing = [](const char* what) {
    return Error{ErrorCode::invalid, fmt::format("an exception needs {}", what)};
  };
  if (exception.id.empty()) return missing("an id");
  if (exception.rule.empty()) return missing("a rule's id, or * for all");
  if (exception.target.empty()) return missing("a target");
  if (exception.owner.empty()) return missing("an owner");
  if (exception.reason.empty()) return missing("a reason");
  if (exception.expires <= time_of_day) return missing("an expiry that lies ahead");
  const size_t star = exception.target.find('*');
  if (star != std::string::npos && star + 1 != exception.target.size()) {
    return Error{ErrorCode::invalid, "the target of an exception may have one * at its end, and nowhere else"};
  }
  return {};
}

Result<void> check_scope(const std::string& scope) {
  for (const std::string_view kind : {std::string_view("rule:"), std::string_view("account:"), kFileScope}) {
    if (scope.starts_with(kind) && scope.size() > kind.size()) return {};
  }
  if (scope == "all" || scope == kRestored) return {};
  return Error{ErrorCode::invalid, fmt::format("'{}' is not a scope; it is all, rule:ID or account:ID", scope)};
}

bool pauses_everything(const std::string& scope) { return scope == "all" || scope.starts_with(kFileScope); }

bool pause_concerns(const std::string& scope, const Remediation& r) {
  if (pauses_everything(scope) || scope == "rule:" + r.plan.rule.id) return true;
  constexpr std::string_view kAccount = "account:";
  if (!scope.starts_with(kAccount)) return false;
  const std::string account = scope.substr(kAccount.size());
  const std::string named = account_in(r.plan.target);
  const bool unknown = named.empty() && r.event.account.empty() && r.plan.target.starts_with("arn:");
  return account == r.event.account || account == named || unknown;  // what cannot be told apart is paused
}

std::string rule_of_scope(const std::string& scope) {
  constexpr std::string_view kRule = "rule:";
  return scope.starts_with(kRule) ? scope.substr(kRule.size()) : "";
}

Result<void> check_due(const MoveRemediation& change, const Remediation& r, Time now) {
  if (!r.due || *r.due <= now) return {};
  if (change.move == Move::release) {
    return Error{ErrorCode::refused, "the lease of " + r.id + " is over at " + format_time(*r.due) + ", not before"};
  }
  if (change.move != Move::expire) return {};
  return Error{ErrorCode::refused, r.id + " expires at " + format_time(*r.due) + ", not before"};
}

Digest digest_for_approval(const Remediation& r) {
  Json befores = Json::array();
  for (const StepProgress& step : r.steps) befores.push_back(step.before ? step.before->full : Json());
  const Json bound = {digest_of(r.plan).hex(), to_json(r.policy), std::move(befores)};
  return sha256(bound.dump(-1, ' ', false, Json::error_handler_t::replace));
}

bool is_void(const Approval& approval, const Remediation& r, Time now, Duration within) {
  if (has_written(r)) return false;
  return approval.digest != digest_for_approval(r) || approval.at <= now - within;
}

PauseView view_of(const Pause& pause) { return {pause.scope, pause.by, pause.reason}; }

GateFacts facts_of(const Remediation& r, Time now) {
  GateFacts facts;
  facts.now = now;
  facts.remediation = r.id;
  facts.state = r.state;
  facts.rule = r.plan.rule.id;
  facts.target = r.plan.target;
  facts.policy = r.policy;
  facts.actor = {r.event.principal, r.event.agent};
  if (r.times.happened) facts.age = r.times.decided - *r.times.happened;
  facts.waited = now - r.times.decided;
  facts.redriven = is_redriven(r.origin);
  facts.reconciled = is_of_reconcile(r);
  facts.charged = has_written(r);
  facts.let_go = r.let_go;
  return facts;
}

bool puts_right(const Remediation& r, const Transition& step) {
  return step.to == State::confirmed && step.from != State::releasing &&
         std::any_of(r.steps.begin(), r.steps.end(), [](const auto& p) { return p.status == StepStatus::applied; });
}

std::string account_of(const Remediation& r) {
  std::string account = account_in(r.plan.target);
  if (account.empty()) account = r.event.account;
  if (account.empty() && r.plan.target.starts_with("arn:")) account = "unknown";
  return account;
}

std::vector<ScopedBudget> budgets_of(const Remediation& r, const Limits& of_rule, const BudgetLimits& limits) {
  return budgets_of(r.plan, account_of(r), of_rule, limits);
}

void charge(Remediation& r, const std::vector<ScopedBudget>& budgets, Time now) {
  std::map<std::string, int64_t> slots;
  for (const ScopedBudget& one : budgets) slots[one.ring()] = slot_at(one.budget.within, now);
  r.charges.clear();
  for (const auto& [ring, slot] : slots) r.charges.push_back({ring, slot});
}

std::vector<Charge> settle_charges(Remediation& r) {
  const bool nothing_done = std::all_of(r.steps.begin(), r.steps.end(), [](const StepProgress& step) {
    return step.status == StepStatus::already || (step.status == StepStatus::pending && step.attempts == 0);
  });
  std::vector<Charge> charges = std::exchange(r.charges, {});
  if (!nothing_done) charges.clear();
  return charges;
}

std::string rule_key(const std::string& rule) { return "rule " + rule; }

std::string rule_breaker_key(const std::string& rule, const std::string& account) {
  return fmt::format("{} {} {}", kRuleBreaker, rule, account);
}

Json wake_details(const WakeStanding& standing) {
  Json details = {{"cause", standing.cause}};
  if (!standing.actor.empty()) details["actor"] = standing.actor;
  return details;
}

bool awaits_locks(const Remediation& r) { return r.state == State::waiting && r.guard == kLocksGuard; }

bool is_runnable(State state) {
  return state == State::planned || state == State::undoing || state == State::releasing;
}

bool may_act(Mode mode) { return mode == Mode::enforce || mode == Mode::canary; }

std::string standing_key(const Remediation& r) {
  if (r.guard == kRuleGuard) return rule_key(r.plan.rule.id);
  if (r.guard == kRuleBreaker) return rule_breaker_key(r.plan.rule.id, account_of(r));
  const auto scope = r.figures.is_object() ? r.figures.find("scope") : r.figures.end();
  if (r.guard != "budget" || scope == r.figures.end() || !scope->is_string()) return r.guard;
  return r.guard + " " + scope->get<std::string>();
}

}  // namespace kedge
