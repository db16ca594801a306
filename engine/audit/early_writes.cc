#include "audit/early_writes.h"

#include <chrono>
#include <utility>

namespace kedge {

EarlyWrites::~EarlyWrites() {
  files_.close();
  if (thread_.joinable()) thread_.join();
}

void EarlyWrites::add(std::string path, std::shared_ptr<const std::string> bytes) {
  if (!thread_.joinable()) thread_ = Thread("audit-files", [this] { run(); });
  {
    const std::lock_guard lock(mutex_);
    ++unwritten_;
  }
  files_.put({std::move(path), std::move(bytes)});
}

Result<void> EarlyWrites::wait() {
  while (auto file = files_.take(Duration{0})) write(*file);
  std::unique_lock lock(mutex_);
  written_.wait(lock, [&] { return unwritten_ == 0; });
  const auto failure = std::exchange(failure_, std::nullopt);
  return failure ? Result<void>(*failure) : Result<void>();
}

void EarlyWrites::run() {
  while (true) {
    if (const auto file = files_.take(std::chrono::hours(1))) {
      write(*file);
    } else if (files_.closed()) {
      return;
    }
  }
}

void EarlyWrites::write(const File& file) {
  const auto done = write_(file.path, *file.bytes);
  {
    const std::lock_guard lock(mutex_);
    --unwritten_;
    if (!done && !failure_) failure_ = done.error();
  }
  written_.notify_all();
}

}  // namespace kedge
