#include "bench/ledger/noting_ledger.h"

#include <cstdlib>
#include <iostream>
#include <utility>

namespace kedge {
namespace {

sqlite3* first_opened = nullptr;

// SQLite calls it for each connection that is opened.
int note_connection(sqlite3* connection, const char**, const sqlite3_api_routines*) {
  if (first_opened == nullptr) first_opened = connection;
  return SQLITE_OK;
}

}  // namespace

void fail(const std::string& why) {
  std::cerr << why << '\n';
  std::exit(1);
}

int64_t pages_written(sqlite3* connection) {
  int now = 0;
  int most = 0;
  sqlite3_db_status(connection, SQLITE_DBSTATUS_CACHE_WRITE, &now, &most, 0);
  return now;
}

// The ledger opens the connection that writes before all others.
NotingLedger::NotingLedger(const SqliteLedgerOptions& options, Clock& clock, Random& random, bool durable) {
  sqlite3_auto_extension(reinterpret_cast<void (*)()>(note_connection));
  first_opened = nullptr;
  auto ledger = open_sqlite_ledger(options, clock, random);
  if (!ledger) fail(ledger.error().message);
  ledger_ = *std::move(ledger);
  writer_ = first_opened;
  if (!durable) sqlite3_exec(writer_, "PRAGMA synchronous = OFF", nullptr, nullptr, nullptr);
}

std::vector<Answer> NotingLedger::apply(std::span<const Change> changes) {
  const int64_t before = pages_written(writer_);
  std::vector<Answer> answers = ledger_->apply(changes);
  groups_.push_back({changes.size(), pages_written(writer_) - before});
  return answers;
}

std::vector<Group> NotingLedger::groups() { return std::exchange(groups_, {}); }

}  // namespace kedge
