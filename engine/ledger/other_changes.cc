// Changes of people, of the daemon and of the notifier.
#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "guard/restored.h"
#include "ledger/claim.h"
#include "ledger/sqlite_writer.h"

namespace kedge {

// ---- people --------------------------------------------------------------------------------------------------------

Result<Answer> SqliteWriter::on(const PersonalMove& change) {
  auto found = tables_.open_remediation(change.remediation);
  if (!found && change.move == Move::undo) return undo_ended(change);
  if (!found) return Error{ErrorCode::not_found, "no remediation " + change.remediation + " is open"};
  const Remediation was = *found;
  const auto step = transition_by(change, was);
  if (!step) return step.error();
  if (change.move == Move::undo || change.move == Move::release) {
    if (const auto obstacle = obstacle_to(was, true)) return refusal_of(change, *obstacle);
    tables_.put_locks(was);
  }
  const bool resumes = change.move == Move::resume;
  Json details = {{"actor", change.actor}, {"reason", change.reason}};
  if (resumes && change.approves) {
    tables_.put_approval(change, at_, digest_for_approval(was));
    details.update(approval_details(was));
  }
  if (ends_claim(change, was)) tables_.erase_claim(was.plan.rule.id, was.plan.target);
  settle(*found, was, *step, {"", resumes ? "" : change.reason, {}, {}}, std::move(details));
  return Answer{};
}

Result<Answer> SqliteWriter::undo_ended(const PersonalMove& change) {
  auto found = tables_.ended(change.remediation, first_day(options_.undo_horizon));
  if (!found) {
    return Error{ErrorCode::not_found, "no remediation " + change.remediation + " is open or within the undo horizon"};
  }
  const Remediation was = *found;
  const auto step = transition_by(change, was);
  if (!step) return step.error();
  if (const auto obstacle = obstacle_to(was, true)) return refusal_of(change, *obstacle);
  tables_.erase_ended(was);
  tables_.insert(was);
  tables_.put_locks(was);
  tables_.erase_claim(was.plan.rule.id, was.plan.target);
  settle(*found, was, *step, {"", change.reason, {}, {}}, {{"actor", change.actor}, {"reason", change.reason}});
  return Answer{};
}

Result<Answer> SqliteWriter::on(const AddException& change) {
  const Exception& e = change.exception;
  if (auto sound = check_exception(e, time_of_day_); !sound) return sound.error();
  if (tables_.exception(e.id)) return Error{ErrorCode::conflict, "there is an exception " + e.id + " already"};
  tables_.put(e);
  write(exception_record("added", e, e.added_by));
  return Answer{};
}

Result<Answer> SqliteWriter::on(const RevokeException& change) {
  const auto found = tables_.exception(change.id);
  if (!found) return Error{ErrorCode::not_found, "there is no exception " + change.id};
  tables_.erase_exception(change.id);
  write(exception_record("revoked", *found, change.actor));
  return Answer{};
}

Result<Answer> SqliteWriter::on(const AcceptClock& change) {
  if (const auto may = check_acceptance(clock_doubt_); !may) return may.error();
  write(clock_record(change, at_, *clock_doubt_));
  clock_accepted_ = std::exchange(clock_doubt_, std::nullopt);
  return Answer{};
}

Result<Answer> SqliteWriter::on(const AddPause& change) {
  if (auto known = check_scope(change.pause.scope); !known) return known.error();
  tables_.put(change.pause);
  write(pause_record(change.pause));
  return Answer{};
}

Result<Answer> SqliteWriter::on(const RemovePause& change) {
  const std::string rule = rule_of_scope(change.scope);
  const auto mass = rule.empty() ? std::nullopt : tables_.mass_match(rule);
  const bool ended = !change.goes_on && end_pause(change);
  if (mass && !change.goes_on) write(resume_record(rule, *mass, change.actor));
  const bool breakers = !change.goes_on && !rule.empty() && close_rule_breakers(rule, change.actor);
  if (mass && !let_go(rule, change.actor)) {
    more_.emplace_back(RemovePause{change.scope, change.actor, true, change.after});
    return Answer{};
  }
  change.scope == kRestored ? let_restored_go(change) : resume_paused(change);
  const bool idle = !mass && !ended && !breakers && runnable_.empty() && more_.empty();
  if (idle && !change.goes_on) return Error{ErrorCode::not_found, "nothing is paused with the scope " + change.scope};
  return Answer{};
}

bool SqliteWriter::end_pause(const RemovePause& change) {
  const std::vector<Pause> pauses = tables_.pauses();
  const auto found =
      std::find_if(pauses.begin(), pauses.end(), [&](const Pause& pause) { return pause.scope == change.scope; });
  if (found == pauses.end()) return false;
  write(resume_record(*found, change.actor));
  tables_.erase_pause(change.scope);
  return true;
}

// A part of what a mass match has held; with the last of it the mass match ends. True when it has.
bool SqliteWriter::let_go(const std::string& rule, const std::string& actor) {
  std::vector<std::string> held = tables_.held_of(rule, kMassMatch, options_.resumed_at_once + 1);
  const bool all = held.size() <= options_.resumed_at_once;
  if (!all) held.pop_back();
  for (const std::string& id : held) {
    Remediation r = *tables_.open_remediation(id);
    r.let_go = true;
    resume(std::move(r), {{"actor", actor}, {"cause", "resume"}});
  }
  if (!all) return false;
  tables_.erase_mass_match(rule);
  tables_.erase_wanted(rule, Time::max());
  return true;
}

// A part of what is held by a pause, but by none that still stands; and a Change for the rest.
void SqliteWriter::resume_paused(RemovePause change) {
  const std::vector<Pause> pauses = tables_.pauses();
  const std::vector<std::string> held = tables_.held_after(change.after, "pause", options_.resumed_at_once);
  for (const std::string& id : held) {
    Remediation r = *tables_.open_remediation(id);
    const auto concerns = [&](const Pause& pause) { return pause_concerns(pause.scope, r); };
    if (std::any_of(pauses.begin(), pauses.end(), concerns)) continue;
    resume(std::move(r), {{"actor", change.actor}, {"cause", "resume"}});
  }
  if (held.size() < options_.resumed_at_once) return;
  change.goes_on = true;
  change.after = held.back();
  more_.emplace_back(std::move(change));
}

// A part of what is held as a restored ledger's events asked for it: a person says that all of it may go on.
void SqliteWriter::let_restored_go(RemovePause change) {
  const std::vector<std::string> held = tables_.held_after(change.after, kRestored, options_.resumed_at_once);
  for (const std::string& id : held) {
    Remediation r = *tables_.open_remediation(id);
    r.let_go = true;
    resume(std::move(r), {{"actor", change.actor}, {"cause", "resume"}});
  }
  if (held.size() < options_.resumed_at_once) return;
  change.goes_on = true;
  change.after = held.back();
  more_.emplace_back(std::move(change));
}

bool SqliteWriter::close_rule_breakers(const std::string& rule, const std::string& actor) {
  bool any = false;
  for (const auto& [account, kept] : tables_.rule_breakers(rule)) {
    if (kept.breaker.closed()) continue;
    any = true;
    write(resume_record(rule, account, kept, actor));
    tables_.put(rule, account, RuleBreaker{});
    wake({rule_breaker_key(rule, account), "", "resume", actor});
  }
  return any;
}

Result<Answer> SqliteWriter::on(const CloseDeadLetters& change) {
  std::vector<int64_t> closed;
  for (const int64_t number : change.numbers) {
    if (tables_.erase_dead_letter(number)) closed.push_back(number);
  }
  if (closed.empty()) return Error{ErrorCode::not_found, "none of these dead letters is there"};
  write(redrive_record(change, closed));
  return Answer{};
}

// ---- the daemon ----------------------------------------------------------------------------------------------------

Result<Answer> SqliteWriter::on(const LoadRules& change) {
  // Events of before may be asked about as long as those of today: what decided about them is kept as long from now on.
  for (const std::string& version : tables_.rule_versions()) {
    const auto digest = digest_from(version);
    if (const auto bundle = digest ? tables_.blob(*digest) : std::nullopt) tables_.put_blob(*bundle, today());
  }
  tables_.put_rules(change.rules);
  for (const LoadedRule& rule : change.rules) tables_.put_blob(rule.bundle, today());
  write(rules_record(change, tables_.keep_claims_of(change.rules)));
  for (const LoadedRule& rule : change.rules) {
    if (may_act(rule.policy.mode)) wake({rule_key(rule.id), "", "rules_loaded", ""});
  }
  return Answer{};
}

Result<Answer> SqliteWriter::on(const NoteStart& change) {
  flush_folds(std::chrono::floor<std::chrono::minutes>(at_).time_since_epoch().count());
  tables_.erase_throttles(at_);
  write(start_record(change));
  for (std::string& key : tables_.standing_keys(kRuleBreaker)) wake({std::move(key), "", kBreakerClosed, ""});
  return Answer{};
}

Result<Answer> SqliteWriter::on(const NoteStop& change) {
  flush_folds(INT64_MAX);
  write(stop_record(change));
  return Answer{};
}

Result<Answer> SqliteWriter::on(const RaiseAlarm& change) {
  raise(change);
  return Answer{};
}

void SqliteWriter::raise(const RaiseAlarm& alarm) { tell(alarm, write(alarm_record(alarm))); }

void SqliteWriter::tell(const RaiseAlarm& alarm, int64_t seq) { send(notices_of(alarm, context(seq)), "", Duration{}); }

// ---- the notifier --------------------------------------------------------------------------------------------------

Result<Notice> SqliteWriter::waiting_notice(int64_t number) {
  auto notice = tables_.notice(number);
  if (!notice) return Error{ErrorCode::not_found, fmt::format("no notice {} waits", number)};
  return *std::move(notice);
}

Result<Answer> SqliteWriter::on(const NoticeDelivered& change) {
  const auto notice = waiting_notice(change.number);
  if (!notice) return notice.error();
  if (notice->id != change.id) return Answer{};  // a digest that grew while it was on its way: it goes again, whole
  write(notice_record(*notice, true, change.status, ""));
  tables_.erase_notice(change.number);
  return Answer{};
}

Result<Answer> SqliteWriter::on(const NoticeDeferred& change) {
  const auto notice = waiting_notice(change.number);
  if (!notice) return notice.error();
  tables_.defer_notice(change.number, change.due);
  return Answer{};
}

Result<Answer> SqliteWriter::on(const NoticeGivenUp& change) {
  const auto notice = waiting_notice(change.number);
  if (!notice) return notice.error();
  write(notice_record(*notice, false, 0, change.error));
  tables_.erase_notice(change.number);
  return Answer{};
}

}  // namespace kedge
