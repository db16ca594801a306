// What a command writes: to the standard output, or to a file that is there whole or not at all.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace kedge {

// Of one thread. A file has its name only after finish(): until then its bytes stand beside it, readable by their owner
// alone, and are removed with this object. A file that was there is replaced then. What is no plain file (a pipe,
// /dev/stdout) is written to as it is.
class OutputFile {
 public:
  // not_found, refused: it cannot be written there, and why.
  static Result<OutputFile> open(const std::string& path);

  OutputFile(OutputFile&&) noexcept;
  OutputFile& operator=(OutputFile&&) = delete;
  ~OutputFile();

  Result<void> write(std::string_view bytes);
  // Synced, and under its name.
  Result<void> finish();

 private:
  OutputFile(std::string path, std::string written, int descriptor);
  Result<void> flush();

  std::string path_;
  std::string written_;  // the name until it is finished; empty: it is no plain file
  int descriptor_;
  std::string buffer_;
};

}  // namespace kedge
