// Tables: the rows of the ledger's file as values. Shared by the writer and the readers; knows no rule of any Change.
//
// Belongs to one thread at a time. Throws SqliteFailure.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "ledger/ledger.h"
#include "ledger/ledger_time.h"
#include "ledger/progress.h"
#include "ledger/record.h"
#include "ledger/sqlite.h"
#include "ledger/throttle.h"

namespace kedge {

// Days since 1970 of ledger time: how tables that grow are cut into slices.
inline int64_t day_of(Time time) { return std::chrono::floor<std::chrono::days>(time).time_since_epoch().count(); }
inline int64_t minute_of(Time time) {
  return std::chrono::floor<std::chrono::minutes>(time).time_since_epoch().count();
}

// None: it is no SHA-256 in hexadecimal.
std::optional<Digest> digest_from(const std::string& hex);

class Tables {
 public:
  explicit Tables(Database& database) : db_(database) {}

  // ---- meta
  struct Meta {
    std::string ledger_id;
    std::optional<LedgerTime::Mark> mark;
    int64_t incarnation = 1;
  };
  std::optional<Meta> meta();
  void create_meta(const std::string& ledger_id, const LedgerTime::Mark&);
  void put_mark(const LedgerTime::Mark&);

  // ---- position
  std::vector<StoredPosition> positions();
  std::optional<StoredPosition> position(const PartitionId&);
  void put(const StoredPosition&);

  // ---- seen: keys, by the day on which they came
  bool seen(const std::string& key, int64_t from_day, int64_t to_day);
  void put_seen(const std::string& key, int64_t day);

  // ---- remediation, finding, step, timer
  std::vector<Remediation> open_remediations();
  std::vector<Remediation> first_open(const LedgerReader::OpenFilter&);
  std::vector<LedgerReader::OpenCount> open_counts();
  std::vector<LedgerReader::Unfinished> unfinished(Time until);
  std::vector<LedgerReader::Unfinished> due(Time until);
  std::optional<Remediation> open_remediation(const std::string& id);
  std::vector<std::string> open_of(const std::string& rule, const std::string& target);  // ids, oldest first
  // Those that stand under the key (standing_key), by id: those after one, no more than `limit`.
  std::vector<std::string> standing_after(const std::string& id, const std::string& key, size_t limit);
  std::vector<std::string> standing_keys(const std::string& guard);  // of the guard, each once
  // Held by the guard, by id: those after one, or those of a rule; no more than `limit`.
  std::vector<std::string> held_after(const std::string& id, const std::string& guard, size_t limit);
  std::vector<std::string> held_of(const std::string& rule, const std::string& guard, size_t limit);
  int standing_by_count(const std::string& key, State);  // kStandingCounted at most
  void insert(const Remediation&);
  void update(const Remediation& now, const Remediation& was);
  void erase(const Remediation&);

  // ---- ended: what has left the hot tables
  std::optional<Remediation> ended(const std::string& id, int64_t from_day);
  void put_ended(const Remediation&, int64_t day);
  void erase_ended(const Remediation&);

  // ---- lock, lease, touched, attempt
  std::vector<std::string> lock_holders(const Remediation&);  // others that hold one of its keys
  std::optional<std::string> lock_holder(const std::string& key);
  void put_locks(const Remediation&);
  void erase_locks(const std::string& remediation);
  // Of those that wait for the lock of the key and find none of theirs taken the first, but for one: isolation goes
  // before, then by arrival.
  std::optional<std::string> first_free(const std::string& key, const std::string& but);
  // A lease keeps nobody from working on what it isolates.
  std::vector<std::string> lease_holders(const Remediation&);  // others that isolate by the same effect
  void put_leases(const Remediation&);
  void erase_leases(const std::string& remediation);
  // The first of the keys of which a later record than `seq` tells an attempt, on `from_day` or later.
  std::optional<std::string> touched_since(const std::vector<std::string>& keys, int64_t seq, int64_t from_day);
  void put_touched(const std::vector<std::string>& keys, int64_t seq, int64_t day);
  void put_attempt(const AttemptTrace&, int64_t day);
  // Of an attempt that ended; where it is settled, it is from then on.
  void put_requests(const AttemptTrace&, const std::vector<std::string>& request_ids, int64_t day);
  std::vector<AttemptTrace> attempts_by_mark(const std::string& mark, int64_t from_day);
  std::vector<AttemptTrace> attempts_by_request(const std::string& request_id, int64_t from_day);

  // ---- spent
  std::vector<SpentSlot> spent(const std::string& ring, int64_t from_slot);
  void add_spent(const Charge&);  // and forgets what no window reaches any more
  void give_back(const Charge&);

  // ---- put_right
  std::vector<PutRight> put_right(const std::string& rule, const std::string& target, Time since);  // oldest first
  void put_put_right(const Remediation&, Time at, Time forget_before);

  // ---- out_of_service
  std::vector<std::string> out_of_service(Time since);  // targets of a fleet: still, or from then on
  void put_out_of_service(const Remediation&, Time at, Time forget_before);
  void end_out_of_service(const Remediation&, Time at);
  void erase_out_of_service(const Remediation&);

