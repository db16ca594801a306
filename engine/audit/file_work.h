// FileWork: what is to be done to files, by a thread of its own, while whoever wants it goes on. What is left when it
// is waited for, the waiting thread does too.
//
// Threads:  add and wait from one. Its own begins with the first piece of work. No two pieces that wait concern one
// file. Failure:  told by the next wait(), the first one; the rest is done nevertheless.
#pragma once

#include <functional>
#include <mutex>
#include <optional>

#include "base/result.h"
#include "base/thread.h"
#include "base/waiting.h"

namespace kedge {

class FileWork {
 public:
  using Piece = std::function<Result<void>()>;

  FileWork() = default;
  ~FileWork();  // when all is done
  FileWork(const FileWork&) = delete;
  FileWork& operator=(const FileWork&) = delete;

  // Waits only for room among kPiecesMost.
  void add(Piece piece);
  // Until all is done, or was tried.
  Result<void> wait();

 private:
  static constexpr size_t kPiecesMost = 1024;

  void run();
  void work_at(const Piece& piece);

  Mailbox<Piece> pieces_{kPiecesMost};
  Thread thread_;

  // Guarded by mutex_.
  std::mutex mutex_;
  Waiters done_;
  size_t undone_ = 0;
  std::optional<Error> failure_;
};

}  // namespace kedge
