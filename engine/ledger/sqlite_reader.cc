// Reading the ledger's file beside whoever writes it: each call is a short transaction, so that no reader keeps the
// write-ahead log from being restarted.
#include <filesystem>
#include <mutex>

#include "base/bytes.h"
#include "ledger/exchange.h"
#include "ledger/schema.h"
#include "ledger/sqlite_ledger.h"
#include "ledger/tables.h"

namespace kedge {
namespace {

constexpr int kBusyMillis = 5'000;  // after a crash the first connection recovers the log, and others wait for it

Error not_there(std::string_view what, const std::string& name) {
  return {ErrorCode::not_found, "there is no " + std::string(what) + " " + name};
}

class SqliteReader final : public LedgerReader {
 public:
  explicit SqliteReader(std::unique_ptr<Database> database) : database_(std::move(database)), tables_(*database_) {}

  Result<std::string> ledger_id() override {
    return read([&](Tables& tables) { return tables.meta().value_or(Tables::Meta{}).ledger_id; });
  }
  Result<std::vector<StoredPosition>> positions() override {
    return read([](Tables& tables) { return tables.positions(); });
  }
  Result<std::vector<Remediation>> open_remediations() override {
    return read([](Tables& tables) { return tables.open_remediations(); });
  }
  Result<std::vector<Remediation>> first_open(const OpenFilter& filter) override {
    return read([&](Tables& tables) { return tables.first_open(filter); });
  }
  Result<std::vector<OpenCount>> open_counts() override {
    return read([](Tables& tables) { return tables.open_counts(); });
  }
  Result<std::vector<Unfinished>> unfinished(Time until) override {
    return read([&](Tables& tables) { return tables.unfinished(until); });
  }
  Result<std::vector<Unfinished>> due(Time until) override {
    return read([&](Tables& tables) { return tables.due(until); });
  }
  Result<Remediation> remediation(const std::string& id) override {
    auto found = read([&](Tables& tables) {
      auto open = tables.open_remediation(id);
      return open ? open : tables.ended(id, 0);
    });
    if (!found) return found.error();
    if (!*found) {
      return Error{ErrorCode::not_found, "no remediation " + id + " is open or within the undo horizon"};
    }
    return **std::move(found);
  }
  Result<std::vector<AttemptTrace>> attempts_by_mark(const std::string& mark) override {
    return read([&](Tables& tables) { return tables.attempts_by_mark(mark, 0); });
  }
  Result<std::vector<AttemptTrace>> attempts_by_request(const std::string& request_id) override {
    return read([&](Tables& tables) { return tables.attempts_by_request(request_id, 0); });
  }
  Result<std::vector<Exception>> exceptions() override {
    return read([](Tables& tables) { return tables.exceptions(); });
  }
  Result<std::vector<Pause>> pauses() override {
    return read([](Tables& tables) { return tables.pauses(); });
  }
  Result<std::vector<DeadLetter>> dead_letters(const DeadLetterFilter& filter) override {
    return read([&](Tables& tables) { return tables.dead_letters(filter); });
  }
  Result<DeadLetter> dead_letter(int64_t number) override {
    return found(read([&](Tables& tables) { return tables.dead_letter(number); }), "dead letter",
                 std::to_string(number));
  }
  Result<std::vector<DeadLetterRange>> dead_letter_ranges() override {
    return read([](Tables& tables) { return tables.dead_letter_ranges(); });
  }
  Result<std::vector<Claim>> claims(const ClaimPlace& after, uint32_t until, size_t limit) override {
    return read([&](Tables& tables) { return tables.claims(after, until, limit); });
  }
  Result<std::vector<Notice>> due_notices(Time now, size_t limit) override {
    return read([&](Tables& tables) { return tables.due_notices(now, limit); });
  }
  Result<std::optional<Time>> next_notice_due() override {
    return read([](Tables& tables) { return tables.next_notice_due(); });
  }
  Result<std::vector<Counted>> counts(Time from, Time to) override {
    return read([&](Tables& tables) { return tables.counts(from, to); });
  }
  Result<std::vector<JournalEntry>> journal(int64_t from, size_t limit) override {
    return read([&](Tables& tables) { return tables.journal(from, limit); });
  }
  Result<int64_t> journal_head() override {
    return read([](Tables& tables) { return tables.journal_head(); });
  }
  Result<std::string> blob(const std::string& digest) override {
    const auto wanted = digest_from(digest);
    if (!wanted) return Error{ErrorCode::invalid, "'" + digest + "' is not a SHA-256 in hexadecimal"};
    return found(read([&](Tables& tables) { return tables.blob(*wanted); }), "blob", digest);
  }

 private:
  template <class Read>
  auto read(Read get) -> Result<decltype(get(std::declval<Tables&>()))> {
    const std::lock_guard lock(mutex_);
    try {
      database_->run("BEGIN");
      auto value = get(tables_);
      database_->run("COMMIT");
      return value;
    } catch (const SqliteFailure& failure) {
      if (database_->in_transaction()) sqlite3_exec(database_->handle(), "ROLLBACK", nullptr, nullptr, nullptr);
      return failure.error();
    }
  }

  template <class T>
  static Result<T> found(Result<std::optional<T>> value, std::string_view what, const std::string& name) {
    if (!value) return value.error();
    if (!*value) return not_there(what, name);
    return **std::move(value);
  }

  std::mutex mutex_;  // around all below
  const std::unique_ptr<Database> database_;
  Tables tables_;
};

}  // namespace

Result<std::unique_ptr<LedgerReader>> open_sqlite_reader(const std::string& directory) {
  const std::string path = directory + "/ledger.db";
  std::error_code hidden;
  const bool there = std::filesystem::exists(path, hidden);
  if (hidden) {
    return Error{ErrorCode::refused,
                 "cannot look at " + path + ": " + hidden.message() + "; only the user that runs the daemon may"};
  }
  if (auto whole = check_no_exchange(directory); !whole) return whole.error();
  if (!there) {
    return Error{ErrorCode::not_found, "there is no ledger in " + directory + " (kedge run makes one)"};
  }
  try {
    auto database = std::make_unique<Database>(path, SQLITE_OPEN_READONLY);
    sqlite3_busy_timeout(database->handle(), kBusyMillis);
    if (auto known = check_version(*database, path, ledger_schema_version()); !known) return known.error();
    return std::unique_ptr<LedgerReader>(std::make_unique<SqliteReader>(std::move(database)));
  } catch (const SqliteFailure& failure) {
    return failure.error().with("opening " + path);
  }
}

}  // namespace kedge
