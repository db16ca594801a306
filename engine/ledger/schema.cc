#include "ledger/schema.h"

#include <fmt/format.h>

#include <array>

#include "ledger/backup.h"

namespace kedge {
namespace {

// Times are microseconds since 1970 of ledger time; days, hours and minutes count from 1970 too. Digests are 32 bytes.
constexpr const char* kVersion1 = R"sql(
CREATE TABLE meta (
  only INTEGER PRIMARY KEY CHECK (only = 1),
  ledger_id TEXT NOT NULL, incarnation INTEGER NOT NULL,
  time INTEGER NOT NULL, elapsed INTEGER NOT NULL, boot_id TEXT NOT NULL);

CREATE TABLE position (
  source TEXT NOT NULL, topic TEXT NOT NULL, partition INTEGER NOT NULL,
  cluster TEXT NOT NULL, epoch INTEGER NOT NULL, next INTEGER NOT NULL,
  bookmark_offset INTEGER, bookmark_time INTEGER, bookmark_digest BLOB,
  stopped TEXT NOT NULL,
  PRIMARY KEY (source, topic, partition)) WITHOUT ROWID;

CREATE TABLE remediation (
  id TEXT PRIMARY KEY, rule TEXT NOT NULL, target TEXT NOT NULL, state TEXT NOT NULL, guard TEXT NOT NULL,
  moving TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX remediation_by_target ON remediation (rule, target);
CREATE INDEX remediation_standing ON remediation (guard) WHERE guard <> '';

CREATE TABLE finding (remediation TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE step (
  remediation TEXT NOT NULL, number INTEGER NOT NULL,
  status TEXT NOT NULL, attempts INTEGER NOT NULL, body TEXT NOT NULL,
  PRIMARY KEY (remediation, number)) WITHOUT ROWID;

CREATE TABLE attempt (
  day INTEGER NOT NULL, mark TEXT NOT NULL, remediation TEXT NOT NULL, target TEXT NOT NULL, touches TEXT NOT NULL,
  PRIMARY KEY (day, mark, remediation)) WITHOUT ROWID;
CREATE TABLE attempt_request (
  day INTEGER NOT NULL, request_id TEXT NOT NULL, mark TEXT NOT NULL, remediation TEXT NOT NULL,
  PRIMARY KEY (day, request_id, mark, remediation)) WITHOUT ROWID;
CREATE TABLE touched (key TEXT PRIMARY KEY, seq INTEGER NOT NULL, day INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX touched_by_day ON touched (day);

CREATE TABLE timer (remediation TEXT PRIMARY KEY, due INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX timer_by_due ON timer (due);
CREATE TABLE lock (key TEXT PRIMARY KEY, remediation TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX lock_by_remediation ON lock (remediation);
CREATE TABLE lease (
  remediation TEXT NOT NULL, step INTEGER NOT NULL, owner TEXT NOT NULL, reason TEXT NOT NULL,
  expires INTEGER NOT NULL, PRIMARY KEY (remediation, step)) WITHOUT ROWID;
CREATE TABLE spent (
  scope TEXT NOT NULL, slot INTEGER NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (scope, slot)) WITHOUT ROWID;

CREATE TABLE pause (scope TEXT PRIMARY KEY, reason TEXT NOT NULL, actor TEXT NOT NULL, since INTEGER NOT NULL)
  WITHOUT ROWID;
CREATE TABLE approval (
  remediation TEXT NOT NULL, actor TEXT NOT NULL, reason TEXT NOT NULL, at INTEGER NOT NULL,
  PRIMARY KEY (remediation, actor)) WITHOUT ROWID;
CREATE TABLE exception (
  id TEXT PRIMARY KEY, rule TEXT NOT NULL, target TEXT NOT NULL, owner TEXT NOT NULL, reason TEXT NOT NULL,
  expires INTEGER NOT NULL, added_by TEXT NOT NULL, added INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE claim (
  rule TEXT NOT NULL, target TEXT NOT NULL, remediation TEXT NOT NULL, body TEXT NOT NULL,
  confirmed INTEGER NOT NULL, last_seen INTEGER NOT NULL, PRIMARY KEY (rule, target)) WITHOUT ROWID;
CREATE TABLE rule_state (
  id TEXT PRIMARY KEY, version TEXT NOT NULL, mode TEXT NOT NULL, per_minute INTEGER, per_hour INTEGER) WITHOUT ROWID;
CREATE TABLE suppressed (
  rule TEXT PRIMARY KEY, minute INTEGER NOT NULL, count INTEGER NOT NULL, folded INTEGER NOT NULL,
  digest BLOB NOT NULL) WITHOUT ROWID;

CREATE TABLE counter (
  hour INTEGER NOT NULL, subject TEXT NOT NULL, reason TEXT NOT NULL, number INTEGER NOT NULL,
  PRIMARY KEY (hour, subject, reason)) WITHOUT ROWID;
CREATE TABLE seen (day INTEGER NOT NULL, key BLOB NOT NULL, PRIMARY KEY (day, key)) WITHOUT ROWID;
CREATE TABLE ended (
  day INTEGER NOT NULL, id TEXT NOT NULL, rule TEXT NOT NULL, target TEXT NOT NULL, state TEXT NOT NULL,
  digest BLOB NOT NULL, PRIMARY KEY (day, id)) WITHOUT ROWID;

CREATE TABLE outbox (
  number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, channel TEXT NOT NULL, type TEXT NOT NULL,
  data TEXT NOT NULL, created INTEGER NOT NULL, attempts INTEGER NOT NULL, due INTEGER NOT NULL);
CREATE INDEX outbox_by_due ON outbox (due);

CREATE TABLE dead_letter (
  number INTEGER PRIMARY KEY, source TEXT NOT NULL, topic TEXT NOT NULL, partition INTEGER NOT NULL,
  position INTEGER NOT NULL, event INTEGER NOT NULL, reason TEXT NOT NULL, message TEXT NOT NULL, rule TEXT NOT NULL,
  rule_version TEXT NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL, value_bytes INTEGER NOT NULL,
  value_digest BLOB NOT NULL, headers TEXT NOT NULL, at INTEGER NOT NULL, redrives INTEGER NOT NULL);
CREATE TABLE dead_letter_total (
  source TEXT NOT NULL, rule TEXT NOT NULL, letters INTEGER NOT NULL, bytes INTEGER NOT NULL,
  PRIMARY KEY (source, rule)) WITHOUT ROWID;
CREATE TABLE dead_letter_range (
  number INTEGER PRIMARY KEY, source TEXT NOT NULL, topic TEXT NOT NULL, partition INTEGER NOT NULL,
  rule TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, count INTEGER NOT NULL, since INTEGER NOT NULL,
  UNIQUE (source, topic, partition, rule));

CREATE TABLE journal (seq INTEGER PRIMARY KEY, bytes TEXT NOT NULL);
CREATE TABLE blob (number INTEGER PRIMARY KEY, day INTEGER NOT NULL, digest BLOB NOT NULL, bytes BLOB NOT NULL);
CREATE UNIQUE INDEX blob_by_digest ON blob (day, digest);
)sql";

constexpr const char* kVersion2 = R"sql(
CREATE TABLE wanted (
  rule TEXT NOT NULL, target TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (rule, target)) WITHOUT ROWID;
CREATE TABLE mass_match (rule TEXT PRIMARY KEY, since INTEGER NOT NULL, targets INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE put_right (
  rule TEXT NOT NULL, target TEXT NOT NULL, at INTEGER NOT NULL, remediation TEXT NOT NULL,
  principal TEXT NOT NULL, agent TEXT NOT NULL,
  PRIMARY KEY (rule, target, at, remediation)) WITHOUT ROWID;
CREATE INDEX put_right_by_at ON put_right (at);
)sql";

// An approval from before is bound to nothing, and so counts for nothing.
constexpr const char* kVersion3 = R"sql(
ALTER TABLE approval ADD COLUMN digest BLOB NOT NULL DEFAULT x'';
)sql";

constexpr const char* kVersion4 = R"sql(
ALTER TABLE claim ADD COLUMN phase INTEGER NOT NULL DEFAULT 0;
CREATE INDEX claim_by_phase ON claim (phase, rule, target);
ALTER TABLE rule_state ADD COLUMN reconcile TEXT NOT NULL DEFAULT 'off';
CREATE TABLE rule_breaker (
  rule TEXT NOT NULL, account TEXT NOT NULL, probe TEXT NOT NULL, error TEXT NOT NULL, body TEXT NOT NULL,
  PRIMARY KEY (rule, account)) WITHOUT ROWID;
)sql";

constexpr const char* kVersion5 = R"sql(
ALTER TABLE meta ADD COLUMN wall_ahead INTEGER NOT NULL DEFAULT 0;
)sql";

constexpr const char* kVersion6 = R"sql(
CREATE TABLE throttle (
  rule TEXT NOT NULL, channel TEXT NOT NULL, kind TEXT NOT NULL, until INTEGER NOT NULL, alone INTEGER NOT NULL,
  digest INTEGER NOT NULL, PRIMARY KEY (rule, channel, kind)) WITHOUT ROWID;
ALTER TABLE attempt ADD COLUMN settled INTEGER NOT NULL DEFAULT 0;
)sql";

constexpr const char* kVersion7 = R"sql(
ALTER TABLE meta ADD COLUMN journal_begin INTEGER NOT NULL DEFAULT 0;
)sql";

// The table of leases was never used. What stood isolated had locks, and gives them back; that others may lean on it is
// known only of what is isolated from now on.
constexpr const char* kVersion8 = R"sql(
DROP TABLE lease;
CREATE TABLE lease (effect TEXT NOT NULL, remediation TEXT NOT NULL, PRIMARY KEY (effect, remediation)) WITHOUT ROWID;
CREATE INDEX lease_by_remediation ON lease (remediation);
DELETE FROM lock WHERE remediation IN (SELECT id FROM remediation WHERE state = 'isolated');
)sql";

// Who waits for locks was looked for among all of them, and what stands by its rule, or its breaker, among all such.
constexpr const char* kVersion9 = R"sql(
CREATE TABLE awaited (
  key TEXT NOT NULL, rank INTEGER NOT NULL, remediation TEXT NOT NULL,
  PRIMARY KEY (key, rank, remediation)) WITHOUT ROWID;
CREATE INDEX awaited_by_remediation ON awaited (remediation);
INSERT OR IGNORE INTO awaited
  SELECT value, coalesce(json_array_length(body, '$.plan.isolate'), 0) = 0, remediation.id
  FROM remediation JOIN finding ON finding.remediation = remediation.id, json_each(moving, '$.touches')
  WHERE state = 'waiting' AND guard = 'locks';
UPDATE remediation SET guard = 'rule ' || rule WHERE guard = 'rule';
UPDATE remediation SET guard = 'rule-breaker ' || rule || ' ' || coalesce(json_extract(moving, '$.figures.account'), '')
  WHERE guard = 'rule-breaker';
ALTER TABLE rule_breaker ADD COLUMN last_due INTEGER;
ALTER TABLE rule_state DROP COLUMN mode;
ALTER TABLE rule_state DROP COLUMN per_minute;
ALTER TABLE rule_state DROP COLUMN per_hour;
ALTER TABLE rule_state DROP COLUMN reconcile;
ALTER TABLE rule_state ADD COLUMN policy TEXT NOT NULL DEFAULT '';
)sql";

