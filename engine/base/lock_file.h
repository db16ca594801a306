// LockFile: the proof that this process alone writes something. The kernel lets go of it when the process ends, however
// it ends: whoever gets it knows that a predecessor is dead.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace kedge {

class LockFile {
 public:
  // conflict when another process holds it; the error names its process id, and ends with `advice`.
  static Result<std::unique_ptr<LockFile>> take(const std::string& path, std::string_view advice);
  ~LockFile();
  LockFile(const LockFile&) = delete;
  LockFile& operator=(const LockFile&) = delete;

 private:
  explicit LockFile(int descriptor) : descriptor_(descriptor) {}
  const int descriptor_;
};

}  // namespace kedge
