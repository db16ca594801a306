#include "ledger/checkpointer.h"

namespace kedge {
namespace {

constexpr Duration kIdle = std::chrono::minutes(10);

}  // namespace

bool is_damage(int result) {
  const int code = result & 0xFF;
  return code == SQLITE_IOERR || code == SQLITE_CORRUPT || code == SQLITE_NOTADB;
}

Checkpointer::Checkpointer(const std::string& path) : database_(path, SQLITE_OPEN_READWRITE) {
  database_.execute("PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0");
  thread_ = Thread("kedge-checkpnt", [this] { run(); });
}

Checkpointer::~Checkpointer() {
  work_.close();
  thread_.join();
}

void Checkpointer::poke() { work_.try_put(true); }

std::optional<Error> Checkpointer::failed() const {
  const std::lock_guard lock(mutex_);
  return failed_;
}

void Checkpointer::run() {
  while (!work_.closed()) {
    if (!work_.take(kIdle)) continue;
    const int result =
        sqlite3_wal_checkpoint_v2(database_.handle(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
    if (!is_damage(result)) continue;  // busy, or no room: the log stays as it is until the next time
    const std::lock_guard lock(mutex_);
    failed_ =
        Error{ErrorCode::corrupt, std::string("the ledger's checkpoint failed: ") + sqlite3_errmsg(database_.handle())};
  }
}

}  // namespace kedge
