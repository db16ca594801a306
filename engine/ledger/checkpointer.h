// Checkpointer: copies what the write-ahead log holds into the ledger's file, on a thread and a connection of its own,
// so that the committer never waits for it. Checkpoints are passive: they stand in nobody's way.
//
// Owns its thread. poke() and failed() may be called from any thread. A failed sync is kept in failed(), and is final.
#pragma once

#include <mutex>
#include <optional>
#include <string>

#include "base/thread.h"
#include "base/waiting.h"
#include "ledger/sqlite.h"

namespace kedge {

class Checkpointer {
 public:
  explicit Checkpointer(const std::string& path);
  ~Checkpointer();
  Checkpointer(const Checkpointer&) = delete;
  Checkpointer& operator=(const Checkpointer&) = delete;

  // The log has grown. Never waits.
  void poke();

  std::optional<Error> failed() const;

 private:
  void run();

  // The thread's own, once it runs.
  Database database_;

  // Provides its own synchronization.
  Mailbox<bool> work_{1};

  // Guarded by mutex_.
  mutable std::mutex mutex_;
  std::optional<Error> failed_;

  Thread thread_;
};

// Whether the result of a checkpoint means that written data may be lost.
bool is_damage(int result);

}  // namespace kedge
