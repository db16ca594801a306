// SQLite as this room uses it: a connection that keeps its prepared statements, and rows that are read by column.
//
// What goes wrong is thrown as SqliteFailure. It never leaves the room that it is thrown in: the ledger, the reader and
// the trail's index catch it where they are entered, since what it means depends on where a transaction stands.
//
// A Database and its queries belong to one thread at a time.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/hash.h"
#include "base/result.h"
#include "base/time.h"

namespace kedge {

struct SqliteFailure {
  int code = 0;      // SQLite's primary result code
  int extended = 0;  // and its extended one
  std::string message;

  // `file`: whose it is, for people.
  Error error(std::string_view file = "the ledger's file") const;
};

// Bytes that are bound as a blob; other strings are text.
struct Blob {
  std::string_view bytes;
};

class Query;

class Database {
 public:
  // `flags`: SQLITE_OPEN_... `vfs`: nullptr for the default.
  Database(const std::string& path, int flags, const char* vfs = nullptr);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // Any number of statements without parameters; rows are dropped.
  void execute(const std::string& sql);

  // The first run of a statement prepares it; it is kept for the next. `sql` must be a literal: it is known by its
  // place.
  template <size_t N, class... Values>
  Query query(const char (&sql)[N], const Values&... values);
  template <size_t N, class... Values>
  void run(const char (&sql)[N], const Values&... values);

  // The rows that the last run changed.
  int changes() const { return sqlite3_changes(handle_); }
  bool in_transaction() const { return sqlite3_get_autocommit(handle_) == 0; }
  sqlite3* handle() const { return handle_; }

 private:
  sqlite3_stmt* prepared(const char* sql);

  sqlite3* handle_ = nullptr;
  std::unordered_map<const char*, sqlite3_stmt*> statements_;
};

// One run of a statement, row by row. It must end (be destroyed) before the same statement runs again.
class Query {
 public:
  Query(Database& database, sqlite3_stmt* statement) : database_(database), statement_(statement) {}
  Query(Query&& other) noexcept
      : database_(other.database_), statement_(std::exchange(other.statement_, nullptr)), bound_(other.bound_) {}
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;
  ~Query();

  // Binds the next parameter.
  void bind(std::nullptr_t);
  void bind(int64_t value);
  void bind(uint64_t value) { bind(static_cast<int64_t>(value)); }
  void bind(int value) { bind(static_cast<int64_t>(value)); }
  void bind(unsigned value) { bind(static_cast<int64_t>(value)); }
  void bind(bool value) { bind(static_cast<int64_t>(value)); }
  void bind(Time value) { bind(static_cast<int64_t>(value.time_since_epoch().count())); }
  void bind(std::string_view text);
  void bind(const std::string& text) { bind(std::string_view(text)); }
  void bind(const char* text) { bind(std::string_view(text)); }
  void bind(Blob blob);
  void bind(const Digest& digest) { bind(Blob{digest.as_bytes()}); }
  template <class T>
  void bind(const std::optional<T>& value) {
    value ? bind(*value) : bind(nullptr);
  }

  // To the next row; false when there is none.
  bool next();

  bool is_null(int column) const;
  int64_t integer(int column) const;
  Time time(int column) const;
  std::string text(int column) const;  // or the bytes of a blob
  Digest digest(int column) const;

 private:
  Database& database_;
  sqlite3_stmt* statement_;
  int bound_ = 0;
};

template <size_t N, class... Values>
Query Database::query(const char (&sql)[N], const Values&... values) {
  Query query(*this, prepared(sql));
  (query.bind(values), ...);
  return query;
}

template <size_t N, class... Values>
void Database::run(const char (&sql)[N], const Values&... values) {
  Query run = query(sql, values...);
  while (run.next()) {
  }
}

}  // namespace kedge
