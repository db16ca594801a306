// EarlyWrites: whole files on their way to the disk, by a thread of their own, while whoever has them goes on. What is
// left when they are waited for, the waiting thread writes too.
//
// Threads:  add and wait from one. Its own begins with the first file.
// Failure:  told by the next wait(), the first of them; the others are written nevertheless.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/thread.h"
#include "base/waiting.h"

namespace kedge {

class EarlyWrites {
 public:
  using Write = std::function<Result<void>(const std::string& path, const std::string& bytes)>;

  // `write` is called by both threads, for different files.
  explicit EarlyWrites(Write write) : write_(std::move(write)) {}
  ~EarlyWrites();  // waits
  EarlyWrites(const EarlyWrites&) = delete;
  EarlyWrites& operator=(const EarlyWrites&) = delete;

  // Waits only for room among kFilesMost.
  void add(std::string path, std::shared_ptr<const std::string> bytes);
  // Until all are written, or were tried.
  Result<void> wait();

 private:
  static constexpr size_t kFilesMost = 1024;

  struct File {
    std::string path;
    std::shared_ptr<const std::string> bytes;
  };

  void run();
  void write(const File&);

  const Write write_;
  Mailbox<File> files_{kFilesMost};
  Thread thread_;

  // Guarded by mutex_.
  std::mutex mutex_;
  Waiters written_;
  size_t unwritten_ = 0;
  std::optional<Error> failure_;
};

}  // namespace kedge
