#include "trail/index_file.h"

#include <fcntl.h>
#include <unistd.h>

namespace kedge {
namespace {

constexpr int64_t kApplicationId = 0x6B656469;  // "kedi"
constexpr int64_t kVersion = 4;  // of the tables, of what their bytes mean, and of which records are in it
constexpr int kBusyMillis = 2'000;

constexpr const char* kTables = R"sql(
PRAGMA page_size = 8192;
PRAGMA journal_mode = WAL;
BEGIN IMMEDIATE;
CREATE TABLE cursor (
  only INTEGER PRIMARY KEY CHECK (only = 1), next INTEGER NOT NULL, last INTEGER NOT NULL, digest BLOB NOT NULL);
INSERT INTO cursor VALUES (1, 0, -1, x'');
CREATE TABLE value (
  field INTEGER NOT NULL, text BLOB NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (field, text)) WITHOUT ROWID;
CREATE TABLE value_count (field INTEGER PRIMARY KEY, number INTEGER NOT NULL);
CREATE TABLE value_texts (
  field INTEGER NOT NULL, pack INTEGER NOT NULL, texts BLOB NOT NULL, PRIMARY KEY (field, pack));
CREATE TABLE shape_pack (pack INTEGER PRIMARY KEY, shapes BLOB NOT NULL);
CREATE TABLE shape_count (number INTEGER NOT NULL);
INSERT INTO shape_count VALUES (0);
CREATE TABLE piece (id INTEGER PRIMARY KEY, value_list BLOB NOT NULL, codes BLOB NOT NULL);
CREATE TABLE stretch (number INTEGER PRIMARY KEY, last INTEGER NOT NULL, digest BLOB NOT NULL);
CREATE TABLE text_block (block INTEGER PRIMARY KEY, places BLOB NOT NULL);
CREATE TABLE text_leaf (id INTEGER PRIMARY KEY, blocks BLOB NOT NULL);
PRAGMA application_id = 0x6B656469;
PRAGMA user_version = 4;
COMMIT;
)sql";

void check_kind(Database& database) {
  Query id = database.query("PRAGMA application_id");
  Query version = database.query("PRAGMA user_version");
  if (id.next() && version.next() && id.integer(0) == kApplicationId && version.integer(0) == kVersion) return;
  throw SqliteFailure{SQLITE_NOTADB, SQLITE_NOTADB, "it is of another version, or of something else"};
}

// With what is beside it, it is for those who may read the ledger: SQLite gives its own files the same mode.
void make_file(const std::string& path) {
  const int descriptor = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor >= 0) close(descriptor);  // where it cannot be made SQLite says why
}

bool is_new(Database& database) {
  Query tables = database.query("SELECT count(*) FROM sqlite_schema");
  return tables.next() && tables.integer(0) == 0;
}

}  // namespace

// What few values take, and many records share, is of a shape.
IndexedColumn column_of(RecordField field) {
  switch (field) {
    case RecordField::target:
      return IndexedColumn::target;
    case RecordField::remediation:
      return IndexedColumn::remediation;
    case RecordField::principal:
      return IndexedColumn::principal;
    case RecordField::actor:
      return IndexedColumn::actor;
    case RecordField::kind:
    case RecordField::rule:
    case RecordField::state:
    case RecordField::guard:
    case RecordField::severity:
      return IndexedColumn::shape;
  }
  return IndexedColumn::shape;
}

std::string index_path(const std::string& directory) { return directory + "/index.db"; }

std::unique_ptr<Database> open_index_for_reading(const std::string& path) {
  auto database = std::make_unique<Database>(path, SQLITE_OPEN_READONLY);
  sqlite3_busy_timeout(database->handle(), kBusyMillis);
  check_kind(*database);
  return database;
}

std::unique_ptr<Database> open_index_for_writing(const std::string& path) {
  make_file(path);
  auto database = std::make_unique<Database>(path, SQLITE_OPEN_READWRITE);
  sqlite3_busy_timeout(database->handle(), kBusyMillis);
  if (is_new(*database)) database->execute(kTables);
  check_kind(*database);
  database->execute("PRAGMA synchronous = NORMAL; PRAGMA cache_size = -4096; PRAGMA cache_spill = OFF");
  return database;
}

bool is_damaged(const SqliteFailure& failure) {
  return failure.code == SQLITE_CORRUPT || failure.code == SQLITE_NOTADB;
}

Error index_error(const SqliteFailure& failure) { return failure.error("index.db"); }

}  // namespace kedge
