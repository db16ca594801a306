#include "tests/ledger/memory_ledger.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "guard/admission.h"
#include "guard/restored.h"
#include "ledger/notice.h"
#include "ledger/schema.h"

namespace kedge {
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
  time_of_day_ = time_.time_of_day();
  clock_doubt_ = time_.clock_doubt();
  clock_accepted_.reset();
  const int64_t before = journal_.back().seq;
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
  if (journal_.back().seq > before) let_records_go(journal_.back().seq - before);
  if (clock_accepted_) time_.accept(*clock_accepted_);
  return answers;
}

Answer MemoryLedger::apply_one(const Change& change) {
  runnable_.clear();
  more_.clear();
  may_wake_ = options_.resumed_at_once;
  const int64_t last_notice = last_notice_;
  auto result = std::visit([&](const auto& one) { return on(one); }, change);
  Answer answer;
  if (result) {
    answer = *std::move(result);
    answer.notices = last_notice_ - last_notice;
    answer.more = more_;
    std::set<std::string> told;
    for (const std::string& id : runnable_) {
      const auto found = open_.find(id);
      if (found == open_.end() || !told.insert(id).second) continue;
      if (is_runnable(found->second.state)) answer.runnable.push_back(found->second);
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

Time MemoryLedger::now() const {
  const std::lock_guard lock(mutex_);
  return time_.now();
}

Time MemoryLedger::time_of_day() const {
  const std::lock_guard lock(mutex_);
  return time_.time_of_day();
}

std::optional<Duration> MemoryLedger::clock_doubt() const {
  const std::lock_guard lock(mutex_);
  return time_.clock_doubt();
}

int64_t MemoryLedger::day() const { return std::chrono::floor<std::chrono::days>(at_).time_since_epoch().count(); }

bool MemoryLedger::remembered(int64_t day_then, Duration horizon) const {
  return day_then >= day() - std::chrono::ceil<std::chrono::days>(horizon).count();
}

int64_t MemoryLedger::write(const Record& record) {
  const int64_t seq = journal_.empty() ? 0 : journal_.back().seq + 1;
  Sealed sealed = seal(record, seq, at_, options_.record_bytes_max);
  for (const std::string& part : sealed.parts) keep(part);
  journal_.push_back({seq, std::move(sealed.bytes)});
  return seq;
}

void MemoryLedger::let_records_go(int64_t written) {
  if (!options_.published) return;
  const int64_t below = options_.published() - 1;
  for (int64_t most = records_to_let_go(written); most > 0 && journal_.size() > 1; --most) {
    const Time at = *parse_time(parse_json(journal_.front().bytes)->at("at").get<std::string>());
    const int64_t day = std::chrono::floor<std::chrono::days>(at).time_since_epoch().count();
    if (journal_.front().seq >= below || remembered(day, options_.journal_horizon)) return;
    journal_.pop_front();
  }
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

void MemoryLedger::send(std::vector<Notice> notices, const std::string& rule, Duration throttle) {
  const NoticePace pace = throttle == Duration{} ? options_.notices : NoticePace{1, throttle};
  for (Notice& notice : notices) {
    const Throttle none{rule, notice.channel, kind_of(notice), Time{}, 0, 0};
    Throttle& told = throttles_.try_emplace({rule, notice.channel, none.kind}, none).first->second;
    if (goes_alone(told, pace, at_)) {
      send({notice});
    } else if (const auto digest = outbox_.find(told.digest); digest != outbox_.end()) {
      fold_into(digest->second, notice);
    } else {
      send({digest_of(notice, told.until)});
      told.digest = last_notice_;
    }
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
  for (const RaiseAlarm& alarm : batch.alarms) raise(alarm);
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
  if (const auto claim = claims_.find({finding.plan.rule.id, finding.plan.target});
      claim != claims_.end() && finding.origin == "event") {
    claim->second.last_seen = at_;
  }
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
  send(notices_of(suppression, context(seq)), suppression.plan.rule.id, suppression.policy.throttle);
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
    send(notices_of(letter, context(letter.number)));
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
  const int64_t seq = write(dead_letter_record(ranges_.back()));
  send(notices_of(ranges_.back(), context(seq)));
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
    const ClaimPositions::Claim& claim = change.claims[i];
    if (claim.note.empty()) continue;
    const int64_t seq = write(position_record(claim, now, change.actor));
    if (claim.note == kGap) send(notices_of(alarm_of_gap(claim), context(seq)), "", Duration{});
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
  send(notices_of(alarm_of(change), context(seq)), "", Duration{});
}

// ---- people ------------------------------------------------------------------------------------------------------

Result<Answer> MemoryLedger::on(const PersonalMove& change) {
  auto found = find_open(change.remediation);
  if (!found && change.move == Move::undo) return undo_ended(change);
  if (!found) return found.error();
  Remediation& r = **found;
  const auto step = transition_by(change, r);
  if (!step) return step.error();
  if (change.move == Move::undo || change.move == Move::release) {
    if (const auto obstacle = obstacle_to(r, true)) return refusal_of(change, *obstacle);
    for (const std::string& key : r.touches) locks_[key] = r.id;
  }
  Json details = {{"actor", change.actor}, {"reason", change.reason}};
  if (change.move == Move::resume && change.approves) {
    approved_[r.id][change.actor] = {change.actor, at_, digest_for_approval(r)};
    details.update(approval_details(r));
  }
  if (change.move == Move::undo || (change.move == Move::cancel && r.origin == "reconcile")) {
    claims_.erase({r.plan.rule.id, r.plan.target});
  }
  settle(r, *step, {"", change.move == Move::resume ? "" : change.reason, {}, {}}, std::move(details));
  return Answer{};
}

void MemoryLedger::capture_again(const std::string& remediation, size_t step, const CapturedState& before) {
  const std::lock_guard lock(mutex_);
  if (const auto found = find_open(remediation)) (*found)->steps.at(step).before = before;
}

Result<Answer> MemoryLedger::undo_ended(const PersonalMove& change) {
  const auto found = ended_.find(change.remediation);
  if (found == ended_.end() || !remembered(found->second.day, options_.undo_horizon)) {
    return Error{ErrorCode::not_found, "no remediation " + change.remediation + " is open or within the undo horizon"};
  }
  Remediation& r = found->second.remediation;
  const auto step = transition_by(change, r);
  if (!step) return step.error();
  if (const auto obstacle = obstacle_to(r, true)) return refusal_of(change, *obstacle);
  for (const std::string& key : r.touches) locks_[key] = r.id;
  claims_.erase({r.plan.rule.id, r.plan.target});
  const std::string id = r.id;
  open_[id] = r;
  ended_.erase(found);
  settle(open_[id], *step, {"", change.reason, {}, {}}, {{"actor", change.actor}, {"reason", change.reason}});
  return Answer{};
}

Result<Answer> MemoryLedger::on(const AddException& change) {
  const Exception& e = change.exception;
  if (auto sound = check_exception(e, time_of_day_); !sound) return sound.error();
  if (exceptions_.contains(e.id)) return Error{ErrorCode::conflict, "there is an exception " + e.id + " already"};
  exceptions_[e.id] = e;
  write(exception_record("added", e, e.added_by));
  return Answer{};
}

Result<Answer> MemoryLedger::on(const AcceptClock& change) {
  if (const auto may = check_acceptance(clock_doubt_); !may) return may.error();
  write(clock_record(change, at_, *clock_doubt_));
  clock_accepted_ = std::exchange(clock_doubt_, std::nullopt);
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
  const std::string rule = rule_of_scope(change.scope);
  const bool mass = mass_matches_.contains(rule);
  const auto found = change.goes_on ? pauses_.end() : pauses_.find(change.scope);
  const bool ended = found != pauses_.end();
  if (ended) {
    write(resume_record(found->second, change.actor));
    pauses_.erase(found);
  }
  if (mass && !change.goes_on) write(resume_record(rule, mass_matches_.at(rule), change.actor));
  const bool breakers = !change.goes_on && !rule.empty() && close_rule_breakers(rule, change.actor);
  RemovePause rest{change.scope, change.actor, true, change.after};
  if (mass && !let_go(rule, change.actor)) {
    more_.emplace_back(rest);
    return Answer{};
  }
  size_t looked_at = 0;
  for (auto one = open_.upper_bound(change.after); one != open_.end() && looked_at < options_.resumed_at_once; ++one) {
    auto& [id, r] = *one;
    const bool restored = change.scope == kRestored;
    if (r.state != State::held || r.guard != (restored ? kRestored : "pause")) continue;
    ++looked_at;
    rest.after = id;
    const auto concerns = [&, &held = r](const auto& pause) { return pause_concerns(pause.first, held); };
    if (!restored && std::any_of(pauses_.begin(), pauses_.end(), concerns)) continue;
    r.let_go = r.let_go || restored;
    settle(r, *transition(r.state, Move::resume), {}, {{"actor", change.actor}, {"cause", "resume"}});
  }
  if (looked_at == options_.resumed_at_once) more_.emplace_back(rest);
  const bool idle = !mass && !ended && !breakers && runnable_.empty() && more_.empty();
  if (idle && !change.goes_on) return Error{ErrorCode::not_found, "nothing is paused with the scope " + change.scope};
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

Result<Answer> MemoryLedger::on(const RerunEvent& change) {
  if (find_open(change.remediation))
    return Error{ErrorCode::conflict, change.remediation + " is open: what it is about is being decided"};
  if (auto unused = check_ids(change.decided); !unused) return unused.error();
  Answer answer = take_decisions(change.decided);
  write(rerun_record(change, answer.dispositions));
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
    rules_[rule.id] = rule.policy;
    keep(rule.bundle);
  }
  const auto ended = std::erase_if(claims_, [&](const auto& entry) {
    const auto rule = rules_.find(entry.first.first);
    return rule == rules_.end() || rule->second.mode == Mode::off || rule->second.reconcile == Reconcile::off;
  });
  write(rules_record(change, static_cast<int64_t>(ended)));
  for (const LoadedRule& rule : change.rules) {
    if (may_act(rule.policy.mode)) wake({rule_key(rule.id), "", "rules_loaded", ""});
  }
  return Answer{};
}

Result<Answer> MemoryLedger::on(const NoteStart& change) {
  flush_folds(false);
  std::erase_if(throttles_, [&](const auto& entry) { return entry.second.until <= at_; });
  write(start_record(change));
  std::set<std::string> keys;
  for (const auto& [id, r] : open_) {
    if (r.guard == kRuleBreaker) keys.insert(standing_key(r));
  }
  for (const std::string& key : keys) wake({key, "", kBreakerClosed, ""});
  return Answer{};
}

Result<Answer> MemoryLedger::on(const NoteStop& change) {
  flush_folds(true);
  write(stop_record(change));
  return Answer{};
}

Result<Answer> MemoryLedger::on(const RaiseAlarm& change) {
  raise(change);
  return Answer{};
}

void MemoryLedger::raise(const RaiseAlarm& alarm) {
  const int64_t seq = write(alarm_record(alarm));
  send(notices_of(alarm, context(seq)), "", Duration{});
}

Result<Answer> MemoryLedger::on(const NoticeDelivered& change) {
  const auto found = outbox_.find(change.number);
  if (found == outbox_.end()) return Error{ErrorCode::not_found, fmt::format("no notice {} waits", change.number)};
  if (found->second.id != change.id) return Answer{};
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
