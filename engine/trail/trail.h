// Trail: the past of a cell as it can be read from here: the records, what they name by digest, and what the ledger
// alone knows, where there is one. Who reads it need not know where it lies: in the journal of a ledger, in a copy of
// an audit log, or in the log of an engine and, as far as that has not got there yet, in its journal.
//
// From one thread at a time.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "ledger/ledger.h"
#include "trail/log_records.h"
#include "trail/record_source.h"

namespace kedge {

class Trail {
 public:
  // What a ledger keeps. The reader must outlive it, here and below.
  explicit Trail(LedgerReader& ledger);

  // A log with nothing beside it. not_found: there is none.
  static Result<Trail> of_log(const std::string& directory);

  // The log of this ledger, and what it has not yet. Nothing may have been published. conflict: it is the log of
  // another ledger, or of another history of this one.
  static Result<Trail> of_engine(const std::string& directory, LedgerReader& ledger);

  RecordSource& records() const { return *records_; }

  // The bytes with this digest (hexadecimal). not_found: they are not kept here.
  Result<std::string> blob(const std::string& digest) const;

  // Whose trail it is. not_found: no record says so.
  Result<std::string> ledger_id() const;

  // The audit log's name, as its checkpoint says; empty: there is no log, or nothing was published yet.
  std::string log_origin() const { return log_ ? log_->origin() : std::string(); }

  // None: there is only the log.
  LedgerReader* ledger() const { return ledger_; }

 private:
  Trail(std::unique_ptr<LogRecords> log, LedgerReader* ledger);

  LedgerReader* ledger_;
  std::unique_ptr<LogRecords> log_;
  std::unique_ptr<RecordSource> behind_log_;  // log_, and the journal behind it; or the journal
  RecordSource* records_;
};

}  // namespace kedge
