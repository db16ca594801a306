// Ledger: the durable state of one cell. An edge of the world: SQLite by default (sqlite_ledger.h), a reference in
// memory in the tests; the same random sequences of Changes run against all of them.
//
// Threads:     one thread at a time, through the committer, calls apply. Everything is read through LedgerReader.
// Durability:  what apply did is durable when it has returned; until then nobody may act on it.
// Failure:     a Change that fails its precondition is refused by itself. A group that finds no room is rolled back
//              whole. Any failure of a sync is final.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "ledger/change.h"

namespace kedge {

class Ledger {
 public:
  virtual ~Ledger() = default;

  // Applies each Change in order, each in a savepoint of its own, as one group, and makes the group durable. Answers
  // come in the order of the Changes.
  virtual std::vector<Answer> apply(std::span<const Change> changes) = 0;

  // The number of the last durable record of the journal. Record 0 tells of the ledger's birth: a journal is never
  // empty, and a record's number is its place in the audit log.
  virtual int64_t head() const = 0;

  // Ledger time (contracts §7): never goes back. May be called from any thread.
  virtual Time now() const = 0;
  // How far the wall clock is ahead of ledger time (negative: behind), where that is in doubt: nothing may be written
  // to the world then, and nothing expires. None: it agrees, or somebody has accepted it. May be called from any
  // thread.
  virtual std::optional<Duration> clock_doubt() const = 0;
  // The time of day as it is trusted: ledger time; or, where somebody accepted a wall clock that is far from it, as far
  // from it. What happened outside is compared with it. May be called from any thread.
  virtual Time time_of_day() const = 0;
};

// Reading, from any thread, beside the committer: each call is a short transaction on a connection of its own.
class LedgerReader {
 public:
  virtual ~LedgerReader() = default;

  virtual Result<std::string> ledger_id() = 0;
  virtual Result<std::vector<StoredPosition>> positions() = 0;

  // Remediations that have not ended, oldest first.
  virtual Result<std::vector<Remediation>> open_remediations() = 0;
  struct OpenFilter {
    std::string rule;             // empty: any
    bool standing_still = false;  // only what is held, or what a guard keeps from going on
    size_t limit = SIZE_MAX;
  };
  // Of them the first, likewise: no others are read.
  virtual Result<std::vector<Remediation>> first_open(const OpenFilter&) = 0;
  // How many they are, by rule, guard and state, in this order. None is read.
  struct OpenCount {
    std::string rule;
    std::string guard;  // empty: none keeps it from going on
    State state = State::planned;
    int64_t number = 0;

    bool stands_still() const { return state == State::held || !guard.empty(); }
    bool operator==(const OpenCount&) const = default;
  };
  virtual Result<std::vector<OpenCount>> open_counts() = 0;
  // What somebody has to carry on now, and what is due until then, oldest first: all that is open, but for what is held
  // with no end, and for what waits for a lock, which the commit that frees it hands out. Much may be open, so no more
  // of it is read than tells when.
  struct Unfinished {
    std::string id;
    std::optional<Time> due;  // nothing is to be done before
    bool isolates = false;    // by its plan; not looked at where it is due later

    bool operator==(const Unfinished&) const = default;
  };
  virtual Result<std::vector<Unfinished>> unfinished(Time until) = 0;
  // Of it, only what waits for a time: what is due later than at the last look comes near.
  virtual Result<std::vector<Unfinished>> due(Time until) = 0;
  // Open or (within the undo horizon) ended. not_found otherwise.
  virtual Result<Remediation> remediation(const std::string& id) = 0;

  // The attempts that could have caused an event: by the mark that travelled with the call, or by the request's id.
  virtual Result<std::vector<AttemptTrace>> attempts_by_mark(const std::string& mark) = 0;
  virtual Result<std::vector<AttemptTrace>> attempts_by_request(const std::string& request_id) = 0;

  virtual Result<std::vector<Exception>> exceptions() = 0;
  virtual Result<std::vector<Pause>> pauses() = 0;

  struct DeadLetterFilter {
    std::string source;  // empty: any
    std::string rule;    // empty: any
    int64_t after = 0;   // numbers above this
    size_t limit = 1000;
  };
  virtual Result<std::vector<DeadLetter>> dead_letters(const DeadLetterFilter&) = 0;
  virtual Result<DeadLetter> dead_letter(int64_t number) = 0;
  virtual Result<std::vector<DeadLetterRange>> dead_letter_ranges() = 0;

  // Claims behind `after`, and up to this phase (included), in their order.
  virtual Result<std::vector<Claim>> claims(const ClaimPlace& after, uint32_t until, size_t limit) = 0;

  // Notices that are due at `now`, oldest first.
  virtual Result<std::vector<Notice>> due_notices(Time now, size_t limit) = 0;
  virtual Result<std::optional<Time>> next_notice_due() = 0;

  struct Counted {
    std::string subject, reason;
    Time hour;
    int64_t number = 0;

    bool operator==(const Counted&) const = default;
  };
  virtual Result<std::vector<Counted>> counts(Time from, Time to) = 0;

  // Records from `from` on, in order.
  virtual Result<std::vector<JournalEntry>> journal(int64_t from, size_t limit) = 0;
  virtual Result<int64_t> journal_head() = 0;

  // The bytes with this digest (hexadecimal).
  virtual Result<std::string> blob(const std::string& digest) = 0;
};

}  // namespace kedge
