// JournalCheck: reads the journal from its beginning, says what is wrong with each record, and keeps what the records
// tell of the state tables. Belongs to one check, on one thread. Throws SqliteFailure.
#pragma once

#include <fmt/format.h>

#include <map>
#include <set>
#include <string>
#include <utility>

#include "base/json.h"
#include "ledger/ledger_check.h"
#include "ledger/tables.h"

namespace kedge {

// Adds a fault, or counts it where there are too many already.
void add_fault(LedgerCheck&, std::string part, std::string where, std::string message);

// What the state tables must hold, by the records read until now.
struct Told {
  std::map<std::string, std::string> open;  // remediations and their states
  std::set<std::string> exceptions;
  std::set<std::string> pauses;  // scopes
  std::set<int64_t> dead_letters;
  bool dead_letters_known = true;  // false: a record's list of numbers is behind the undo horizon
  struct Reading {
    int64_t epoch = 0;
    int64_t next = 0;
  };
  std::map<PartitionId, Reading> positions;  // as they were last set; batches move them without a record
  int64_t incarnation = 0;                   // 0: no record that is kept says so
  std::string ledger_id;                     // likewise
  // What records told that the journal let go is not known: no more than that it was not after this.
  int64_t begin = 0;  // the number of the first record that is kept
  Time since;         // and its time
};

class JournalCheck {
 public:
  // Blobs of this day and later must be there. Borrows the database and the check.
  JournalCheck(Database& database, LedgerCheck& check, int64_t first_day)
      : db_(database), tables_(database), check_(check), first_day_(first_day), next_(tables_.journal_begin()) {
    begin_at(next_);
  }

  // Reads on to the journal's end, as it is now.
  void read_on();
  const Told& told() const { return told_; }
  Time last_time() const { return at_; }

 private:
  void read(const JournalEntry&);
  void check_number(int64_t seq, const Json& record);
  void begin_at(int64_t seq);
  void check_place(const JournalEntry&, const Json& record);
  void want_blob(int64_t seq, const std::string& digest, const std::string& what);
  std::optional<std::string> blob(const std::string& digest);
  void take_in(int64_t seq, const Json& record);
  void check_move(int64_t seq, const std::string& id, const std::string& from, const std::string& to);
  void take_in_move(int64_t seq, const Json& record);
  void take_in_position(const Json& record);
  void take_in_redrive(const Json& record);
  template <class... Values>
  void fault(int64_t seq, fmt::format_string<Values...> text, Values&&... values) {
    add_fault(check_, "journal", std::to_string(seq), fmt::format(text, std::forward<Values>(values)...));
  }

  Database& db_;
  Tables tables_;
  LedgerCheck& check_;
  const int64_t first_day_;
  Told told_;
  int64_t next_;  // the number of the record to come
  Time at_;       // of the last one
};

}  // namespace kedge
