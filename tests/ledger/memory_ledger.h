// MemoryLedger: the ledger in maps, simple enough to be seen to be right. It is the reference that SqliteLedger is
// compared with, and the fake ledger of other rooms' tests: Ledger and LedgerReader in one.
//
// Every Change first checks all that could refuse it, and only then changes anything. But for records nothing is ever
// pruned: what is past its horizon is not looked at. Thread-safe.
#pragma once

#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "ledger/lease.h"
#include "ledger/ledger.h"
#include "ledger/ledger_time.h"
#include "ledger/notice.h"
#include "ledger/progress.h"
#include "ledger/record.h"
#include "ledger/sqlite_ledger.h"
#include "ledger/throttle.h"

namespace kedge {

class MemoryLedger : public Ledger, public LedgerReader {
 public:
  explicit MemoryLedger(Clock& clock, SqliteLedgerOptions options = {}, std::string ledger_id = "test-ledger");

  // As it is kept when its process dies: a copy goes its own way.
  MemoryLedger(const MemoryLedger&) = default;
  MemoryLedger& operator=(const MemoryLedger&) = delete;

  // What a ledger must never do, for tests that must notice it.
  void forget_seen() { seen_.clear(); }
  void forget_starts() { spent_.clear(); }
  void capture_again(const std::string& remediation, size_t step, const CapturedState& before);

  // The next groups are answered with this outcome and change nothing, until it is `done` again.
  void answer_with(Outcome outcome);

  // ---- Ledger
  std::vector<Answer> apply(std::span<const Change> changes) override;
  int64_t head() const override;
  Time now() const override;
  std::optional<Duration> clock_doubt() const override;
  Time time_of_day() const override;

  // ---- LedgerReader
  Result<std::string> ledger_id() override;
  Result<std::vector<StoredPosition>> positions() override;
  Result<std::vector<Remediation>> open_remediations() override;
  Result<std::vector<Remediation>> first_open(const OpenFilter&) override;
  Result<std::vector<OpenCount>> open_counts() override;
  Result<std::vector<Unfinished>> unfinished(Time until) override;
  Result<std::vector<Unfinished>> due(Time until) override;
  Result<Remediation> remediation(const std::string& id) override;
  Result<std::vector<AttemptTrace>> attempts_by_mark(const std::string& mark) override;
  Result<std::vector<AttemptTrace>> attempts_by_request(const std::string& request_id) override;
  Result<std::vector<Exception>> exceptions() override;
  Result<std::vector<Pause>> pauses() override;
  Result<std::vector<DeadLetter>> dead_letters(const DeadLetterFilter&) override;
  Result<DeadLetter> dead_letter(int64_t number) override;
  Result<std::vector<DeadLetterRange>> dead_letter_ranges() override;
  Result<std::vector<Claim>> claims(const ClaimPlace& after, uint32_t until, size_t limit) override;
  Result<std::vector<Notice>> due_notices(Time now, size_t limit) override;
  Result<std::optional<Time>> next_notice_due() override;
  Result<std::vector<Counted>> counts(Time from, Time to) override;
  Result<std::vector<JournalEntry>> journal(int64_t from, size_t limit) override;
  Result<int64_t> journal_head() override;
  Result<std::string> blob(const std::string& digest) override;

 private:
  struct AttemptRow {
    int64_t day = 0;
    AttemptTrace trace;
    std::set<std::string> request_ids;
  };
  struct Ended {
    int64_t day = 0;
    Remediation remediation;
  };

  Answer apply_one(const Change& change);

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

  int64_t write(const Record&);
  void let_records_go(int64_t written);
  void keep(const std::string& bytes);
  NoticeContext context(int64_t seq) const {
    return {ledger_id_, options_.notify_alarms, options_.notify_dead_letters, seq, at_};
  }
  void send(std::vector<Notice>);
  void send(std::vector<Notice>, const std::string& rule, Duration throttle);
  void count(const std::string& subject, const std::string& reason, int64_t number);
  Result<void> check_ids(const CommitBatch&) const;
  Answer take_decisions(const CommitBatch&);  // all but its moves and notes
  bool see(const std::string& key);           // true: for the first time
  Disposition open(const Finding&);
  void suppress(const Suppression&);
  void flush_folds(bool all);
  bool have_room(std::span<const DeadLetter>) const;  // all of them together
  void bury(DeadLetter);
  void raise(const RaiseAlarm&);
  void note(const NotePosition&);

