// Changes that move a remediation: the executor's, and the end of what they lead to.
#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "guard/admission.h"
#include "ledger/restored_pause.h"
#include "ledger/rule_breaker.h"
#include "ledger/sqlite_writer.h"

namespace kedge {
namespace {

Answer go_on() {
  Answer answer;
  answer.go = GoAnswer{};
  return answer;
}

Answer observe_again(std::string guard, std::string reason) {
  Answer answer;
  answer.go = GoAnswer{Go::observe_again, std::move(guard), std::move(reason), std::nullopt};
  return answer;
}

// What a first look has shown not to be touched: `was` waited, or was waited for, because of it.
std::vector<std::string> touched_no_more(const Remediation& was, const Remediation& now) {
  std::vector<std::string> keys = was.touches;
  std::erase_if(keys, [&](const std::string& key) {
    return std::find(now.touches.begin(), now.touches.end(), key) != now.touches.end();
  });
  return keys;
}

}  // namespace

Result<Remediation> SqliteWriter::open_remediation(const std::string& id) {
  auto r = tables_.open_remediation(id);
  if (!r) return Error{ErrorCode::not_found, "no remediation " + id + " is open"};
  return *std::move(r);
}

// ---- what every move does ------------------------------------------------------------------------------------------

int64_t SqliteWriter::settle(Remediation& r, const Remediation& was, const Transition& step, Standstill why,
                             Json details) {
  move_to(r, step, std::move(why), at_);
  if (is_end(r.state)) give_back(r);
  if (const auto flap = limits_of(r).flap; flap && puts_right(r, step)) {
    tables_.put_put_right(r, at_, at_ - options_.gate.flap_rest - flap->within);
  }
  if (r.state == State::confirmed) keep_claim(r);
  const std::string code = details.is_object() ? details.value("code", "") : "";
  const bool failed = undoes_itself(step, details);
  const int64_t seq = write(move_record(r, step, std::move(details)));
  if (failed) send(notices_of_own_undo(r, context(seq)), r.plan.rule.id, r.policy.throttle);
  send(notices_of(r, step, was.guard, context(seq)), r.plan.rule.id, r.policy.throttle);
  note_runnable(r, step.from != step.to);
  if (is_end(r.state)) {
    end(r);
    note_end(r, step, code);
  } else {
    tables_.update(r, was);
    if (r.state == State::held) give_back_probe(r);
    if (r.state == State::isolated) rest(r);
    if (r.state == State::held || r.state == State::waiting) wake_waiting(r.touches, r.id);
    if (failed) note_end(r, step, code);
  }
  return seq;
}

// What it was charged with, where nothing was done; what was done counts for its time.
void SqliteWriter::give_back(Remediation& r) {
  const auto charges = settle_charges(r);
  for (const Charge& charge : charges) tables_.give_back(charge);
  if (charges.empty()) {
    tables_.end_out_of_service(r, at_);
  } else {
    tables_.erase_out_of_service(r);
  }
}

// What it isolates may be worked on by others while its lease runs.
void SqliteWriter::rest(const Remediation& r) {
  tables_.erase_locks(r.id);
  tables_.put_leases(r);
  wake_waiting(r.touches, r.id);
}

void SqliteWriter::note_end(const Remediation& r, const Transition& step, const std::string& code) {
  const auto limits = limits_of(r).rule_breaker;
  if (!limits) return;
  const std::string account = account_of(r);
  RuleBreaker kept = tables_.rule_breaker(r.plan.rule.id, account).value_or(RuleBreaker{});
  const RuleBreaker before = kept;
  const auto turned = kedge::note_end(kept, r, step, code, at_, *limits);
  if (kept != before) tables_.put(r.plan.rule.id, account, kept);
  if (turned == Breaker::Turned::closed) wake({rule_breaker_key(r.plan.rule.id, account), "", kBreakerClosed, ""});
  if (turned != Breaker::Turned::opened) return;
  raise(alarm_of(kept, r.plan.rule.id, account, at_));
}

void SqliteWriter::give_back_probe(const Remediation& r) {
  const std::string account = account_of(r);
  auto kept = tables_.rule_breaker(r.plan.rule.id, account);
  const auto limits = limits_of(r).rule_breaker;
  if (!kept || kept->probe != r.id || !limits) return;
  kedge::give_back_probe(*kept, r, at_, *limits);
  tables_.put(r.plan.rule.id, account, *kept);
}

// A part of those that stand under the key, and a Change for the rest. All of one breaker wait for the same.
void SqliteWriter::wake(WakeStanding standing) {
  std::vector<std::string> ids = tables_.standing_after(standing.after, standing.key, may_wake_ + 1);
  const bool all = ids.size() <= may_wake_;
  if (!all) ids.pop_back();
  may_wake_ -= ids.size();
  const Json details = wake_details(standing);
  for (const std::string& id : ids) {
    Remediation r = *tables_.open_remediation(id);
    if (r.guard == kRuleGuard && !rule_lets_go(r)) continue;
    if (r.guard == kRuleBreaker) {
      const auto kept = tables_.rule_breaker(r.plan.rule.id, account_of(r));
      if (kept && !kept->breaker.closed()) return;
    }
    resume(std::move(r), details);
  }
  if (all) return;
  if (!ids.empty()) standing.after = ids.back();
  more_.emplace_back(std::move(standing));
}

Result<Answer> SqliteWriter::on(const WakeStanding& standing) {
  wake(standing);
  return Answer{};
}

bool SqliteWriter::rule_lets_go(const Remediation& r) {
  GateFacts facts = gate_facts(r);
  facts.pauses.clear();
  return gate_again(facts).kind == Verdict::Kind::pass;
}

// A later move of the same Change may take back what an earlier one made runnable.
void SqliteWriter::note_runnable(const Remediation& r, bool moved) {
  const auto known =
      std::find_if(runnable_.begin(), runnable_.end(), [&](const auto& other) { return other.id == r.id; });
  const bool runnable = is_runnable(r.state);
  if (known != runnable_.end() && runnable) {
    *known = r;
  } else if (known != runnable_.end()) {
    runnable_.erase(known);
  } else if (runnable && moved) {
    runnable_.push_back(r);
  }
}

void SqliteWriter::end(const Remediation& r) {
  tables_.put_ended(r, today());
  tables_.erase(r);
  tables_.erase_locks(r.id);
  tables_.erase_leases(r.id);
  wake_waiting(r.touches, r.id);
}

// Of those that wait for one of these locks and find none of theirs taken, the first of each goes on: more than one
// could not take it. Whoever gives up a lock, or has been let go on and does not take it, passes it on by this.
void SqliteWriter::wake_waiting(const std::vector<std::string>& keys, const std::string& but) {
  for (const std::string& key : keys) {
    const auto first = tables_.first_free(key, but);
    if (first) resume(*tables_.open_remediation(*first), Json::object());
  }
}

void SqliteWriter::resume(Remediation r, Json details) {
  const Remediation was = r;
  settle(r, was, *transition(r.state, Move::resume), {}, std::move(details));
}

// ---- the gate ------------------------------------------------------------------------------------------------------

// What has been found is held to what its rule says now, where that is stricter.
Policy SqliteWriter::policy_of(const Remediation& r) {
  const auto loaded = tables_.loaded_policy(r.plan.rule.id);
  return loaded ? stricter(r.policy, *loaded) : r.policy;
}

GateLimits SqliteWriter::limits_of(const Remediation& r) { return tightened(options_.gate, policy_of(r).limits); }

GateFacts SqliteWriter::gate_facts(const Remediation& r) {
  GateFacts facts = facts_of(r, at_);
  facts.time_of_day = time_of_day_;
  facts.loaded = tables_.loaded_policy(r.plan.rule.id).has_value();
  facts.policy = policy_of(r);
  for (const Pause& pause : tables_.pauses()) {
    if (pause_concerns(pause.scope, r) || restored_pause_concerns(pause, r)) facts.pauses.push_back(view_of(pause));
  }
  for (const Exception& e : tables_.exceptions()) {
    const ExceptionView view{e.id, e.rule, e.target, e.owner, e.reason, e.expires};
    if (!covers(view, r.plan.rule.id, r.plan.target, time_of_day_)) continue;
    facts.exception = e.id;
    facts.exception_reason = e.reason;
    break;
  }
  facts.locked_by = tables_.lock_holders(r);
  return facts;
}

std::vector<BudgetFigures> SqliteWriter::figures_of_budgets(const std::vector<ScopedBudget>& budgets) {
  std::vector<BudgetFigures> all;
  for (const ScopedBudget& one : budgets) {
    BudgetFigures figures = figures_of(one, tables_.spent(one.ring(), first_slot(one.budget.within, at_)), at_);
    if (figures.is_spent()) {
      figures = behind(std::move(figures), tables_.standing_by_count("budget " + one.scope, State::waiting));
    }
    all.push_back(std::move(figures));
  }
  return all;
}

// What its rule wanted lately, this target included; once the rule is held for it, nothing more is counted.
void SqliteWriter::count_target(const Remediation& r, GateFacts& facts) {
  const std::optional<Budget> limit = limits_of(r).mass_match;
  if (!limit || facts.charged || facts.let_go) return;
  if (const auto mass = tables_.mass_match(facts.rule)) {
    facts.mass_since = mass->since;
    facts.targets = mass->targets;
    return;
  }
  tables_.erase_wanted(facts.rule, at_ - limit->within);
  tables_.put_wanted(facts.rule, r.plan.target, at_);
  facts.targets = tables_.wanted_count(facts.rule);
}

void SqliteWriter::count_fleet(const Remediation& r, const std::optional<Share>& share, GateFacts& facts) {
  const std::string fleet = share ? fleet_of(r.plan.target, options_.gate.fleets) : "";
  if (fleet.empty()) return;
  const auto out = tables_.out_of_service(at_ - share->within);
  facts.fleet = figures_of(fleet, options_.gate.fleets, *share, r.plan.target, out);
}

// Those that count for nothing any more are taken out: what comes back as it was is a change, too.
void SqliteWriter::count_approvals(const Remediation& r, GateFacts& facts) {
  const Duration within = limits_of(r).approval_within;
  for (const Approval& approval : tables_.approvals(r.id)) {
    if (is_void(approval, r, at_, within)) {
      tables_.erase_approval(r.id, approval.actor);
      ++facts.approvals_void;
    } else {
      ++facts.approvals;
    }
  }
}

Result<Answer> SqliteWriter::stand_still(Remediation& r, const Remediation& was, const Verdict& verdict, Json details) {
  const Move move = move_of(verdict, r);
  Answer answer;
  answer.go = GoAnswer{go_of(move), verdict.guard, verdict.reason, verdict.due};
  const auto step = transition(r.state, move);
  if (!step) return step.error();
  settle(r, was, *step, {verdict.guard, verdict.reason, verdict.figures, verdict.due}, std::move(details));
  return answer;
}

std::optional<Obstacle> SqliteWriter::obstacle_to(const Remediation& r, bool by_person) {
  const auto holders = tables_.lock_holders(r);
  if (!holders.empty()) return Obstacle{holders.front()};
  for (const std::string& id : tables_.lease_holders(r)) {
    const auto other = tables_.open_remediation(id);
    if (other && leans_on(*other, r, at_, by_person)) return Obstacle{id, other->due};
  }
  return std::nullopt;
}

Result<void> SqliteWriter::check_locks(const Remediation& r) {
  for (const std::string& key : r.touches) {
    if (tables_.lock_holder(key) == r.id) continue;
    return Error{ErrorCode::conflict, fmt::format("{} no longer holds the lock of {}", r.id, key)};
  }
  return {};
}

// ---- attempts ------------------------------------------------------------------------------------------------------

void SqliteWriter::trace_attempt(const Remediation& r, const std::string& mark, int64_t seq) {
  tables_.put_attempt({r.id, r.plan.target, mark, r.touches}, today());
  tables_.put_touched(r.touches, seq, today());
}

void SqliteWriter::trace_outcome(const Remediation& r, const StepOutcome& outcome, int64_t seq) {
  const bool settled = outcome.writes > 0 && std::cmp_greater_equal(outcome.request_ids.size(), outcome.writes);
  tables_.put_requests({r.id, r.plan.target, outcome.mark, r.touches, settled}, outcome.request_ids, today());
  tables_.put_touched(r.touches, seq, today());
}

Result<Answer> SqliteWriter::on(const Start& start) {
  auto found = open_remediation(start.remediation);
  if (!found) return found.error();
  const Remediation was = *found;
  Remediation& r = *found;
  const auto step = transition_by(start, r);
  if (!step) return step.error();
  if (auto known = check_step(r, start.step); !known) return known.error();
  if (auto part = check_part(start, r); !part) return part.error();

  take_befores(r, start);
  if (const auto key = tables_.touched_since(r.touches, start.observed_from, today() - kDaysTouched)) {
    return observe_again("locks", "an attempt on " + *key + " began or ended since the observation");
  }
  const GateLimits limits = limits_of(r);
  GateFacts facts = gate_facts(r);
  facts.breaker = start.breaker;
  const auto budgets = budgets_of(r, facts.policy.limits, options_.gate.budgets);
  facts.budgets = figures_of_budgets(budgets);
  if (const auto& flap = limits.flap) {
    facts.put_right = tables_.put_right(facts.rule, r.plan.target, at_ - limits.flap_rest - flap->within);
  }
  if (options_.own_things) facts.own = own_among(r.touches, options_.own_things());
  const std::string account = account_of(r);
  auto rule_breaker = limits.rule_breaker ? tables_.rule_breaker(facts.rule, account) : std::nullopt;
  if (rule_breaker) facts.rule_breaker = open_for(r, *rule_breaker, account, at_, *limits.rule_breaker);
  count_approvals(r, facts);
  count_target(r, facts);
  count_fleet(r, limits.share, facts);
  const Verdict verdict = gate(facts, limits);
  if (verdict.guard == kMassMatch && !facts.mass_since) tables_.put(facts.rule, MassMatch{at_, facts.targets});
  if (verdict.guard == kRuleBreaker) {
    rule_breaker->last_due = verdict.due;
    tables_.put(facts.rule, account, *rule_breaker);
  }
  if (verdict.kind != Verdict::Kind::pass) {
    const Result<Answer> stands = stand_still(r, was, verdict, befores_details(start));
    if (stands) wake_waiting(touched_no_more(was, r), r.id);
    return stands;
  }

  if (rule_breaker && take_probe(*rule_breaker, r, at_, *limits.rule_breaker)) {
    tables_.put(facts.rule, account, *rule_breaker);
  }
  if (!facts.charged) {
    charge(r, budgets, at_);
    for (const Charge& one : r.charges) tables_.add_spent(one);
    if (facts.fleet) tables_.put_out_of_service(r, at_, at_ - limits.share->within);
  }
  tables_.put_locks(r);
  begin_attempt(r, start.step, start.mark, false);
  Json details = attempt_details(r, start.step, r.steps[start.step].attempts, start.mark, false);
  details.update(befores_details(start));
  trace_attempt(r, start.mark, settle(r, was, *step, {}, std::move(details)));
  wake_waiting(touched_no_more(was, r), r.id);
  return go_on();
}

Result<Answer> SqliteWriter::on(const Attempt& attempt) {
  auto found = open_remediation(attempt.remediation);
  if (!found) return found.error();
  const Remediation was = *found;
  Remediation& r = *found;
  const auto step = transition_by(attempt, r);
  if (!step) return step.error();
  if (auto known = check_step(r, attempt.step); !known) return known.error();
  if (attempt.previous) {
    if (auto ended = end_attempt(r, *attempt.previous); !ended) return ended.error();
  }
  if (attempt.attempt != r.steps[attempt.step].attempts + 1) {
    return Error{ErrorCode::conflict, fmt::format("step {} has had {} attempts, so the next is not number {}",
                                                  attempt.step, r.steps[attempt.step].attempts, attempt.attempt)};
  }
  if (auto observed = check_observed(r, attempt.step); !observed) return observed.error();
  if (auto locked = check_locks(r); !locked) return locked.error();
  if (attempt.previous) trace_outcome(r, *attempt.previous, write(outcome_record(r, *attempt.previous)));
  GateFacts facts = gate_facts(r);
  facts.breaker = attempt.breaker;
  const Verdict verdict = gate_again(facts);
  if (verdict.kind != Verdict::Kind::pass) return stand_still(r, was, verdict, Json::object());
  begin_attempt(r, attempt.step, attempt.mark, false);
  trace_attempt(r, attempt.mark,
                settle(r, was, *step, {}, attempt_details(r, attempt.step, attempt.attempt, attempt.mark, false)));
  return go_on();
}

Result<Answer> SqliteWriter::on(const AttemptUndo& attempt) {
  auto found = open_remediation(attempt.remediation);
  if (!found) return found.error();
  const Remediation was = *found;
  Remediation& r = *found;
  const auto step = transition_by(attempt, r);
  if (!step) return step.error();
  if (auto known = check_step(r, attempt.step); !known) return known.error();
  if (auto next = check_undo_attempt(r, attempt); !next) return next.error();
  if (attempt.previous) {
    if (auto ended = end_attempt(r, *attempt.previous); !ended) return ended.error();
    trace_outcome(r, *attempt.previous, write(outcome_record(r, *attempt.previous)));
  }
  GateFacts facts = gate_facts(r);
  facts.breaker = attempt.breaker;
  const Verdict verdict = gate_undo(facts);
  if (verdict.kind != Verdict::Kind::pass) {
    if (const auto waits = transition_by_waiting(verdict, r)) {
      settle(r, was, *waits, {verdict.guard, verdict.reason, verdict.figures, verdict.due}, Json::object());
    } else {
      tables_.update(r, was);
    }
    Answer answer;
    answer.go = GoAnswer{Go::wait, verdict.guard, verdict.reason, verdict.due};
    return answer;
  }
  begin_attempt(r, attempt.step, attempt.mark, true);
  trace_attempt(r, attempt.mark,
                settle(r, was, *step, {}, attempt_details(r, attempt.step, attempt.attempt, attempt.mark, true)));
  return go_on();
}

Result<Answer> SqliteWriter::on(const RecordOutcome& change) {
  auto found = open_remediation(change.remediation);
  if (!found) return found.error();
  const Remediation was = *found;
  Remediation& r = *found;
  const auto step = transition_by(change, r);
  if (!step) return step.error();
  if (auto ended = end_attempt(r, change.outcome); !ended) return ended.error();
  const int64_t seq = settle(r, was, *step, standstill_after(change), outcome_details(r, change.outcome));
  trace_outcome(r, change.outcome, seq);
  return Answer{};
}

// ---- ends and waits ------------------------------------------------------------------------------------------------

Result<Answer> SqliteWriter::on(const Conclude& change) {
  auto found = open_remediation(change.remediation);
  if (!found) return found.error();
  const Remediation was = *found;
  Remediation& r = *found;
  const auto step = transition_by(change, r);
  if (!step) return step.error();
  // That a lease is released proves nothing about what was found meanwhile: that is dealt with behind it.
  const bool proves = change.move == Move::isolate || (change.move == Move::confirm && r.state != State::releasing);
  if (proves && change.observed_from < r.last_finding) {
    return observe_again("", "a finding came in since the observation began");
  }
  take_afters(r, change, at_);
  Remediation ended = r;
  move_to(ended, *step, {}, at_);  // the details tell of it as it ends
  settle(r, was, *step, standstill_after(change, r, at_), conclusion_details(ended, change));
  return go_on();
}

Result<Answer> SqliteWriter::on(const MoveRemediation& change) {
  auto found = open_remediation(change.remediation);
  if (!found) return found.error();
  const Remediation was = *found;
  const auto step = transition_by(change, was);
  if (!step) return step.error();
  if (auto due = check_due(change, was, at_); !due) return due.error();
  if (change.move == Move::release) {
    if (const auto obstacle = obstacle_to(was, false)) return wait_for(*obstacle, at_);
    const ScopedBudget releases = releases_of(options_.gate);
    const BudgetFigures figures = figures_of_budgets({releases}).front();
    if (figures.is_spent()) return wait_for(figures);
    tables_.add_spent({releases.ring(), slot_at(releases.budget.within, at_)});
    tables_.put_locks(was);
  }
  Standstill why;
  if (change.move != Move::resume) why = {change.guard, change.reason, change.figures, change.due};
  Answer answer;
  if (change.move == Move::hold && !has_written(was)) {
    if (!why.due) why.due = at_ + options_.gate.held_most;  // as what a guard holds (gate)
    answer.go = GoAnswer{Go::held, why.guard, why.reason, why.due};
  }
  settle(*found, was, *step, std::move(why), Json::object());
  return answer;
}

}  // namespace kedge
