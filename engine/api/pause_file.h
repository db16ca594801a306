// PauseFile: the pause switch that works when nothing else does. While `<data>/pause` is there, or it cannot be told
// whether it is, effects stop. Anybody who may write to the directory can throw it: `touch <data>/pause`.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"

namespace kedge {

// Holds the directory open: one that is moved, or unmounted lazily, is still the one that is asked.
// Thread-safe. One system call a question, so that it can be asked before every single write.
class PauseFile {
 public:
  static Result<PauseFile> open(const std::string& directory);
  ~PauseFile();
  PauseFile(PauseFile&& other) noexcept;
  PauseFile& operator=(PauseFile&&) = delete;

  // Why effects are paused, in words; none: they are not.
  std::optional<std::string> paused() const;

  // Absolute.
  const std::string& path() const { return path_; }
  // Whose file it is, by name; empty when there is none.
  std::string maker() const;

 private:
  PauseFile(int directory, std::string path);

  int directory_;
  std::string path_;
};

}  // namespace kedge
