// What becomes of remediations, by the reference.
#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "guard/admission.h"
#include "ledger/claim.h"
#include "ledger/notice.h"
#include "ledger/restored_pause.h"
#include "ledger/rule_breaker.h"
#include "tests/ledger/memory_ledger.h"

namespace kedge {
namespace {

Error not_open(const std::string& id) { return {ErrorCode::not_found, "no remediation " + id + " is open"}; }

bool isolates(const Remediation& r) { return !r.plan.isolate.empty(); }

}  // namespace

Result<Remediation*> MemoryLedger::find_open(const std::string& id) {
  const auto found = open_.find(id);
  if (found == open_.end()) return not_open(id);
  return &found->second;
}

int64_t MemoryLedger::settle(Remediation& r, const Transition& step, Standstill why, Json details) {
  const std::string was_guard = r.guard;
  move_to(r, step, std::move(why), at_);
  if (is_end(r.state)) {
    const auto charges = settle_charges(r);
    for (const Charge& one : charges) --spent_[one.ring][one.slot];
    if (!charges.empty()) {
      out_of_service_.erase(r.id);
    } else if (const auto out = out_of_service_.find(r.id); out != out_of_service_.end()) {
      out->second.ended = at_;
    }
  }
  if (limits_of(r).flap && puts_right(r, step)) {
    put_right_.push_back({r.plan.rule.id, r.plan.target, at_, r.id, {r.event.principal, r.event.agent}});
  }
  if (r.state == State::confirmed) keep_claim(r);
  const std::string code = details.is_object() ? details.value("code", "") : "";
  const bool failed = undoes_itself(step, details);
  const int64_t seq = write(move_record(r, step, std::move(details)));
  if (failed) send(notices_of_own_undo(r, context(seq)), r.plan.rule.id, r.policy.throttle);
  send(notices_of(r, step, was_guard, context(seq)), r.plan.rule.id, r.policy.throttle);
  const bool into = step.from != step.to && is_runnable(r.state);
  if (into) runnable_.push_back(r.id);
  if (!is_end(r.state)) {
    if (r.state == State::held) give_back_probe(r);
    if (r.state == State::isolated) {
      std::erase_if(locks_, [&](const auto& lock) { return lock.second == r.id; });
      wake_waiting(r.touches, r.id);
    }
    if (r.state == State::held || r.state == State::waiting) wake_waiting(r.touches, r.id);
    if (failed) note_end(Remediation(r), step, code);
    return seq;
  }
  ended_[r.id] = {day(), r};
  approved_.erase(r.id);
  const Remediation over = r;
  std::erase_if(locks_, [&](const auto& lock) { return lock.second == over.id; });
  open_.erase(over.id);
  wake_waiting(over.touches, over.id);
  note_end(over, step, code);
  return seq;
}

void MemoryLedger::note_end(const Remediation& r, const Transition& step, const std::string& code) {
  const auto limits = limits_of(r).rule_breaker;
  if (!limits) return;
  const std::pair key(r.plan.rule.id, account_of(r));
  RuleBreaker& kept = rule_breakers_[key];
  const auto turned = kedge::note_end(kept, r, step, code, at_, *limits);
  const RuleBreaker now = kept;
  if (now.breaker.blank()) rule_breakers_.erase(key);
  if (turned == Breaker::Turned::closed) wake({rule_breaker_key(key.first, key.second), "", kBreakerClosed, ""});
  if (turned != Breaker::Turned::opened) return;
  raise(alarm_of(now, key.first, key.second, at_));
}

void MemoryLedger::give_back_probe(const Remediation& r) {
  const auto kept = rule_breakers_.find({r.plan.rule.id, account_of(r)});
  const auto limits = limits_of(r).rule_breaker;
  if (kept == rule_breakers_.end() || !limits) return;
  kedge::give_back_probe(kept->second, r, at_, *limits);
}

// A part of those that stand under the key, and a Change for the rest.
void MemoryLedger::wake(WakeStanding standing) {
  std::vector<Remediation*> under_it;
  for (auto& [id, r] : open_) {
    if (id > standing.after && standing_key(r) == standing.key) under_it.push_back(&r);
  }
  const bool all = under_it.size() <= may_wake_;
  if (!all) under_it.resize(may_wake_);
  may_wake_ -= under_it.size();
  for (Remediation* r : under_it) {
    standing.after = r->id;
    if (is_free(*r)) {
      settle(*r, *transition(r->state, Move::resume), {}, wake_details(standing));
    } else if (r->guard == kRuleBreaker) {
      return;  // nor is any other behind it
    }
  }
  if (!all) more_.emplace_back(std::move(standing));
}

bool MemoryLedger::is_free(const Remediation& r) const {
  if (r.guard == kRuleBreaker) {
    const auto kept = rule_breakers_.find({r.plan.rule.id, account_of(r)});
    return kept == rule_breakers_.end() || kept->second.breaker.closed();
  }
  GateFacts facts = gate_facts(r);
  facts.pauses.clear();
  return gate_again(facts).kind == Verdict::Kind::pass;
}

Result<Answer> MemoryLedger::on(const WakeStanding& standing) {
  wake(standing);
  return Answer{};
}

bool MemoryLedger::close_rule_breakers(const std::string& rule, const std::string& actor) {
  std::vector<std::pair<std::string, RuleBreaker>> open;
  for (const auto& [key, kept] : rule_breakers_) {
    if (key.first == rule && !kept.breaker.closed()) open.emplace_back(key.second, kept);
  }
  for (const auto& [account, kept] : open) {
    write(resume_record(rule, account, kept, actor));
    rule_breakers_.erase({rule, account});
    wake({rule_breaker_key(rule, account), "", "resume", actor});
  }
  return !open.empty();
}

// Of those that wait for one of these locks and find none of theirs taken, the first of each goes on: isolation first,
// then by arrival.
void MemoryLedger::wake_waiting(const std::vector<std::string>& keys, const std::string& but) {
  for (const std::string& key : keys) {
    if (locks_.contains(key)) continue;
    Remediation* first = nullptr;
    for (auto& [id, r] : open_) {
      if (!awaits_locks(r) || id == but || !lock_holders(r).empty()) continue;
      if (std::find(r.touches.begin(), r.touches.end(), key) == r.touches.end()) continue;
      if (first == nullptr || (isolates(r) && !isolates(*first))) first = &r;
    }
    if (first != nullptr) settle(*first, *transition(first->state, Move::resume), {}, Json::object());
  }
}

std::vector<std::string> MemoryLedger::lock_holders(const Remediation& r) const {
  std::set<std::string> holders;
  for (const std::string& key : r.touches) {
    const auto lock = locks_.find(key);
    if (lock != locks_.end() && lock->second != r.id) holders.insert(lock->second);
  }
  return {holders.begin(), holders.end()};
}

std::optional<Obstacle> MemoryLedger::obstacle_to(const Remediation& r, bool by_person) const {
  const auto holders = lock_holders(r);
  if (!holders.empty()) return Obstacle{holders.front()};
  for (const auto& [id, other] : open_) {
    if (id != r.id && leans_on(other, r, at_, by_person)) return Obstacle{id, other.due};
  }
  return std::nullopt;
}

Policy MemoryLedger::policy_of(const Remediation& r) const {
  const auto rule = rules_.find(r.plan.rule.id);
  return rule == rules_.end() ? r.policy : stricter(r.policy, rule->second);
}

GateLimits MemoryLedger::limits_of(const Remediation& r) const { return tightened(options_.gate, policy_of(r).limits); }

GateFacts MemoryLedger::gate_facts(const Remediation& r) const {
  GateFacts facts = facts_of(r, at_);
  facts.time_of_day = time_of_day_;
  facts.loaded = rules_.contains(r.plan.rule.id);
  facts.policy = policy_of(r);
  for (const auto& [scope, pause] : pauses_) {
    if (pause_concerns(scope, r) || restored_pause_concerns(pause, r)) facts.pauses.push_back(view_of(pause));
  }
  for (const auto& [id, e] : exceptions_) {
    const ExceptionView view{e.id, e.rule, e.target, e.owner, e.reason, e.expires};
    if (!facts.exception.empty() || !covers(view, r.plan.rule.id, r.plan.target, time_of_day_)) continue;
    facts.exception = id;
    facts.exception_reason = e.reason;
  }
  facts.locked_by = lock_holders(r);
  return facts;
}

void MemoryLedger::count_target(const Remediation& r, GateFacts& facts) {
  const auto limit = limits_of(r).mass_match;
  if (!limit || facts.charged || facts.let_go) return;
  if (const auto mass = mass_matches_.find(facts.rule); mass != mass_matches_.end()) {
    facts.mass_since = mass->second.since;
    facts.targets = mass->second.targets;
    return;
  }
  auto& targets = wanted_[facts.rule];
  std::erase_if(targets, [&](const auto& entry) { return entry.second < at_ - limit->within; });
  targets[r.plan.target] = at_;
  facts.targets = static_cast<int>(targets.size());
}

void MemoryLedger::count_fleet(const Remediation& r, const std::optional<Share>& share, GateFacts& facts) const {
  const std::string fleet = share ? fleet_of(r.plan.target, options_.gate.fleets) : "";
  if (fleet.empty()) return;
  std::set<std::string> out;
  for (const auto& [id, one] : out_of_service_) {
    if (!one.ended || one.began > at_ - share->within) out.insert(one.target);
  }
  facts.fleet = figures_of(fleet, options_.gate.fleets, *share, r.plan.target, {out.begin(), out.end()});
}

void MemoryLedger::count_approvals(const Remediation& r, GateFacts& facts) {
  auto& people = approved_[r.id];
  const Duration within = limits_of(r).approval_within;
  const auto voided = std::erase_if(people, [&](const auto& entry) { return is_void(entry.second, r, at_, within); });
  facts.approvals_void = static_cast<int>(voided);
  facts.approvals = static_cast<int>(people.size());
}

bool MemoryLedger::let_go(const std::string& rule, const std::string& actor) {
  size_t gone = 0;
  for (auto& [id, r] : open_) {
    if (r.state != State::held || r.guard != kMassMatch || r.plan.rule.id != rule) continue;
    if (gone++ == options_.resumed_at_once) return false;
    r.let_go = true;
    settle(r, *transition(r.state, Move::resume), {}, {{"actor", actor}, {"cause", "resume"}});
  }
  mass_matches_.erase(rule);
  wanted_.erase(rule);
  return true;
}

std::vector<BudgetFigures> MemoryLedger::figures_of_budgets(const std::vector<ScopedBudget>& budgets) const {
  std::vector<BudgetFigures> all;
  for (const ScopedBudget& one : budgets) {
    std::vector<SpentSlot> slots;
    if (const auto ring = spent_.find(one.ring()); ring != spent_.end()) {
      for (const auto& [slot, number] : ring->second) slots.push_back({slot, number});
    }
    const auto waits = [&](const auto& entry) {
      return entry.second.state == State::waiting && standing_key(entry.second) == "budget " + one.scope;
    };
    const auto waiting = std::min<std::ptrdiff_t>(std::count_if(open_.begin(), open_.end(), waits), kStandingCounted);
    BudgetFigures figures = figures_of(one, slots, at_);
    all.push_back(figures.is_spent() ? behind(figures, static_cast<int>(waiting)) : figures);
  }
  return all;
}

Result<Answer> MemoryLedger::hold_by(Remediation& r, const Verdict& verdict, Json details) {
  const Move move = move_of(verdict, r);
  Answer answer;
  answer.go = GoAnswer{go_of(move), verdict.guard, verdict.reason, verdict.due};
  const auto step = transition(r.state, move);
  if (!step) return step.error();
  settle(r, *step, {verdict.guard, verdict.reason, verdict.figures, verdict.due}, std::move(details));
  return answer;
}

void MemoryLedger::trace_attempt(const Remediation& r, const std::string& mark, int64_t seq) {
  attempts_.push_back({day(), {r.id, r.plan.target, mark, r.touches}, {}});
  for (const std::string& key : r.touches) touched_[key] = {seq, day()};
}

void MemoryLedger::end_attempt_of(const Remediation& r, const StepOutcome& outcome, int64_t seq) {
  for (AttemptRow& row : attempts_) {
    if (row.trace.remediation != r.id || row.trace.mark != outcome.mark) continue;
    row.request_ids.insert(outcome.request_ids.begin(), outcome.request_ids.end());
    if (outcome.writes > 0 && std::cmp_greater_equal(outcome.request_ids.size(), outcome.writes))
      row.trace.settled = true;
  }
  for (const std::string& key : r.touches) touched_[key] = {seq, day()};
}

Result<Answer> MemoryLedger::on(const Start& start) {
  auto found = find_open(start.remediation);
  if (!found) return found.error();
  Remediation& r = **found;
  const auto step = transition_by(start, r);
  if (!step) return step.error();
  if (auto known = check_step(r, start.step); !known) return known.error();
  if (auto part = check_part(start, r); !part) return part.error();

  Remediation wanted = r;
  take_befores(wanted, start);
  for (const std::string& key : wanted.touches) {
    const auto touched = touched_.find(key);
    if (touched == touched_.end() || touched->second.first <= start.observed_from) continue;
    if (touched->second.second < day() - kDaysTouched) continue;
    Answer answer;
    answer.go =
        GoAnswer{Go::observe_again, "locks", "an attempt on " + key + " began or ended since the observation", {}};
    return answer;
  }
  std::vector<std::string> touched_no_more = std::exchange(r, std::move(wanted)).touches;
  std::erase_if(touched_no_more, [&](const std::string& key) {
    return std::find(r.touches.begin(), r.touches.end(), key) != r.touches.end();
  });
  const GateLimits limits = limits_of(r);
  GateFacts facts = gate_facts(r);
  facts.breaker = start.breaker;
  const auto budgets = budgets_of(r, facts.policy.limits, options_.gate.budgets);
  facts.budgets = figures_of_budgets(budgets);
  std::vector<PutRightOnce> lately;
  for (const PutRightOnce& one : put_right_) {
    if (!limits.flap || one.rule != facts.rule || one.target != facts.target) continue;
    if (one.at >= at_ - limits.flap_rest - limits.flap->within) lately.push_back(one);
  }
  std::sort(lately.begin(), lately.end(), [](const PutRightOnce& a, const PutRightOnce& b) {
    return std::tie(a.at, a.remediation) < std::tie(b.at, b.remediation);
  });
  for (const PutRightOnce& one : lately) facts.put_right.push_back({one.at, one.actor});
  if (options_.own_things) facts.own = own_among(r.touches, options_.own_things());
  const auto rule_breaker =
      limits.rule_breaker ? rule_breakers_.find({facts.rule, account_of(r)}) : rule_breakers_.end();
  if (rule_breaker != rule_breakers_.end()) {
    facts.rule_breaker = open_for(r, rule_breaker->second, account_of(r), at_, *limits.rule_breaker);
  }
  count_approvals(r, facts);
  count_target(r, facts);
  count_fleet(r, limits.share, facts);
  const Verdict verdict = gate(facts, limits);
  if (verdict.guard == kMassMatch && !facts.mass_since) mass_matches_[facts.rule] = {at_, facts.targets};
  if (verdict.guard == kRuleBreaker) rule_breaker->second.last_due = verdict.due;
  if (verdict.kind != Verdict::Kind::pass) {
    Result<Answer> stands = hold_by(r, verdict, befores_details(start));
    if (stands) wake_waiting(touched_no_more, start.remediation);
    return stands;
  }

  if (rule_breaker != rule_breakers_.end()) {
    take_probe(rule_breaker->second, r, at_, *limits.rule_breaker);
  }
  if (!facts.charged) {
    charge(r, budgets, at_);
    for (const Charge& one : r.charges) ++spent_[one.ring][one.slot];
    if (facts.fleet) out_of_service_[r.id] = {r.plan.target, at_, {}};
  }
  for (const std::string& key : r.touches) locks_[key] = r.id;
  begin_attempt(r, start.step, start.mark, false);
  Json details = attempt_details(r, start.step, r.steps[start.step].attempts, start.mark, false);
  details.update(befores_details(start));
  trace_attempt(r, start.mark, settle(r, *step, {}, std::move(details)));
  wake_waiting(touched_no_more, start.remediation);
  Answer answer;
  answer.go = GoAnswer{};
  return answer;
}

Result<Answer> MemoryLedger::on(const Attempt& attempt) {
  auto found = find_open(attempt.remediation);
  if (!found) return found.error();
  Remediation wanted = **found;
  const auto step = transition_by(attempt, wanted);
  if (!step) return step.error();
  if (auto known = check_step(wanted, attempt.step); !known) return known.error();
  if (attempt.previous) {
    if (auto ended = end_attempt(wanted, *attempt.previous); !ended) return ended.error();
  }
  if (attempt.attempt != wanted.steps[attempt.step].attempts + 1) {
    return Error{ErrorCode::conflict, fmt::format("step {} has had {} attempts, so the next is not number {}",
                                                  attempt.step, wanted.steps[attempt.step].attempts, attempt.attempt)};
  }
  if (auto observed = check_observed(wanted, attempt.step); !observed) return observed.error();
  for (const std::string& key : wanted.touches) {
    const auto lock = locks_.find(key);
    if (lock == locks_.end() || lock->second != wanted.id) {
      return Error{ErrorCode::conflict, fmt::format("{} no longer holds the lock of {}", wanted.id, key)};
    }
  }
  Remediation& r = **found;
  r = std::move(wanted);
  if (attempt.previous) end_attempt_of(r, *attempt.previous, write(outcome_record(r, *attempt.previous)));
  GateFacts facts = gate_facts(r);
  facts.breaker = attempt.breaker;
  const Verdict verdict = gate_again(facts);
  if (verdict.kind != Verdict::Kind::pass) return hold_by(r, verdict, Json::object());
  begin_attempt(r, attempt.step, attempt.mark, false);
  trace_attempt(r, attempt.mark,
                settle(r, *step, {}, attempt_details(r, attempt.step, attempt.attempt, attempt.mark, false)));
  Answer answer;
  answer.go = GoAnswer{};
  return answer;
}

Result<Answer> MemoryLedger::on(const AttemptUndo& attempt) {
  auto found = find_open(attempt.remediation);
  if (!found) return found.error();
  Remediation wanted = **found;
  const auto step = transition_by(attempt, wanted);
  if (!step) return step.error();
  if (auto known = check_step(wanted, attempt.step); !known) return known.error();
  if (auto next = check_undo_attempt(wanted, attempt); !next) return next.error();
  if (attempt.previous) {
    if (auto ended = end_attempt(wanted, *attempt.previous); !ended) return ended.error();
  }
  Remediation& r = **found;
  r = std::move(wanted);
  if (attempt.previous) end_attempt_of(r, *attempt.previous, write(outcome_record(r, *attempt.previous)));
  Answer answer;
  answer.go = GoAnswer{};
  GateFacts facts = gate_facts(r);
  facts.breaker = attempt.breaker;
  const Verdict verdict = gate_undo(facts);
  if (verdict.kind != Verdict::Kind::pass) {
    if (const auto waits = transition_by_waiting(verdict, r)) {
      settle(r, *waits, {verdict.guard, verdict.reason, verdict.figures, verdict.due}, Json::object());
    }
    answer.go = GoAnswer{Go::wait, verdict.guard, verdict.reason, verdict.due};
    return answer;
  }
  begin_attempt(r, attempt.step, attempt.mark, true);
  trace_attempt(r, attempt.mark,
                settle(r, *step, {}, attempt_details(r, attempt.step, attempt.attempt, attempt.mark, true)));
  return answer;
}

Result<Answer> MemoryLedger::on(const RecordOutcome& change) {
  auto found = find_open(change.remediation);
  if (!found) return found.error();
  Remediation wanted = **found;
  const auto step = transition_by(change, wanted);
  if (!step) return step.error();
  if (auto ended = end_attempt(wanted, change.outcome); !ended) return ended.error();
  Remediation& r = **found;
  r = std::move(wanted);
  Json details = outcome_details(r, change.outcome);
  const Remediation ending = r;  // settle may end it
  end_attempt_of(ending, change.outcome, settle(r, *step, standstill_after(change), std::move(details)));
  return Answer{};
}

Result<Answer> MemoryLedger::on(const Conclude& change) {
  auto found = find_open(change.remediation);
  if (!found) return found.error();
  Remediation& r = **found;
  const auto step = transition_by(change, r);
  if (!step) return step.error();
  Answer answer;
  answer.go = GoAnswer{};
  // That a lease is released proves nothing about what was found meanwhile: that is dealt with behind it.
  const bool proves = change.move == Move::isolate || (change.move == Move::confirm && r.state != State::releasing);
  if (proves && change.observed_from < r.last_finding) {
    answer.go = GoAnswer{Go::observe_again, "", "a finding came in since the observation began", {}};
    return answer;
  }
  take_afters(r, change, at_);
  Remediation ended = r;
  move_to(ended, *step, {}, at_);  // the details tell of it as it ends
  settle(r, *step, standstill_after(change, r, at_), conclusion_details(ended, change));
  return answer;
}

Result<Answer> MemoryLedger::on(const MoveRemediation& change) {
  auto found = find_open(change.remediation);
  if (!found) return found.error();
  Remediation& r = **found;
  const auto step = transition_by(change, r);
  if (!step) return step.error();
  if (auto due = check_due(change, r, at_); !due) return due.error();
  if (change.move == Move::release) {
    if (const auto obstacle = obstacle_to(r, false)) return wait_for(*obstacle, at_);
    const ScopedBudget releases = releases_of(options_.gate);
    const BudgetFigures figures = figures_of_budgets({releases}).front();
    if (figures.is_spent()) return wait_for(figures);
    ++spent_[releases.ring()][slot_at(releases.budget.within, at_)];
    for (const std::string& key : r.touches) locks_[key] = r.id;
  }
  if (change.move == Move::resume) {
    settle(r, *step, {}, Json::object());
    return Answer{};
  }
  Answer answer;
  std::optional<Time> due = change.due;
  if (change.move == Move::hold && !has_written(r)) {
    if (!due) due = at_ + options_.gate.held_most;
    answer.go = GoAnswer{Go::held, change.guard, change.reason, due};
  }
  settle(r, *step, {change.guard, change.reason, change.figures, due}, Json::object());
  return answer;
}

// ---- claims --------------------------------------------------------------------------------------------------------

std::optional<Claim> MemoryLedger::claim(const std::string& rule, const std::string& target) const {
  const auto found = claims_.find({rule, target});
  return found == claims_.end() ? std::nullopt : std::optional(found->second);
}

void MemoryLedger::keep_claim(const Remediation& confirmed) {
  const auto rule = rules_.find(confirmed.plan.rule.id);
  if (rule == rules_.end()) return;
  const auto before = claim(confirmed.plan.rule.id, confirmed.plan.target);
  const auto kept = claim_of(confirmed, rule->second.reconcile, before, at_);
  if (kept) claims_[{confirmed.plan.rule.id, confirmed.plan.target}] = *kept;
}

Result<Answer> MemoryLedger::on(const FindDrift& change) {
  const auto stored = claim(change.rule, change.target);
  if (auto valid = check_claim(change, stored, at_); !valid) return valid.error();
  Answer answer;
  for (const auto& [id, r] : open_) {
    if (r.plan.rule.id == change.rule && r.plan.target == change.target) return answer;
  }
  CommitBatch found;
  found.findings = {finding_of(*stored, change, at_)};
  if (auto unused = check_ids(found); !unused) return unused.error();
  answer.dispositions = {open(found.findings[0])};
  ++claims_[{change.rule, change.target}].found;
  return answer;
}

Result<Answer> MemoryLedger::on(const ExpireClaim& change) {
  const auto stored = claim(change.rule, change.target);
  if (auto over = check_claim(change, stored, at_); !over) return over.error();
  claims_.erase({change.rule, change.target});
  write(claim_record(*stored));
  return Answer{};
}

}  // namespace kedge
