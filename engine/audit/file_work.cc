#include "audit/file_work.h"

#include <chrono>
#include <utility>

namespace kedge {

FileWork::~FileWork() {
  pieces_.close();
  if (thread_.joinable()) thread_.join();
}

void FileWork::add(Piece piece) {
  if (!thread_.joinable()) thread_ = Thread("audit-files", [this] { run(); });
  {
    const std::lock_guard lock(mutex_);
    ++undone_;
  }
  pieces_.put(std::move(piece));
}

Result<void> FileWork::wait() {
  while (const auto piece = pieces_.take(Duration{0})) work_at(*piece);
  std::unique_lock lock(mutex_);
  done_.wait(lock, [&] { return undone_ == 0; });
  const auto failure = std::exchange(failure_, std::nullopt);
  return failure ? Result<void>(*failure) : Result<void>();
}

void FileWork::run() {
  while (true) {
    if (const auto piece = pieces_.take(std::chrono::hours(1))) {
      work_at(*piece);
    } else if (pieces_.closed()) {
      return;
    }
  }
}

void FileWork::work_at(const Piece& piece) {
  const auto done = piece();
  {
    const std::lock_guard lock(mutex_);
    --undone_;
    if (!done && !failure_) failure_ = done.error();
  }
  done_.notify_all();
}

}  // namespace kedge