  Result<Remediation*> find_open(const std::string& id);
  // Moves, writes the record and the notices, and settles what ends.
  int64_t settle(Remediation&, const Transition&, Standstill, nlohmann::json details);
  void wake_waiting(const std::vector<std::string>& keys, const std::string& but);
  void keep_claim(const Remediation& confirmed);
  std::optional<Claim> claim(const std::string& rule, const std::string& target) const;
  Policy policy_of(const Remediation&) const;
  GateLimits limits_of(const Remediation&) const;
  GateFacts gate_facts(const Remediation&) const;
  void count_target(const Remediation&, GateFacts&);
  void count_fleet(const Remediation&, const std::optional<Share>&, GateFacts&) const;
  void count_approvals(const Remediation&, GateFacts&);
  bool let_go(const std::string& rule, const std::string& actor);
  bool close_rule_breakers(const std::string& rule, const std::string& actor);
  void note_end(const Remediation&, const Transition&, const std::string& code);
  void give_back_probe(const Remediation&);
  void wake(WakeStanding);
  bool is_free(const Remediation& standing) const;
  std::vector<BudgetFigures> figures_of_budgets(const std::vector<ScopedBudget>&) const;
  std::vector<std::string> lock_holders(const Remediation&) const;
  std::optional<Obstacle> obstacle_to(const Remediation&, bool by_person) const;
  void end_attempt_of(const Remediation&, const StepOutcome&, int64_t seq);
  void trace_attempt(const Remediation&, const std::string& mark, int64_t seq);
  Result<Answer> hold_by(Remediation&, const Verdict&, nlohmann::json details);
  Result<Answer> undo_ended(const PersonalMove&);
  int64_t day() const;
  bool remembered(int64_t day_then, Duration horizon) const;

  // Constant after construction.
  const SqliteLedgerOptions options_;
  const std::string ledger_id_;

  struct Mutex : std::mutex {
    Mutex() = default;
    Mutex(const Mutex&) {}  // a copy has its own
  };

  // Guarded by mutex_.
  mutable Mutex mutex_;
  Outcome forced_ = Outcome::done;
  LedgerTime time_;
  Time at_;           // of the group
  Time time_of_day_;  // the same moment
  std::optional<Duration> clock_doubt_, clock_accepted_;
  std::map<PartitionId, StoredPosition> positions_;
  std::map<std::string, int64_t> seen_;  // key → day
  std::map<std::string, Remediation> open_;
  std::map<std::string, Ended> ended_;
  std::map<std::string, std::string> locks_;                    // key → remediation
  std::map<std::string, std::pair<int64_t, int64_t>> touched_;  // key → last record of an attempt on it, and its day
  std::vector<AttemptRow> attempts_;
  struct PutRightOnce {
    std::string rule, target;
    Time at;
    std::string remediation;
    Actor actor;
  };
  std::vector<PutRightOnce> put_right_;
  struct OutOfService {
    std::string target;
    Time began;
    std::optional<Time> ended;
  };
  std::map<std::string, OutOfService> out_of_service_;                        // by remediation
  std::map<std::string, std::map<std::string, Time>> wanted_;                 // rule → target → when
  std::map<std::string, MassMatch> mass_matches_;                             // by rule
  std::map<std::pair<std::string, std::string>, RuleBreaker> rule_breakers_;  // by rule and account
  std::map<std::string, std::map<int64_t, int>> spent_;                       // ring → slot → starts
  std::map<std::string, Policy> rules_;                                       // as they are loaded
  std::map<std::pair<std::string, std::string>, Claim> claims_;               // by rule and target
  std::map<std::string, std::map<std::string, Approval>> approved_;           // by whom
  std::map<std::string, Exception> exceptions_;
  std::map<std::string, Pause> pauses_;
  std::map<int64_t, DeadLetter> dead_letters_;
  std::map<std::tuple<std::string, std::string, int64_t>, int64_t> letters_kept_;  // source, rule, minute → how many
  std::vector<DeadLetterRange> ranges_;
  std::map<std::string, FoldedSuppressions> folds_;                            // by rule
  std::map<std::tuple<int64_t, std::string, std::string>, int64_t> counters_;  // hour, subject, reason
  std::map<int64_t, Notice> outbox_;
  std::map<std::tuple<std::string, std::string, std::string>, Throttle> throttles_;  // by rule, channel, kind
  int64_t last_notice_ = 0;
  std::deque<JournalEntry> journal_;
  std::map<std::string, std::string> blobs_;
  // Of the Change at hand.
  std::vector<std::string> runnable_;
  std::vector<FollowUp> more_;
  size_t may_wake_ = 0;
};

}  // namespace kedge
