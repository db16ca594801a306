// SqliteWriter: what each Change does to the tables. It knows nothing of transactions: the ledger puts a savepoint
// around each Change and takes back what one that is refused or fails has written, numbers included.
//
// The Changes of lanes and of sources are in batch_changes.cc, those of the executor in remediation_changes.cc, those
// of reconcile in claim_changes.cc, those of people, of the daemon and of the notifier in other_changes.cc. Belongs to
// the committer. Throws SqliteFailure.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "guard/gate.h"
#include "ledger/lease.h"
#include "ledger/notice.h"
#include "ledger/sqlite_ledger.h"
#include "ledger/tables.h"

namespace kedge {

class SqliteWriter {
 public:
  // Borrows all of them.
  SqliteWriter(Database& database, const SqliteLedgerOptions& options, const std::string& ledger_id)
      : tables_(database), db_(database), options_(options), ledger_id_(ledger_id), head_(tables_.journal_head()) {}

  // All that is written from now on happens at this ledger time.
  void set_time(Time at, Time time_of_day, std::optional<Duration> clock_doubt) {
    at_ = at;
    time_of_day_ = time_of_day;
    clock_doubt_ = clock_doubt;
    clock_accepted_.reset();
  }
  // How far ahead the wall clock is that a Change of this group accepts.
  std::optional<Duration> clock_accepted() const { return clock_accepted_; }

  // An error: refused.
  Result<Answer> apply(const Change& change);

  // The number of the last record written; what is rolled back gives its numbers back.
  int64_t head() const { return head_; }
  void set_head(int64_t head) { head_ = head; }

  int64_t write(Record);

  // Takes a bite out of what is past its horizon: one table a call, in turns. `written`: the rows of this group.
  void prune(int64_t written);
  // Lets go what the audit log has, past its horizon. `written`: the records of this group.
  void let_records_go(int64_t written);

 private:
  Result<Answer> on(const CommitBatch&);
  Result<Answer> on(const ClaimPositions&);
  Result<Answer> on(const NotePosition&);
  Result<Answer> on(const SeekPosition&);
  Result<Answer> on(const Start&);
  Result<Answer> on(const Attempt&);
  Result<Answer> on(const RecordOutcome&);
  Result<Answer> on(const Conclude&);
  Result<Answer> on(const AttemptUndo&);
  Result<Answer> on(const MoveRemediation&);
  Result<Answer> on(const FindDrift&);
  Result<Answer> on(const ExpireClaim&);
  Result<Answer> on(const PersonalMove&);
  Result<Answer> on(const AddException&);
  Result<Answer> on(const RevokeException&);
  Result<Answer> on(const AcceptClock&);
  Result<Answer> on(const AddPause&);
  Result<Answer> on(const RemovePause&);
  Result<Answer> on(const CloseDeadLetters&);
  Result<Answer> on(const RedriveDeadLetter&);
  Result<Answer> on(const RerunEvent&);
  Result<Answer> on(const LoadRules&);
  Result<Answer> on(const WakeStanding&);
  Result<Answer> on(const NoteStart&);
  Result<Answer> on(const NoteStop&);
  Result<Answer> on(const RaiseAlarm&);
  Result<Answer> on(const NoticeDelivered&);
  Result<Answer> on(const NoticeDeferred&);
  Result<Answer> on(const NoticeGivenUp&);

  // batch_changes.cc
  Result<Answer> take_decisions(const CommitBatch&);  // all but its moves and notes
  Result<void> move_position(const PositionMove&);
  bool see(const std::string& key);  // true: for the first time
  Result<Disposition> decide(const Finding&);
  Disposition open(const Finding&, const std::vector<Remediation>& same);
  void suppress(const Suppression&);
  void flush_folds(int64_t before_minute);
  bool have_room(std::span<const DeadLetter>);  // all of them together
  void bury(DeadLetter);
  void note(const NotePosition&);
  void raise(const RaiseAlarm&);
  void tell(const RaiseAlarm&, int64_t seq);  // of what is on record already

  // remediation_changes.cc
  Result<Remediation> open_remediation(const std::string& id);
  // Writes `r` (as it was loaded: `was`) with a move, its record and its notices; what ends leaves the hot tables, and
  // what waited for its locks goes on. Returns the record's number.
  int64_t settle(Remediation& r, const Remediation& was, const Transition&, Standstill, nlohmann::json details);
  void note_runnable(const Remediation&, bool moved);
  void end(const Remediation&);
  void give_back(Remediation& ended);
  void rest(const Remediation& isolated);
  void wake_waiting(const std::vector<std::string>& keys, const std::string& but);
  void resume(Remediation, nlohmann::json details);
  Policy policy_of(const Remediation&);
  GateLimits limits_of(const Remediation&);
  GateFacts gate_facts(const Remediation&);
  std::vector<BudgetFigures> figures_of_budgets(const std::vector<ScopedBudget>&);
  void count_target(const Remediation&, GateFacts&);
  void count_fleet(const Remediation&, const std::optional<Share>&, GateFacts&);
  void count_approvals(const Remediation&, GateFacts&);
  bool end_pause(const RemovePause&);
  bool let_go(const std::string& rule, const std::string& actor);
  void resume_paused(RemovePause);
  void let_restored_go(RemovePause);
  bool close_rule_breakers(const std::string& rule, const std::string& actor);  // false: none was open
  void note_end(const Remediation&, const Transition&, const std::string& code);
  void give_back_probe(const Remediation&);
  void wake(WakeStanding);
  bool rule_lets_go(const Remediation&);
  Result<Answer> stand_still(Remediation&, const Remediation& was, const Verdict&, nlohmann::json details);
  Result<void> check_locks(const Remediation&);
  std::optional<Obstacle> obstacle_to(const Remediation&, bool by_person);  // to taking back what it wrote
  void trace_attempt(const Remediation&, const std::string& mark, int64_t seq);
  void trace_outcome(const Remediation&, const StepOutcome&, int64_t seq);
  Result<Answer> undo_ended(const PersonalMove&);

  // claim_changes.cc
  void keep_claim(const Remediation& confirmed);

  void send(const std::vector<Notice>&);
  void send(const std::vector<Notice>&, const std::string& rule, Duration throttle);
  NoticeContext context(int64_t seq) const {
    return {ledger_id_, options_.notify_alarms, options_.notify_dead_letters, seq, at_};
  }
  Result<Notice> waiting_notice(int64_t number);
  int64_t today() const { return day_of(at_); }
  int64_t first_day(Duration horizon) const { return today() - std::chrono::ceil<std::chrono::days>(horizon).count(); }

  Tables tables_;
  Database& db_;
  const SqliteLedgerOptions& options_;
  const std::string& ledger_id_;
  Time at_;           // of the group, in ledger time
  Time time_of_day_;  // the same moment, as people outside name it
  std::optional<Duration> clock_doubt_;
  std::optional<Duration> clock_accepted_;
  int64_t head_;
  std::vector<Remediation> runnable_;  // what the Change at hand has moved into planned or undoing
  std::vector<FollowUp> more_;         // what it leaves to later ones
  size_t may_wake_ = 0;                // so many may it still look at
  int64_t notices_ = 0;                // what it has put into the outbox
  uint64_t bites_ = 0;
};

}  // namespace kedge
