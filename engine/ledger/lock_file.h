// LockFile: the proof that this process alone writes the ledger. The kernel lets go of it when the process ends,
// however it ends: whoever gets it knows that a predecessor is dead.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"

namespace kedge {

class LockFile {
 public:
  // conflict when another process holds it; the error names its process id.
  static Result<std::unique_ptr<LockFile>> take(const std::string& path);
  ~LockFile();
  LockFile(const LockFile&) = delete;
  LockFile& operator=(const LockFile&) = delete;

 private:
  explicit LockFile(int descriptor) : descriptor_(descriptor) {}
  const int descriptor_;
};

// A file of no content that keeps room on the disk: given up when the disk is full, so that the ledger can still say
// so. What is left of that room is for nothing else.
class Reserve {
 public:
  explicit Reserve(std::string path);  // makes it if it can

  // Gives its room back to the disk. False when there is none.
  bool spend();
  // Makes it again, if it is not there. Failing is no error: there is still no room.
  void restock();
  bool stocked() const { return stocked_; }
  // It was given up, and could not be made again yet.
  bool spent() const { return spent_; }

 private:
  const std::string path_;
  bool stocked_ = false;
  bool spent_ = false;
};

}  // namespace kedge
