#include "ledger/ledger_check.h"

#include <filesystem>

#include "ledger/schema.h"
#include "ledger/state_check.h"
#include "ledger/stored_json.h"
#include "ledger/values_json.h"

namespace kedge {
namespace {

constexpr int kBusyMillis = 5'000;

class Check {
 public:
  Check(Database& database, Duration undo_horizon)
      : db_(database), first_day_(first_day(database, undo_horizon)), journal_(database, check_, first_day_) {}

  LedgerCheck run() {
    part("file", [&] { check_file(); });
    part("journal", [&] { journal_.read_on(); });
    part("blob", [&] { check_blobs(); });
    part("ended", [&] { check_ended(); });
    part("state", [&] { check_state(); });
    return std::move(check_);
  }

 private:
  static int64_t first_day(Database& database, Duration undo_horizon) {
    const auto meta = Tables(database).meta();
    const Time now = meta ? meta->mark->time : Time();
    return day_of(now) - std::chrono::ceil<std::chrono::days>(undo_horizon).count();
  }

  // What cannot be read is a fault, and the other parts are checked all the same.
  template <class Do>
  void part(const char* name, Do run) {
    try {
      run();
    } catch (const SqliteFailure& failure) {
      add_fault(check_, name, "", "cannot be read to its end: " + failure.message);
    }
  }

  void check_file();
  void check_blobs();
  void check_ended();
  void check_one_ended(int64_t day, const std::string& id, const std::string& state, const Digest&);
  void check_state();

  Database& db_;
  LedgerCheck check_;
  const int64_t first_day_;
  JournalCheck journal_;
};

void Check::check_file() {
  Query row = db_.query("PRAGMA integrity_check(100)");
  while (row.next()) {
    if (const std::string said = row.text(0); said != "ok") add_fault(check_, "file", "", said);
  }
}

void Check::check_blobs() {
  for (int64_t last = -1;;) {
    Query row = db_.query("SELECT number, digest, bytes FROM blob WHERE number > ? ORDER BY number LIMIT 100", last);
    const int64_t before = check_.blobs;
    for (; row.next(); ++check_.blobs) {
      last = row.integer(0);
      const Digest digest = row.digest(1);
      if (sha256(row.text(2)) == digest) continue;
      add_fault(check_, "blob", digest.hex(), "holds other bytes than those of this digest");
    }
    if (check_.blobs == before) return;
  }
}

// An undo needs the whole value of what has ended.
void Check::check_ended() {
  int64_t last_day = first_day_;
  std::string last_id;
  for (bool more = true; more;) {
    more = false;
    Query row =
        db_.query("SELECT day, id, state, digest FROM ended WHERE (day, id) > (?, ?) ORDER BY day, id LIMIT 100",
                  last_day, last_id);
    while (row.next()) {
      more = true;
      last_day = row.integer(0);
      last_id = row.text(1);
      ++check_.ended;
      check_one_ended(last_day, last_id, row.text(2), row.digest(3));
    }
  }
}

void Check::check_one_ended(int64_t day, const std::string& id, const std::string& state, const Digest& digest) {
  Query row = db_.query("SELECT bytes FROM blob WHERE day = ? AND digest = ?", day, digest);
  if (!row.next())
    return add_fault(check_, "ended", id, "its value is missing, so it cannot be undone: blob " + digest.hex());
  const Json value = Json::parse(row.text(0), nullptr, false);
  const auto whole = value.is_discarded() ? Result<Remediation>(Error{ErrorCode::corrupt, "it is no JSON"})
                                          : remediation_from_json(value);
  if (!whole)
    return add_fault(check_, "ended", id, "its value cannot be read, so it cannot be undone: " + whole.error().message);
  if (whole->id == id && to_string(whole->state) == state && is_end(whole->state)) return;
  add_fault(check_, "ended", id,
            fmt::format("is {} here, and its value is that of {}, {}", state, whole->id, to_string(whole->state)));
}

// The journal's end and the tables as one commit left them.
void Check::check_state() {
  db_.run("BEGIN");
  journal_.read_on();
  StateCheck(db_, check_, journal_.told()).run(journal_.last_time());
  db_.run("COMMIT");
}

}  // namespace

Result<LedgerCheck> check_ledger(const std::string& path, Duration undo_horizon) {
  std::error_code hidden;
  const bool there = std::filesystem::exists(path, hidden);
  if (hidden) return Error{ErrorCode::refused, "cannot look at " + path + ": " + hidden.message()};
  if (!there) return Error{ErrorCode::not_found, "there is no " + path};
  try {
    Database database(path, SQLITE_OPEN_READONLY);
    sqlite3_busy_timeout(database.handle(), kBusyMillis);
    if (auto known = check_version(database, path, ledger_schema_version()); !known) return known.error();
    return Check(database, undo_horizon).run();
  } catch (const SqliteFailure& failure) {
    return failure.error().with("checking " + path);
  }
}

}  // namespace kedge