// The hosts on which something has begun; when, nobody knows any more.
constexpr const char* kVersion10 = R"sql(
CREATE TABLE out_of_service (
  remediation TEXT PRIMARY KEY, target TEXT NOT NULL, began INTEGER NOT NULL, ended INTEGER) WITHOUT ROWID;
INSERT INTO out_of_service
  SELECT id, target, meta.time, NULL FROM remediation, meta WHERE target LIKE 'host:%'
  AND EXISTS (SELECT 1 FROM step WHERE step.remediation = remediation.id AND attempts > 0);
)sql";

constexpr std::array<const char*, 10> kMigrations = {kVersion1, kVersion2, kVersion3, kVersion4, kVersion5,
                                                     kVersion6, kVersion7, kVersion8, kVersion9, kVersion10};

int64_t pragma(Database& database, const std::string& name) {
  int64_t value = 0;
  const auto read = [](void* out, int, char** columns, char**) {
    *static_cast<int64_t*>(out) = std::stoll(columns[0]);
    return 0;
  };
  const int result = sqlite3_exec(database.handle(), ("PRAGMA " + name).c_str(), read, &value, nullptr);
  if (result != SQLITE_OK) throw SqliteFailure{result & 0xFF, result, sqlite3_errmsg(database.handle())};
  return value;
}

