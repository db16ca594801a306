// StateCheck: the state tables against each other and against what the journal tells. Belongs to one check, on one
// thread, within one transaction. Throws SqliteFailure.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "ledger/journal_check.h"

namespace kedge {

class StateCheck {
 public:
  // Borrows all of them.
  StateCheck(Database& database, LedgerCheck& check, const Told& told)
      : db_(database), tables_(database), check_(check), told_(told) {}

  void run(Time last_record);

 private:
  void check_meta(Time last_record);
  void check_open_remediations();
  void check_one(const std::string& id, const std::string& state);
  void check_that_it_can_go_on(const Remediation&);
  void check_orphans();
  void check_owned(const char* part, Query rows, const char* consequence);
  void check_positions();
  void check_claims();
  void check_dead_letters();
  void check_dead_letter_totals();
  void check_outbox();
  bool may_be_told(Time since) const;
  void check_that_it_is_old(const std::string& id, const std::string& state);
  void compare(const char* part, const std::map<std::string, Time>& held, const std::set<std::string>& told);
  void fault(std::string part, std::string where, std::string message) {
    add_fault(check_, std::move(part), std::move(where), std::move(message));
  }

  Database& db_;
  Tables tables_;
  LedgerCheck& check_;
  const Told& told_;
  std::set<std::string> open_;  // the ids in the table of remediations
};

}  // namespace kedge
