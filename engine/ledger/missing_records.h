// MissingRecords: takes in what the records behind a backup's last one tell, so that nothing that came to its end is
// decided again, and nothing of ours is taken for somebody else's.
//
// Belongs to one restoration, on one thread. Throws SqliteFailure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ledger/tables.h"

namespace kedge {

class MissingRecords {
 public:
  // Borrows the tables. `day`: on which all of it came, as far as they know.
  MissingRecords(Tables& tables, int64_t day) : tables_(tables), day_(day) {}

  // In order of their numbers. A record that cannot be read tells nothing.
  void read(const JournalEntry&);

  // Behind the last: what was decided and came to its end is not decided again. A decision whose remediation was still
  // open is: it would be lost otherwise. How many keys the ledger has seen by these records, suppressions among them.
  int64_t forget_what_ended();

  // Where a remediation stood last, and the record that says so; none: they tell no move of it.
  struct Last {
    State state = State::planned;
    int64_t record = 0;
  };
  std::optional<Last> last_of(const std::string& remediation) const;

 private:
  void take_in_plan(int64_t seq, const nlohmann::json& record);
  void take_in_attempt(const nlohmann::json& record);
  void take_in_outcome(const nlohmann::json& record);
  void see(const std::string& key);

  Tables& tables_;
  const int64_t day_;
  std::map<std::string, Last> last_;                         // by remediation
  std::vector<std::pair<std::string, std::string>> wanted_;  // keys, and the remediations that they opened or joined
  int64_t seen_ = 0;
};

}  // namespace kedge
