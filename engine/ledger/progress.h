// What Changes do to a remediation's own value. Pure functions: a ledger keeps what they make of it.
#pragma once

#include <string>
#include <vector>

#include "guard/gate.h"
#include "ledger/change.h"

namespace kedge {

// A remediation as a finding opens it.
Remediation opened_by(const Finding&);

// True once an attempt of it was committed: the world may have been written.
bool has_written(const Remediation&);

// Whether a later finding of the same rule and target joins it.
bool joins(const Finding&, const Remediation&);
// Whether it ends for a later finding that opens another one: it has written nothing, the later plan has every effect
// of its own, and what the finding comes from is worth as much. A live event is worth most, a redriven one least.
bool gives_way(const Remediation&, const Finding&);

// `stored`: what the ledger has of the partition.
Result<void> check_seek(const SeekPosition&, const std::optional<StoredPosition>& stored);

// Where a Change's move leads. Refused when the table does not have it, and when it is not one that such a Change
// makes.
Result<Transition> transition_by(const RecordOutcome&, const Remediation&);
Result<Transition> transition_by(const Conclude&, const Remediation&);
Result<Transition> transition_by(const MoveRemediation&, const Remediation&);
Result<Transition> transition_by(const PersonalMove&, const Remediation&);
Result<Transition> transition_by(const Start&, const Remediation&);
Result<Transition> transition_by(const Attempt&, const Remediation&);
Result<Transition> transition_by(const AttemptUndo&, const Remediation&);

// An undo that its gate lets wait: the state stays, and a record says why. None: one has said so already.
std::optional<Transition> transition_by_waiting(const Verdict&, const Remediation&);

// What the gate's verdict makes of a remediation: hold, wait or refuse. Of one that has written something, a guard that
// says no for good makes no end: a person decides about what stands half done.
Move move_of(const Verdict&, const Remediation&);
Go go_of(Move);  // what the asker is answered

// Refuses a Change that names a step which the plan does not have.
Result<void> check_step(const Remediation&, size_t step);
// Refuses a Start of steps that an earlier one was of, and one whose attempt is not of a step that it observed.
Result<void> check_part(const Start&, const Remediation&);
// Refuses the attempt of a step whose state before is not known: it could not be undone.
Result<void> check_observed(const Remediation&, size_t step);

// The keys and the befores of a Start. Nothing written yet: later befores take the place of earlier ones. From the
// first attempt on they stay as they are.
void take_befores(Remediation&, const Start&);

// Conflict, unless it is the undo's next attempt of its step: an engine that dies again and again has no more of them.
Result<void> check_undo_attempt(const Remediation&, const AttemptUndo&);

// An attempt of a step, of its effect or its undo, is committed.
void begin_attempt(Remediation&, size_t step, const std::string& mark, bool undo);

// An attempt ended. Refused (conflict) when it is not the latest one.
Result<void> end_attempt(Remediation&, const StepOutcome&);

// The states that a conclusion observed; of an ending: what the steps come to.
void take_afters(Remediation&, const Conclude&, Time now);

// How many days back attempts on a key are looked for by Start. No observation is that old.
inline constexpr int64_t kDaysTouched = 2;

// Applies a move: the state, and why. Going back to planned or into an undo forgets why it stood still.
struct Standstill {
  std::string guard;
  std::string reason;
  nlohmann::json figures;
  std::optional<Time> due;
};
void move_to(Remediation&, const Transition&, Standstill why, Time now);
// Of one that is held after an outcome: what the outcome was.
Standstill standstill_after(const RecordOutcome&);
// Of one that is isolated: until when.
Standstill standstill_after(const Conclude&, const Remediation&, Time now);
Duration lease_of(const Remediation&);
// Leases that are released count against it, and wait for it.
ScopedBudget releases_of(const GateLimits&);
Answer wait_for(const BudgetFigures& releases);

// Refuses an exception that nobody owns, that says no reason, or that has expired: by the time of day, as people say
// it.
Result<void> check_exception(const Exception&, Time time_of_day);

// Nobody's time to say yes is cut short, and no lease.
Result<void> check_due(const MoveRemediation&, const Remediation&, Time now);

// What an approval is bound to: the exact plan, its policy, and the state before of every step.
Digest digest_for_approval(const Remediation&);
// Whether it does not count any more: something of that has changed, or it is too old. What has begun keeps its own.
bool is_void(const Approval&, const Remediation&, Time now, Duration within);

// Pauses are of "all", "rule:ID", "account:ID" or "file:PATH".
Result<void> check_scope(const std::string& scope);
bool pauses_everything(const std::string& scope);
bool pause_concerns(const std::string& scope, const Remediation&);
PauseView view_of(const Pause&);
// The rule of a scope "rule:ID"; empty for another.
std::string rule_of_scope(const std::string& scope);

// The gate's facts that are known from the remediation alone.
GateFacts facts_of(const Remediation&, Time now);

// Whether it begins to take back what it wrote without anybody's word: a step failed, or it was not confirmed.
bool undoes_itself(const Transition&, const nlohmann::json& details);

// Whether it ends as one that has put the world right: confirmed, by an effect of its own that stays.
bool puts_right(const Remediation&, const Transition&);

// The account of its target; of its event, where the target names none; "unknown" where it has one that nobody tells;
// empty: it is in none.
std::string account_of(const Remediation&);

// The budgets that its start is charged to. `of_rule`: its policy's limits.
std::vector<ScopedBudget> budgets_of(const Remediation&, const Limits& of_rule, const BudgetLimits&);
// Notes that its start is counted in each of them, in order of the rings' names.
void charge(Remediation&, const std::vector<ScopedBudget>&, Time);
// At its end: the charges that are given back. Only where every attempt found that the world was right already, with
// no write of ours: what failed has used its place.
std::vector<Charge> settle_charges(Remediation&);

// Under which guard it stands still, and behind what of it: "budget rule aws.s3.public-bucket" (a budget's scope),
// "rule aws.s3.public-bucket", "rule-breaker aws.s3.public-bucket 123456789012" (and an account).
std::string standing_key(const Remediation&);
std::string rule_key(const std::string& rule);
std::string rule_breaker_key(const std::string& rule, const std::string& account);
// Why those go on that waited for a rule's breaker.
inline constexpr const char* kBreakerClosed = "breaker_closed";
nlohmann::json wake_details(const WakeStanding&);
// It waits until others give back a lock. When they do, the first of those that wait goes on, and the next one when
// that one has taken the lock and given it back, or stands still without it.
bool awaits_locks(const Remediation&);
// Whether a rule in this mode acts on anything.
bool may_act(Mode);
// Whether what has moved into this state is the executor's to go on with: it may have put it off, or know nothing of
// it.
bool is_runnable(State);
// As many as stand under the same key are counted, not more.
inline constexpr int kStandingCounted = 1'000;

}  // namespace kedge
