#include "tests/ledger/memory_ledger.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "guard/admission.h"
#include "ledger/notice.h"
#include "ledger/schema.h"

namespace kedge {
namespace {

Error not_open(const std::string& id) { return {ErrorCode::not_found, "no remediation " + id + " is open"}; }

bool isolates(const Remediation& r) { return !r.plan.isolate.empty(); }

}  // namespace

MemoryLedger::MemoryLedger(Clock& clock, SqliteLedgerOptions options, std::string ledger_id)
    : options_(std::move(options)), ledger_id_(std::move(ledger_id)), time_(clock, std::nullopt), at_(time_.now()) {
  write(genesis_record(ledger_id_, ledger_schema_version()));
}

void MemoryLedger::answer_with(Outcome outcome) {
  const std::lock_guard lock(mutex_);
  forced_ = outcome;
}

// ---- groups ------------------------------------------------------------------------------------------------------

std::vector<Answer> MemoryLedger::apply(std::span<const Change> changes) {
  const std::lock_guard lock(mutex_);
  at_ = std::max(at_, time_.now());
  std::vector<Answer> answers;
  for (const Change& change : changes) {
    if (forced_ == Outcome::done) {
      answers.push_back(apply_one(change));
      continue;
    }
    Answer answer;
    answer.outcome = forced_;
    answer.error = {forced_ == Outcome::no_room ? ErrorCode::no_room : ErrorCode::unavailable, "as the test wants it"};
    answers.push_back(std::move(answer));
  }
  return answers;
}

Answer MemoryLedger::apply_one(const Change& change) {
  runnable_.clear();
  const int64_t last_notice = last_notice_;
  auto result = std::visit([&](const auto& one) { return on(one); }, change);
  Answer answer;
  if (result) {
    answer = *std::move(result);
    answer.notices = last_notice_ - last_notice;
    std::set<std::string> told;
    for (const std::string& id : runnable_) {
      const auto found = open_.find(id);
      if (found == open_.end() || !told.insert(id).second) continue;
      if (found->second.state == State::planned || found->second.state == State::undoing) {
        answer.runnable.push_back(found->second);
      }
    }
  } else {
    answer.outcome = Outcome::refused;
    answer.error = result.error();
  }
  answer.seq = journal_.back().seq;
  return answer;
}

int64_t MemoryLedger::head() const {
  const std::lock_guard lock(mutex_);
  return journal_.back().seq;
}

Time MemoryLedger::now() const { return time_.now(); }

int64_t MemoryLedger::day() const { return std::chrono::floor<std::chrono::days>(at_).time_since_epoch().count(); }

bool MemoryLedger::remembered(int64_t day_then, Duration horizon) const {
  return day_then >= day() - std::chrono::ceil<std::chrono::days>(horizon).count();
}

int64_t MemoryLedger::write(const Record& record) {
  const auto seq = static_cast<int64_t>(journal_.size());
  Sealed sealed = seal(record, seq, at_, options_.record_bytes_max);
  for (const std::string& part : sealed.parts) keep(part);
  journal_.push_back({seq, std::move(sealed.bytes)});
  return seq;
}

void MemoryLedger::keep(const std::string& bytes) {
  if (!bytes.empty()) blobs_[sha256(bytes).hex()] = bytes;
}

void MemoryLedger::send(std::vector<Notice> notices) {
  for (Notice& notice : notices) {
    notice.number = ++last_notice_;
    outbox_[notice.number] = std::move(notice);
  }
}

void MemoryLedger::count(const std::string& subject, const std::string& reason, int64_t number) {
  const int64_t hour = std::chrono::floor<std::chrono::hours>(at_).time_since_epoch().count();
  counters_[{hour, subject, reason}] += number;
}

// ---- batches -----------------------------------------------------------------------------------------------------

Result<Answer> MemoryLedger::on(const CommitBatch& batch) {
  std::map<PartitionId, StoredPosition> moved = positions_;
  for (const PositionMove& move : batch.moves) {
    const auto stored = moved.find(move.partition);
    if (stored == moved.end()) {
      return Error{ErrorCode::conflict, to_string(move.partition) + " has no position: it was never claimed"};
    }
    Position& position = stored->second.position;
    if (!stored->second.stopped.empty()) {
      return Error{ErrorCode::refused, to_string(move.partition) + " is stopped: " + stored->second.stopped};
    }
    if (position.epoch != move.epoch || position.next != move.from || move.to < move.from) {
      return Error{
          ErrorCode::conflict,
          fmt::format("{} stands at {} in epoch {}, and the batch goes from {} to {} in epoch {}",
                      to_string(move.partition), position.next, position.epoch, move.from, move.to, move.epoch)};
    }
    position.next = move.to;
    if (move.bookmark) position.bookmark = move.bookmark;
  }
  if (auto unused = check_ids(batch); !unused) return unused.error();
  positions_ = std::move(moved);
  Answer answer = take_decisions(batch);
  for (const NotePosition& one : batch.notes) note(one);
  return answer;
}

Result<void> MemoryLedger::check_ids(const CommitBatch& batch) const {
  for (const Finding& finding : batch.findings) {
    if (open_.contains(finding.remediation)) {
      return Error{ErrorCode::internal, "the id " + finding.remediation + " is in use already"};
    }
  }
  return {};
}

Answer MemoryLedger::take_decisions(const CommitBatch& batch) {
  flush_folds(false);
  Answer answer;
  for (const Finding& finding : batch.findings) answer.dispositions.push_back(open(finding));
  for (const Suppression& suppression : batch.suppressions) suppress(suppression);
  for (const DeadLetter& letter : batch.dead_letters) bury(letter);
  for (const Count& one : batch.counts) count(one.subject, one.reason, one.number);
  return answer;
}

bool MemoryLedger::see(const std::string& key) {
  const auto found = seen_.find(key);
  if (found != seen_.end() && remembered(found->second, options_.seen_for)) return false;
  seen_[key] = day();
  return true;
}

Disposition MemoryLedger::open(const Finding& finding) {
  if (!see(finding.key)) {
    count(finding.plan.rule.id, "duplicate", 1);
    return {Disposition::Kind::duplicate, ""};
  }
  keep(finding.event.document);
  std::vector<Remediation*> same;
  for (auto& [id, r] : open_) {
    if (r.plan.rule.id == finding.plan.rule.id && r.plan.target == finding.plan.target) same.push_back(&r);
  }
  for (Remediation* r : same) {
    if (!joins(finding, *r)) continue;
    r->last_finding = write(plan_record(finding, "joined", *r));
    return {Disposition::Kind::joined, r->id};
  }
  Remediation opened = opened_by(finding);
  Disposition disposition{Disposition::Kind::opened, opened.id};
  std::vector<Remediation*> superseded;
  for (Remediation* r : same) {
    if (gives_way(*r, finding)) superseded.push_back(r);
  }
  if (!superseded.empty()) disposition.kind = Disposition::Kind::superseding;
  opened.last_finding = write(plan_record(finding, superseded.empty() ? "opened" : "superseding", opened));
  for (Remediation* r : same) r->last_finding = opened.last_finding;
  runnable_.push_back(opened.id);
  const std::string id = opened.id;
  open_[id] = std::move(opened);
  for (Remediation* r : superseded) settle(*r, *transition(r->state, Move::supersede), {}, {{"by", id}});
  return disposition;
}

void MemoryLedger::suppress(const Suppression& suppression) {
  if (!see(suppression.key)) return count(suppression.plan.rule.id, "duplicate", 1);
  FoldedSuppressions& fold_of = folds_[suppression.plan.rule.id];
  fold_of.rule = suppression.plan.rule.id;
  fold_of.minute = std::chrono::floor<std::chrono::minutes>(at_).time_since_epoch().count();
  if (++fold_of.count > options_.suppressions_per_minute) {
    ++fold_of.folded;
    fold_of.digest = fold(fold_of.digest, suppression);
    return;
  }
  keep(suppression.event.document);
  const int64_t seq = write(suppression_record(suppression));
  send(notices_of(suppression, {ledger_id_, options_.notify_alarms, seq, at_}));
}

void MemoryLedger::flush_folds(bool all) {
  const int64_t minute = std::chrono::floor<std::chrono::minutes>(at_).time_since_epoch().count();
  std::erase_if(folds_, [&](const auto& entry) {
    if (!all && entry.second.minute == minute) return false;
    if (entry.second.folded > 0) write(folded_record(entry.second));
    return true;
  });
}

bool MemoryLedger::have_room(std::span<const DeadLetter> letters) const {
  const int64_t minute = std::chrono::floor<std::chrono::minutes>(at_).time_since_epoch().count();
  for (const DeadLetter& letter : letters) {
    int64_t rows = 0;
    int64_t bytes = 0;
    int64_t within_minute = 0;
    const auto add = [&](const DeadLetter& other) {
      if (other.source != letter.source || other.rule != letter.rule) return false;
      ++rows;
      bytes += static_cast<int64_t>(other.value.size());
      return true;
    };
    for (const auto& [number, kept] : dead_letters_) add(kept);
    for (const DeadLetter& other : letters) within_minute += add(other);
    const auto kept_now = letters_kept_.find({letter.source, letter.rule, minute});
    if (kept_now != letters_kept_.end()) within_minute += kept_now->second;
    if (rows > options_.dead_letters_max || bytes > options_.dead_letter_bytes_max ||
        within_minute > options_.dead_letters_per_minute) {
      return false;
    }
  }
  return true;
}

void MemoryLedger::bury(DeadLetter letter) {
  if (have_room({&letter, 1})) {
    const int64_t minute = std::chrono::floor<std::chrono::minutes>(at_).time_since_epoch().count();
    ++letters_kept_[{letter.source, letter.rule, minute}];
    letter.at = at_;
    letter.number = write(dead_letter_record(letter));
    dead_letters_[letter.number] = std::move(letter);
    return;
  }
  for (DeadLetterRange& range : ranges_) {
    if (std::tie(range.source, range.topic, range.partition, range.rule) !=
        std::tie(letter.source, letter.topic, letter.partition, letter.rule)) {
      continue;
    }
    range.first = std::min(range.first, letter.offset);
    range.last = std::max(range.last, letter.offset);
    ++range.count;
    return;
  }
  ranges_.push_back({letter.source, letter.topic, letter.partition, letter.rule, letter.offset, letter.offset, 1, at_});
  write(dead_letter_record(ranges_.back()));
}

Result<Answer> MemoryLedger::on(const ClaimPositions& change) {
  std::map<PartitionId, StoredPosition> claimed = positions_;
  Answer answer;
  for (const ClaimPositions::Claim& claim : change.claims) {
    const auto stored = claimed.find(claim.partition);
    const std::optional<Position> found =
        stored == claimed.end() ? std::nullopt : std::optional(stored->second.position);
    if (found != claim.found) {
      return Error{ErrorCode::conflict,
                   "the position of " + to_string(claim.partition) + " is no longer as it was found"};
    }
    Position position = claim.wanted;
    position.epoch = found ? found->epoch + 1 : 1;
    answer.epochs.push_back(position.epoch);
    claimed[claim.partition] = {claim.partition, position, ""};
  }
  for (size_t i = 0; i < change.claims.size(); ++i) {
    Position now = change.claims[i].wanted;
    now.epoch = answer.epochs[i];
    if (!change.claims[i].note.empty()) write(position_record(change.claims[i], now, change.actor));
  }
  positions_ = std::move(claimed);
  return answer;
}

Result<Answer> MemoryLedger::on(const NotePosition& change) {
  note(change);
  return Answer{};
}

Result<Answer> MemoryLedger::on(const SeekPosition& change) {
  const auto found = positions_.find(change.partition);
  const auto stored = found == positions_.end() ? std::nullopt : std::optional(found->second);
  if (auto may = check_seek(change, stored); !may) return may.error();
  const Position now{change.cluster, stored->position.epoch + 1, change.next, std::nullopt};
  found->second = {change.partition, now, ""};
  const auto dropped = std::erase_if(ranges_, [&](const DeadLetterRange& range) {
    return PartitionId{range.source, range.topic, range.partition} == change.partition && range.first >= change.next;
  });
  write(position_record(change, *stored, now, static_cast<int64_t>(dropped)));
  Answer answer;
  answer.epochs = {now.epoch};
  return answer;
}

void MemoryLedger::note(const NotePosition& change) {
  const int64_t seq = write(position_record(change));
  if (!change.stop) return;
  if (const auto stored = positions_.find(change.partition); stored != positions_.end()) {
    stored->second.stopped = change.reason.empty() ? change.note : change.reason;
  }
  send(notices_of(alarm_of(change), {ledger_id_, options_.notify_alarms, seq, at_}));
}

// ---- remediations ------------------------------------------------------------------------------------------------

Result<Remediation*> MemoryLedger::find_open(const std::string& id) {
  const auto found = open_.find(id);
  if (found == open_.end()) return not_open(id);
  return &found->second;
}

int64_t MemoryLedger::settle(Remediation& r, const Transition& step, Standstill why, Json details) {
  const std::string was_guard = r.guard;
  move_to(r, step, std::move(why), at_);
  if (is_end(r.state)) {
    for (const Charge& one : settle_charges(r)) --spent_[one.ring][one.slot];
  }
  if (options_.gate.flap && puts_right(r, step)) {
    put_right_.push_back({r.plan.rule.id, r.plan.target, at_, r.id, {r.event.principal, r.event.agent}});
  }
  const int64_t seq = write(move_record(r, step, std::move(details)));
  send(notices_of(r, step, was_guard, {ledger_id_, options_.notify_alarms, seq, at_}));
  const bool into = step.from != step.to && (r.state == State::planned || r.state == State::undoing);
  if (into) runnable_.push_back(r.id);
  if (!is_end(r.state)) return seq;
  ended_[r.id] = {day(), r};
  approved_.erase(r.id);
  const std::string id = r.id;
  std::erase_if(locks_, [&](const auto& lock) { return lock.second == id; });
  open_.erase(id);
  wake_waiting();
  return seq;
}

// Those that wait for a lock, and find none of theirs taken any more, go on: isolation first, then by arrival.
void MemoryLedger::wake_waiting() {
  std::vector<Remediation*> waiting;
  for (auto& [id, r] : open_) {
    if (r.state == State::waiting && r.guard == "locks" && lock_holders(r).empty()) waiting.push_back(&r);
  }
  std::stable_partition(waiting.begin(), waiting.end(), [](const Remediation* r) { return isolates(*r); });
  for (Remediation* r : waiting) settle(*r, *transition(r->state, Move::resume), {}, Json::object());
}

std::vector<std::string> MemoryLedger::lock_holders(const Remediation& r) const {
  std::set<std::string> holders;
  for (const std::string& key : r.touches) {
    const auto lock = locks_.find(key);
    if (lock != locks_.end() && lock->second != r.id) holders.insert(lock->second);
  }
  return {holders.begin(), holders.end()};
}

GateFacts MemoryLedger::gate_facts(const Remediation& r) const {
  GateFacts facts = facts_of(r, at_);
  if (const auto rule = rules_.find(r.plan.rule.id); rule != rules_.end()) facts.current_mode = rule->second.mode;
  for (const auto& [scope, pause] : pauses_) {
    if (pause_concerns(scope, r)) facts.pauses.push_back(view_of(pause));
  }
  for (const auto& [id, e] : exceptions_) {
    const ExceptionView view{e.id, e.rule, e.target, e.owner, e.reason, e.expires};
    if (!facts.exception.empty() || !covers(view, r.plan.rule.id, r.plan.target, at_)) continue;
    facts.exception = id;
    facts.exception_reason = e.reason;
  }
  facts.locked_by = lock_holders(r);
  return facts;
}

void MemoryLedger::count_target(const Remediation& r, GateFacts& facts) {
  const auto& limit = options_.gate.mass_match;
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

void MemoryLedger::count_approvals(const Remediation& r, GateFacts& facts) {
  auto& people = approved_[r.id];
  const auto voided = std::erase_if(
      people, [&](const auto& entry) { return is_void(entry.second, r, at_, options_.gate.approval_within); });
  facts.approvals_void = static_cast<int>(voided);
  facts.approvals = static_cast<int>(people.size());
}

void MemoryLedger::let_go(const std::string& rule, const std::string& actor) {
  write(resume_record(rule, mass_matches_.at(rule), actor));
  mass_matches_.erase(rule);
  wanted_.erase(rule);
  for (auto& [id, r] : open_) {
    if (r.state != State::held || r.guard != kMassMatch || r.plan.rule.id != rule) continue;
    r.let_go = true;
    settle(r, *transition(r.state, Move::resume), {}, {{"actor", actor}, {"cause", "resume"}});
  }
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
  r = std::move(wanted);
  GateFacts facts = gate_facts(r);
  const auto rule = rules_.find(r.plan.rule.id);
  const auto budgets =
      budgets_of(r, rule == rules_.end() ? std::nullopt : std::optional(rule->second.limits), options_.gate.budgets);
  facts.budgets = figures_of_budgets(budgets);
  std::vector<PutRight> lately;
  for (const PutRight& one : put_right_) {
    if (!options_.gate.flap || one.rule != facts.rule || one.target != facts.target) continue;
    if (one.at >= at_ - options_.gate.flap->within) lately.push_back(one);
  }
  std::sort(lately.begin(), lately.end(), [](const PutRight& a, const PutRight& b) {
    return std::tie(a.at, a.remediation) < std::tie(b.at, b.remediation);
  });
  for (const PutRight& one : lately) facts.put_right.push_back(one.actor);
  if (options_.own_things) facts.own = own_among(r.touches, options_.own_things());
  count_approvals(r, facts);
  count_target(r, facts);
  const Verdict verdict = gate(facts, options_.gate);
  if (verdict.guard == kMassMatch && !facts.mass_since) mass_matches_[facts.rule] = {at_, facts.targets};
  if (verdict.kind != Verdict::Kind::pass) return hold_by(r, verdict, befores_details(start));

  if (!facts.charged) {
    charge(r, budgets, at_);
    for (const Charge& one : r.charges) ++spent_[one.ring][one.slot];
  }
  for (const std::string& key : r.touches) locks_[key] = r.id;
  begin_attempt(r, start.step, start.mark, false);
  Json details = attempt_details(r, start.step, r.steps[start.step].attempts, start.mark, false);
  details.update(befores_details(start));
  trace_attempt(r, start.mark, settle(r, *step, {}, std::move(details)));
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
  const Verdict verdict = gate_again(gate_facts(r));
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
  if (attempt.previous) {
    if (auto ended = end_attempt(wanted, *attempt.previous); !ended) return ended.error();
  }
  Remediation& r = **found;
  r = std::move(wanted);
  if (attempt.previous) end_attempt_of(r, *attempt.previous, write(outcome_record(r, *attempt.previous)));
  Answer answer;
  answer.go = GoAnswer{};
  const Verdict verdict = gate_undo(gate_facts(r));
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
  const std::string guard = change.move == Move::hold ? "outcome" : "";
  end_attempt_of(ending, change.outcome, settle(r, *step, {guard, change.reason, {}, {}}, std::move(details)));
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
  const bool proves = change.move == Move::confirm || change.move == Move::isolate;
  if (proves && change.observed_from < r.last_finding) {
    answer.go = GoAnswer{Go::observe_again, "", "a finding came in since the observation began", {}};
    return answer;
  }
  take_afters(r, change, at_);
  Remediation ended = r;
  move_to(ended, *step, {}, at_);  // the details tell of it as it ends
  settle(r, *step, {"", change.reason, {}, {}}, conclusion_details(ended, change));
  return answer;
}

Result<Answer> MemoryLedger::on(const MoveRemediation& change) {
  auto found = find_open(change.remediation);
  if (!found) return found.error();
  Remediation& r = **found;
  const auto step = transition_by(change, r);
  if (!step) return step.error();
  if (auto due = check_due(change, r, at_); !due) return due.error();
  if (change.move == Move::resume) {
    settle(r, *step, {}, Json::object());
  } else {
    settle(r, *step, {change.guard, change.reason, change.figures, change.due}, Json::object());
  }
  return Answer{};
}

// ---- people ------------------------------------------------------------------------------------------------------

Result<Answer> MemoryLedger::on(const PersonalMove& change) {
  auto found = find_open(change.remediation);
  if (!found && change.move == Move::undo) return undo_ended(change);
  if (!found) return found.error();
  Remediation& r = **found;
  const auto step = transition_by(change, r);
  if (!step) return step.error();
  Json details = {{"actor", change.actor}, {"reason", change.reason}};
  if (change.move == Move::resume && change.approves) {
    approved_[r.id][change.actor] = {change.actor, at_, digest_for_approval(r)};
    details.update(approval_details(r));
  }
  settle(r, *step, {"", change.move == Move::resume ? "" : change.reason, {}, {}}, std::move(details));
  return Answer{};
}

Result<Answer> MemoryLedger::undo_ended(const PersonalMove& change) {
  const auto found = ended_.find(change.remediation);
  if (found == ended_.end() || !remembered(found->second.day, options_.undo_horizon)) {
    return Error{ErrorCode::not_found, "no remediation " + change.remediation + " is open or within the undo horizon"};
  }
  Remediation& r = found->second.remediation;
  const auto step = transition_by(change, r);
  if (!step) return step.error();
  const auto holders = lock_holders(r);
  if (!holders.empty()) {
    return Error{ErrorCode::refused, fmt::format("{} works on the same target: undo {} when it has ended "
                                                 "(kedge remediation show {})",
                                                 holders.front(), r.id, holders.front())};
  }
  for (const std::string& key : r.touches) locks_[key] = r.id;
  const std::string id = r.id;
  open_[id] = r;
  ended_.erase(found);
  settle(open_[id], *step, {"", change.reason, {}, {}}, {{"actor", change.actor}, {"reason", change.reason}});
  return Answer{};
}

Result<Answer> MemoryLedger::on(const AddException& change) {
  const Exception& e = change.exception;
  if (auto sound = check_exception(e, at_); !sound) return sound.error();
  if (exceptions_.contains(e.id)) return Error{ErrorCode::conflict, "there is an exception " + e.id + " already"};
  exceptions_[e.id] = e;
  write(exception_record("added", e, e.added_by));
  return Answer{};
}

Result<Answer> MemoryLedger::on(const RevokeException& change) {
  const auto found = exceptions_.find(change.id);
  if (found == exceptions_.end()) return Error{ErrorCode::not_found, "there is no exception " + change.id};
  write(exception_record("revoked", found->second, change.actor));
  exceptions_.erase(found);
  return Answer{};
}

Result<Answer> MemoryLedger::on(const AddPause& change) {
  if (auto known = check_scope(change.pause.scope); !known) return known.error();
  pauses_[change.pause.scope] = change.pause;
  write(pause_record(change.pause));
  return Answer{};
}

Result<Answer> MemoryLedger::on(const RemovePause& change) {
  const auto found = pauses_.find(change.scope);
  const std::string rule = rule_of_scope(change.scope);
  const bool mass = mass_matches_.contains(rule);
  if (mass) let_go(rule, change.actor);
  if (found == pauses_.end()) {
    if (mass) return Answer{};
    return Error{ErrorCode::not_found, "nothing is paused with the scope " + change.scope};
  }
  write(resume_record(found->second, change.actor));
  pauses_.erase(found);
  for (auto& [id, r] : open_) {
    if (r.state != State::held || r.guard != "pause" || !gate_facts(r).pauses.empty()) continue;
    settle(r, *transition(r.state, Move::resume), {}, {{"actor", change.actor}, {"cause", "resume"}});
  }
  return Answer{};
}

Result<Answer> MemoryLedger::on(const RedriveDeadLetter& change) {
  const auto letter = dead_letters_.find(change.number);
  if (letter == dead_letters_.end()) {
    return Error{ErrorCode::not_found, fmt::format("there is no dead letter {}", change.number)};
  }
  if (!have_room(change.decided.dead_letters)) {
    return Error{ErrorCode::limit, "what fails of it now has no room among the dead letters of its rule"};
  }
  if (auto unused = check_ids(change.decided); !unused) return unused.error();
  Answer answer = take_decisions(change.decided);
  if (change.failure) {
    ++letter->second.redrives;
    letter->second.reason = change.failure->reason;
    letter->second.message = change.failure->message;
    letter->second.rule_version = change.failure->rule_version;
  } else {
    dead_letters_.erase(letter);
  }
  write(redrive_record(change, answer.dispositions));
  return answer;
}

Result<Answer> MemoryLedger::on(const CloseDeadLetters& change) {
  std::vector<int64_t> closed;
  for (const int64_t number : change.numbers) {
    if (dead_letters_.contains(number)) closed.push_back(number);
  }
  if (closed.empty()) return Error{ErrorCode::not_found, "none of these dead letters is there"};
  for (const int64_t number : closed) dead_letters_.erase(number);
  write(redrive_record(change, closed));
  return Answer{};
}

// ---- the daemon --------------------------------------------------------------------------------------------------

Result<Answer> MemoryLedger::on(const LoadRules& change) {
  rules_.clear();
  for (const LoadedRule& rule : change.rules) {
    rules_[rule.id] = {rule.mode, rule.limits};
    keep(rule.bundle);
  }
  write(rules_record(change));
  for (auto& [id, r] : open_) {
    if (r.state != State::held || r.guard != "rule") continue;
    GateFacts facts = gate_facts(r);
    facts.pauses.clear();
    if (gate_again(facts).kind != Verdict::Kind::pass) continue;
    settle(r, *transition(r.state, Move::resume), {}, {{"cause", "rules_loaded"}});
  }
  return Answer{};
}

Result<Answer> MemoryLedger::on(const NoteStart& change) {
  flush_folds(false);
  write(start_record(change));
  return Answer{};
}

Result<Answer> MemoryLedger::on(const NoteStop& change) {
  flush_folds(true);
  write(stop_record(change));
  return Answer{};
}

Result<Answer> MemoryLedger::on(const RaiseAlarm& change) {
  const int64_t seq = write(alarm_record(change));
  send(notices_of(change, {ledger_id_, options_.notify_alarms, seq, at_}));
  return Answer{};
}

Result<Answer> MemoryLedger::on(const NoticeDelivered& change) {
  const auto found = outbox_.find(change.number);
  if (found == outbox_.end()) return Error{ErrorCode::not_found, fmt::format("no notice {} waits", change.number)};
  write(notice_record(found->second, true, change.status, ""));
  outbox_.erase(found);
  return Answer{};
}

Result<Answer> MemoryLedger::on(const NoticeDeferred& change) {
  const auto found = outbox_.find(change.number);
  if (found == outbox_.end()) return Error{ErrorCode::not_found, fmt::format("no notice {} waits", change.number)};
  ++found->second.attempts;
  found->second.due = change.due;
  return Answer{};
}

Result<Answer> MemoryLedger::on(const NoticeGivenUp& change) {
  const auto found = outbox_.find(change.number);
  if (found == outbox_.end()) return Error{ErrorCode::not_found, fmt::format("no notice {} waits", change.number)};
  write(notice_record(found->second, false, 0, change.error));
  outbox_.erase(found);
  return Answer{};
}

}  // namespace kedge
