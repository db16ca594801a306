#include "bench/ledger/floor.h"

#include <algorithm>
#include <string_view>

namespace kedge {
namespace {

constexpr int64_t kPageBytes = 4096;
constexpr int64_t kPayloadBytes = kPageBytes - 4;             // of a page that only continues a row
constexpr int64_t kCheckpointPages = (4 << 20) / kPageBytes;  // as the ledger has it
constexpr int64_t kLogPagesMax = (64 << 20) / kPageBytes;     // the same

std::string make_file(const std::string& directory) {
  const std::string path = directory + "/floor.db";
  Database made(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  made.execute("PRAGMA journal_mode = WAL; CREATE TABLE IF NOT EXISTS row (number INTEGER PRIMARY KEY, bytes BLOB)");
  return path;
}

}  // namespace

Floor::Floor(const std::string& directory)
    : database_(make_file(directory), SQLITE_OPEN_READWRITE), checkpointer_(directory + "/floor.db") {
  database_.execute("PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0; PRAGMA temp_store = MEMORY");
}

int64_t Floor::repeat(std::span<const Group> groups) {
  const std::string zeros(64 << 20, '\0');
  const int64_t before = pages_written(database_.handle());
  for (const Group& group : groups) {
    if (group.pages == 0) continue;
    const int64_t begin = pages_written(database_.handle());
    // The page of the table that points to the rows is one of them; a row's beginning lies in it.
    const auto rows = static_cast<int64_t>(group.changes);
    const int64_t bytes = std::max<int64_t>(1, (group.pages - 1) * kPayloadBytes / rows);
    database_.run("BEGIN IMMEDIATE");
    for (int64_t row = 0; row < rows; ++row) {
      database_.run("INSERT INTO row (bytes) VALUES (?)", Blob{std::string_view(zeros).substr(0, bytes)});
    }
    database_.run("COMMIT");
    tend_log(pages_written(database_.handle()) - begin);
  }
  return pages_written(database_.handle()) - before;
}

void Floor::tend_log(int64_t pages) {
  pages_in_log_ += pages;
  if (pages_in_log_ > kLogPagesMax) {
    sqlite3_wal_checkpoint_v2(database_.handle(), nullptr, SQLITE_CHECKPOINT_RESTART, nullptr, nullptr);
    pages_in_log_ = 0;
    pages_at_checkpoint_ = 0;
  } else if (pages_in_log_ - pages_at_checkpoint_ >= kCheckpointPages) {
    checkpointer_.poke();
    pages_at_checkpoint_ = pages_in_log_;
  }
}

}  // namespace kedge
