#include "ledger/sqlite.h"

#include <cstring>

namespace kedge {
namespace {

[[noreturn]] void fail(sqlite3* handle, int result) {
  throw SqliteFailure{result & 0xFF, handle == nullptr ? result : sqlite3_extended_errcode(handle),
                      handle == nullptr ? sqlite3_errstr(result) : sqlite3_errmsg(handle)};
}

}  // namespace

Error SqliteFailure::error(std::string_view file) const {
  ErrorCode kind = ErrorCode::internal;
  switch (code) {
    case SQLITE_FULL:
    case SQLITE_READONLY:
    case SQLITE_NOMEM:
      kind = ErrorCode::no_room;
      break;
    case SQLITE_IOERR:
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      kind = ErrorCode::unavailable;
      break;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      kind = ErrorCode::corrupt;
      break;
    case SQLITE_CANTOPEN:
      kind = ErrorCode::not_found;
      break;
    case SQLITE_PERM:
    case SQLITE_AUTH:
      kind = ErrorCode::refused;
      break;
    default:
      break;
  }
  return {kind, std::string(file) + ": " + message};
}

Database::Database(const std::string& path, int flags, const char* vfs) {
  const int result = sqlite3_open_v2(path.c_str(), &handle_, flags | SQLITE_OPEN_NOMUTEX, vfs);
  if (result != SQLITE_OK) {
    const SqliteFailure failure{result & 0xFF, result, path + ": " + sqlite3_errmsg(handle_)};
    sqlite3_close(handle_);
    throw failure;
  }
  sqlite3_extended_result_codes(handle_, 1);
}

Database::~Database() {
  for (const auto& [sql, statement] : statements_) sqlite3_finalize(statement);
  sqlite3_close(handle_);
}

void Database::execute(const std::string& sql) {
  const int result = sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr);
  if (result != SQLITE_OK) fail(handle_, result);
}

sqlite3_stmt* Database::prepared(const char* sql) {
  sqlite3_stmt*& statement = statements_[sql];
  if (statement != nullptr) return statement;
  const int result = sqlite3_prepare_v3(handle_, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (result != SQLITE_OK) fail(handle_, result);
  return statement;
}

Query::~Query() {
  if (statement_ == nullptr) return;
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

void Query::bind(std::nullptr_t) { sqlite3_bind_null(statement_, ++bound_); }

void Query::bind(int64_t value) { sqlite3_bind_int64(statement_, ++bound_, value); }

void Query::bind(std::string_view text) {
  sqlite3_bind_text64(statement_, ++bound_, text.empty() ? "" : text.data(), text.size(), SQLITE_TRANSIENT,
                      SQLITE_UTF8);
}

void Query::bind(Blob blob) {
  sqlite3_bind_blob64(statement_, ++bound_, blob.bytes.empty() ? "" : blob.bytes.data(), blob.bytes.size(),
                      SQLITE_TRANSIENT);
}

bool Query::next() {
  const int result = sqlite3_step(statement_);
  if (result == SQLITE_ROW) return true;
  if (result == SQLITE_DONE) return false;
  fail(database_.handle(), result);
}

bool Query::is_null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }

int64_t Query::integer(int column) const { return sqlite3_column_int64(statement_, column); }

Time Query::time(int column) const { return Time(Duration(integer(column))); }

std::string Query::text(int column) const {
  const void* bytes = sqlite3_column_blob(statement_, column);
  const auto size = static_cast<size_t>(sqlite3_column_bytes(statement_, column));
  return bytes == nullptr ? std::string() : std::string(static_cast<const char*>(bytes), size);
}

Digest Query::digest(int column) const {
  Digest digest;
  const std::string bytes = text(column);
  std::memcpy(digest.bytes.data(), bytes.data(), std::min(bytes.size(), digest.bytes.size()));
  return digest;
}

}  // namespace kedge
