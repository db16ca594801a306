// OwnPrincipals: the ARNs that are us, as far as they are known by now.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace kedge {

// Thread-safe. Lanes look at it between two batches.
class OwnPrincipals {
 public:
  OwnPrincipals() = default;
  explicit OwnPrincipals(std::vector<std::string> arns) : arns_(std::move(arns)) {}

  std::vector<std::string> get() const {
    const std::lock_guard lock(mutex_);
    return arns_;
  }
  void set(std::vector<std::string> arns) {
    const std::lock_guard lock(mutex_);
    arns_ = std::move(arns);
    ++version_;
  }

  // How often it was set: what was read of it before is good for as long as this stays the same.
  uint64_t version() const { return version_; }

 private:
  std::atomic<uint64_t> version_ = 0;
  mutable std::mutex mutex_;
  std::vector<std::string> arns_;  // guarded by mutex_
};

}  // namespace kedge