Result<void> check_kind(Database& database, const std::string& path) {
  const int64_t tables = pragma(database, "schema_version");
  if (pragma(database, "application_id") == kApplicationId || tables == 0) return {};
  return Error{ErrorCode::invalid, path + " is a database of something else, not a ledger"};
}

Error newer(const std::string& path, int64_t found, int64_t known) {
  return {ErrorCode::invalid,
          fmt::format("{} has version {} of the ledger's tables, and this engine knows versions up to {}: it was "
                      "written by a newer kedge; run that one",
                      path, found, known)};
}

// Refused: what is no ledger, and one that is newer than `known`.
Result<int64_t> version_of(Database& database, const std::string& path, int64_t known) {
  if (auto ours = check_kind(database, path); !ours) return ours.error();
  const int64_t found = pragma(database, "user_version");
  if (found > known) return newer(path, found, known);
  return found;
}

}  // namespace

std::span<const char* const> ledger_migrations() { return kMigrations; }

int ledger_schema_version() { return static_cast<int>(kMigrations.size()); }

Result<void> upgrade(Database& database, const std::string& path, std::span<const char* const> migrations) {
  const auto wanted = static_cast<int64_t>(migrations.size());
  const auto found = version_of(database, path, wanted);
  if (!found) return found.error();
  if (*found == wanted) return {};
  database.execute("BEGIN EXCLUSIVE");
  for (int64_t version = *found; version < wanted; ++version) database.execute(migrations[version]);
  database.execute(fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}", kApplicationId, wanted));
  database.execute("COMMIT");
  return {};
}

Result<void> migrate(Database& database, const std::string& path, std::span<const char* const> migrations) {
  const auto wanted = static_cast<int64_t>(migrations.size());
  const auto found = version_of(database, path, wanted);
  if (!found) return found.error();
  if (*found > 0 && *found < wanted) {
    const auto kept = keep_copy(database, fmt::format("{}.v{}", path, *found));
    if (!kept) return kept.error().with("before the tables are brought to version " + std::to_string(wanted));
  }
  return upgrade(database, path, migrations);
}

Result<void> check_version(Database& database, const std::string& path, int oldest, int newest) {
  const auto found = version_of(database, path, newest);
  if (!found) return found.error();
  if (*found == 0) return Error{ErrorCode::not_found, path + " holds no ledger yet"};
  if (*found >= oldest) return {};
  return Error{ErrorCode::invalid, fmt::format("{} has version {} of the ledger's tables; kedge run brings it to "
                                               "version {}",
                                               path, *found, newest)};
}

}  // namespace kedge