  // ---- wanted, mass_match
  void put_wanted(const std::string& rule, const std::string& target, Time at);
  void erase_wanted(const std::string& rule, Time before);
  int wanted_count(const std::string& rule);
  std::optional<MassMatch> mass_match(const std::string& rule);
  void put(const std::string& rule, const MassMatch&);
  void erase_mass_match(const std::string& rule);

  // ---- rule_breaker
  std::optional<RuleBreaker> rule_breaker(const std::string& rule, const std::string& account);
  std::vector<std::pair<std::string, RuleBreaker>> rule_breakers(const std::string& rule);  // by account
  void put(const std::string& rule, const std::string& account, const RuleBreaker&);        // a blank one is erased

  // ---- pause, approval, exception, rule_state
  std::vector<Pause> pauses();
  void put(const Pause&);
  void erase_pause(const std::string& scope);
  std::vector<Approval> approvals(const std::string& remediation);  // by actor
  void put_approval(const PersonalMove&, Time at, const Digest&);
  void erase_approval(const std::string& remediation, const std::string& actor);
  std::vector<Exception> exceptions();
  std::optional<Exception> exception(const std::string& id);
  void put(const Exception&);
  void erase_exception(const std::string& id);
  // Of the rule as it was last loaded. What cannot be read is off.
  std::optional<Policy> loaded_policy(const std::string& rule);
  void put_rules(const std::vector<LoadedRule>&);
  // Of the rules in force, and of those that were since this object was made: a group that is rolled back takes none
  // out.
  const std::set<std::string>& rule_versions();

  // ---- claim
  std::optional<Claim> claim(const std::string& rule, const std::string& target);
  std::vector<Claim> claims(const ClaimPlace& after, uint32_t until, size_t limit);
  void put(const Claim&);
  void note_seen(const std::string& rule, const std::string& target, Time at);  // where there is one
  void erase_claim(const std::string& rule, const std::string& target);
  int64_t keep_claims_of(const std::vector<LoadedRule>&);  // how many of others went

  // ---- suppressed, counter
  std::optional<FoldedSuppressions> folded(const std::string& rule);
  std::vector<FoldedSuppressions> folded_before(int64_t minute);
  void put(const FoldedSuppressions&);
  void erase_folded(const std::string& rule);
  void add_count(const std::string& subject, const std::string& reason, Time at, int64_t number);
  std::vector<LedgerReader::Counted> counts(Time from, Time to);

  // ---- dead_letter, dead_letter_total, dead_letter_range
  struct Total {
    int64_t letters = 0;
    int64_t bytes = 0;
  };
  Total dead_letter_total(const std::string& source, const std::string& rule);
  int64_t dead_letters_within(const std::string& source, const std::string& rule, int64_t minute);  // that were put
  void put(const DeadLetter&);
  bool erase_dead_letter(int64_t number);  // whether it was there
  // Those of the partition that begin at `from` or behind it; how many.
  int64_t erase_dead_letter_ranges(const PartitionId&, int64_t from);
  void note_failed_redrive(int64_t number, const RedriveDeadLetter::Failure&);
  std::vector<DeadLetter> dead_letters(const LedgerReader::DeadLetterFilter&);
  std::optional<DeadLetter> dead_letter(int64_t number);
  bool widen_range(const DeadLetter&);  // false: there is none of its partition and rule yet
  void put(const DeadLetterRange&);
  std::vector<DeadLetterRange> dead_letter_ranges();

  // ---- outbox
  std::optional<Notice> notice(int64_t number);
  std::vector<Notice> due_notices(Time now, size_t limit);
  std::optional<Time> next_notice_due();
  int64_t put(const Notice&);  // its number
  void replace(const Notice&);
  void defer_notice(int64_t number, Time due);
  void erase_notice(int64_t number);
  std::optional<Throttle> throttle(const std::string& rule, const std::string& channel, const std::string& kind);
  void put(const Throttle&);
  void erase_throttles(Time until);  // those whose span was over then

  // ---- journal, blob
  int64_t journal_head();
  int64_t journal_begin();  // the number of the first record that was not let go
  // Of the records below a number and before a time the oldest, so many at most. Some record must stay.
  void let_records_go(int64_t below, Time before, int64_t most);
  void append(int64_t seq, const std::string& bytes);
  std::vector<JournalEntry> journal(int64_t from, size_t limit);
  void put_blob(const std::string& bytes, int64_t day);
  // Of blobs from before `day`, so many: those that are the bundles of rules in force are of `today` from now on, the
  // others are gone.
  void prune_blobs(int64_t day, int64_t limit, int64_t today);
  std::optional<std::string> blob(const Digest&);

 private:
  Remediation read_remediation(const std::string& id, const std::string& state, const std::string& moving,
                               const std::string& finding);
  void put_step(const std::string& remediation, size_t number, const StepProgress&);
  void put_timer(const Remediation&);
  void put_awaited(const Remediation&);
  void settle_attempt(const AttemptTrace&, int64_t day);

  Database& db_;
  std::optional<std::set<std::string>> rule_versions_;
};

}  // namespace kedge
