// Changes of lanes and sources: positions, findings, suppressions, dead letters, counts.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <span>
#include <utility>

#include "base/json.h"
#include "ledger/claim.h"
#include "ledger/sqlite_writer.h"

namespace kedge {

Result<Answer> SqliteWriter::on(const CommitBatch& batch) {
  for (const PositionMove& move : batch.moves) {
    if (auto moved = move_position(move); !moved) return moved.error();
  }
  auto answer = take_decisions(batch);
  if (!answer) return answer;
  for (const NotePosition& one : batch.notes) note(one);
  return answer;
}

Result<Answer> SqliteWriter::take_decisions(const CommitBatch& batch) {
  flush_folds(minute_of(at_));
  Answer answer;
  for (const Finding& finding : batch.findings) {
    auto disposition = decide(finding);
    if (!disposition) return disposition.error();
    answer.dispositions.push_back(*std::move(disposition));
  }
  for (const Suppression& suppression : batch.suppressions) suppress(suppression);
  for (const DeadLetter& letter : batch.dead_letters) bury(letter);
  for (const Count& count : batch.counts) tables_.add_count(count.subject, count.reason, at_, count.number);
  for (const RaiseAlarm& alarm : batch.alarms) raise(alarm);
  return answer;
}

Result<void> SqliteWriter::move_position(const PositionMove& move) {
  auto stored = tables_.position(move.partition);
  if (!stored) return Error{ErrorCode::conflict, to_string(move.partition) + " has no position: it was never claimed"};
  if (!stored->stopped.empty()) {
    return Error{ErrorCode::refused, to_string(move.partition) + " is stopped: " + stored->stopped};
  }
  Position& position = stored->position;
  if (position.epoch != move.epoch || position.next != move.from || move.to < move.from) {
    return Error{ErrorCode::conflict,
                 fmt::format("{} stands at {} in epoch {}, and the batch goes from {} to {} in epoch {}",
                             to_string(move.partition), position.next, position.epoch, move.from, move.to, move.epoch)};
  }
  position.next = move.to;
  if (move.bookmark) position.bookmark = move.bookmark;
  tables_.put(*stored);
  return {};
}

bool SqliteWriter::see(const std::string& key) {
  if (tables_.seen(key, first_day(options_.seen_for), today())) return false;
  tables_.put_seen(key, today());
  return true;
}

// ---- findings ------------------------------------------------------------------------------------------------------

Result<Disposition> SqliteWriter::decide(const Finding& finding) {
  if (tables_.open_remediation(finding.remediation)) {
    return Error{ErrorCode::internal, "the id " + finding.remediation + " is in use already"};
  }
  if (!see(finding.key)) {
    tables_.add_count(finding.plan.rule.id, "duplicate", at_, 1);
    return Disposition{Disposition::Kind::duplicate, ""};
  }
  tables_.put_blob(finding.event.document, today());
  if (is_of_live_event(finding)) tables_.note_seen(finding.plan.rule.id, finding.plan.target, at_);
  std::vector<Remediation> same;
  for (const std::string& other : tables_.open_of(finding.plan.rule.id, finding.plan.target)) {
    same.push_back(*tables_.open_remediation(other));
  }
  for (Remediation& r : same) {
    if (!joins(finding, r)) continue;
    const Remediation was = r;
    r.last_finding = write(plan_record(finding, "joined", r));
    tables_.update(r, was);
    note_runnable(r, false);
    return Disposition{Disposition::Kind::joined, r.id};
  }
  return open(finding, same);
}

// None can be joined: what has written nothing gives way; what has written is observed once more before it ends.
Disposition SqliteWriter::open(const Finding& finding, const std::vector<Remediation>& same) {
  const auto leaves = [&](const Remediation& r) { return gives_way(r, finding); };
  const bool superseding = std::any_of(same.begin(), same.end(), leaves);
  Remediation opened = opened_by(finding);
  opened.last_finding = write(plan_record(finding, superseding ? "superseding" : "opened", opened));
  tables_.insert(opened);
  note_runnable(opened, true);
  for (const Remediation& other : same) {
    Remediation r = *tables_.open_remediation(other.id);  // one that waited may have been woken by the end of another
    const Remediation was = r;
    r.last_finding = opened.last_finding;
    if (leaves(r)) {
      settle(r, was, *transition(r.state, Move::supersede), {}, {{"by", opened.id}});
    } else {
      tables_.update(r, was);
      note_runnable(r, false);
    }
  }
  return {superseding ? Disposition::Kind::superseding : Disposition::Kind::opened, opened.id};
}

// ---- suppressions --------------------------------------------------------------------------------------------------

void SqliteWriter::suppress(const Suppression& suppression) {
  const std::string& rule = suppression.plan.rule.id;
  if (!see(suppression.key)) return tables_.add_count(rule, "duplicate", at_, 1);
  FoldedSuppressions folded = tables_.folded(rule).value_or(FoldedSuppressions{});
  folded.rule = rule;
  folded.minute = minute_of(at_);
  if (++folded.count > options_.suppressions_per_minute) {
    ++folded.folded;
    folded.digest = fold(folded.digest, suppression);
    return tables_.put(folded);
  }
  tables_.put(folded);
  tables_.put_blob(suppression.event.document, today());
  const int64_t seq = write(suppression_record(suppression));
  send(notices_of(suppression, context(seq)), rule, suppression.policy.throttle);
}

void SqliteWriter::flush_folds(int64_t before_minute) {
  for (const FoldedSuppressions& folded : tables_.folded_before(before_minute)) {
    if (folded.folded > 0) write(folded_record(folded));
    tables_.erase_folded(folded.rule);
  }
}

// ---- dead letters --------------------------------------------------------------------------------------------------

bool SqliteWriter::have_room(std::span<const DeadLetter> letters) {
  std::map<std::pair<std::string, std::string>, Tables::Total> added;  // by source and rule
  for (const DeadLetter& letter : letters) {
    Tables::Total& more = added[{letter.source, letter.rule}];
    ++more.letters;
    more.bytes += static_cast<int64_t>(letter.value.size());
  }
  return std::all_of(added.begin(), added.end(), [&](const auto& entry) {
    const auto& [source, rule] = entry.first;
    const Tables::Total& more = entry.second;
    const Tables::Total total = tables_.dead_letter_total(source, rule);
    const int64_t this_minute = tables_.dead_letters_within(source, rule, minute_of(at_));
    return total.letters + more.letters <= options_.dead_letters_max &&
           total.bytes + more.bytes <= options_.dead_letter_bytes_max &&
           this_minute + more.letters <= options_.dead_letters_per_minute;
  });
}

void SqliteWriter::bury(DeadLetter letter) {
  if (have_room({&letter, 1})) {
    letter.at = at_;
    letter.number = write(dead_letter_record(letter));
    send(notices_of(letter, context(letter.number)));
    return tables_.put(letter);
  }
  if (tables_.widen_range(letter)) return;
  const DeadLetterRange range{
      letter.source, letter.topic, letter.partition, letter.rule, letter.offset, letter.offset, 1, at_};
  tables_.put(range);
  send(notices_of(range, context(write(dead_letter_record(range)))));
}

Result<Answer> SqliteWriter::on(const RedriveDeadLetter& change) {
  if (!tables_.dead_letter(change.number)) {
    return Error{ErrorCode::not_found, fmt::format("there is no dead letter {}", change.number)};
  }
  if (!have_room(change.decided.dead_letters)) {
    return Error{ErrorCode::limit, "what fails of it now has no room among the dead letters of its rule"};
  }
  auto answer = take_decisions(change.decided);
  if (!answer) return answer;
  if (change.failure) {
    tables_.note_failed_redrive(change.number, *change.failure);
  } else {
    tables_.erase_dead_letter(change.number);
  }
  write(redrive_record(change, answer->dispositions));
  return answer;
}

Result<Answer> SqliteWriter::on(const RerunEvent& change) {
  if (tables_.open_remediation(change.remediation)) {
    return Error{ErrorCode::conflict, change.remediation + " is open: what it is about is being decided"};
  }
  auto answer = take_decisions(change.decided);
  if (!answer) return answer;
  write(rerun_record(change, answer->dispositions));
  return answer;
}

// ---- positions -----------------------------------------------------------------------------------------------------

Result<Answer> SqliteWriter::on(const ClaimPositions& change) {
  Answer answer;
  for (const ClaimPositions::Claim& claim : change.claims) {
    const auto stored = tables_.position(claim.partition);
    const std::optional<Position> found = stored ? std::optional(stored->position) : std::nullopt;
    if (found != claim.found) {
      return Error{ErrorCode::conflict,
                   "the position of " + to_string(claim.partition) + " is no longer as it was found"};
    }
    Position position = claim.wanted;
    position.epoch = found ? found->epoch + 1 : 1;
    answer.epochs.push_back(position.epoch);
    tables_.put(StoredPosition{claim.partition, position, ""});
    if (claim.note.empty()) continue;
    const int64_t seq = write(position_record(claim, position, change.actor));
    if (claim.note == kGap) tell(alarm_of_gap(claim), seq);
  }
  return answer;
}

Result<Answer> SqliteWriter::on(const NotePosition& change) {
  note(change);
  return Answer{};
}

Result<Answer> SqliteWriter::on(const SeekPosition& change) {
  const auto stored = tables_.position(change.partition);
  if (auto may = check_seek(change, stored); !may) return may.error();
  const Position now{change.cluster, stored->position.epoch + 1, change.next, std::nullopt};
  tables_.put(StoredPosition{change.partition, now, ""});
  const int64_t ranges = tables_.erase_dead_letter_ranges(change.partition, change.next);
  write(position_record(change, *stored, now, ranges));
  Answer answer;
  answer.epochs = {now.epoch};
  return answer;
}

void SqliteWriter::note(const NotePosition& change) {
  const int64_t seq = write(position_record(change));
  if (!change.stop) return;
  if (auto stored = tables_.position(change.partition)) {
    stored->stopped = change.reason.empty() ? change.note : change.reason;
    tables_.put(*stored);
  }
  tell(alarm_of(change), seq);
}

}  // namespace kedge
