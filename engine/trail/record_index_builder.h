// RecordIndexBuilder: brings the derived index of a data directory (index_file.h) up to its trail. One process at a
// time does that, the one that holds `<data>/index.lock`; whoever reads the index meanwhile is not held up.
//
// Failure:  killed anywhere, the next one goes on where the last commit was. A file that is damaged, or of another
//           version, is made anew; one that tells of records which the trail has not (it is another one, or was cut or
//           restored) goes back to the last complete stretch that both have.
// Threads:  one at a time.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/lock_file.h"
#include "base/result.h"
#include "trail/index_writer.h"
#include "trail/record_source.h"

namespace kedge {

class RecordIndexBuilder {
 public:
  // conflict: another process builds it; refused: nothing may be written in this directory.
  static Result<std::unique_ptr<RecordIndexBuilder>> open(const std::string& directory);

  struct Progress {
    int64_t next = 0;      // records below are in the index
    bool complete = true;  // and those are all
  };
  // Takes in at most so many records, in one commit. What cannot be taken in is an error, and leaves the index as it
  // was; the next call tries again.
  Result<Progress> advance(RecordSource& records, size_t most);

 private:
  RecordIndexBuilder(std::string path, std::unique_ptr<LockFile> lock)
      : path_(std::move(path)), lock_(std::move(lock)) {}

  Result<Progress> try_to_advance(RecordSource& records, size_t most);
  void open_file();
  Result<void> agree_with(RecordSource& records);
  Result<size_t> take_in(RecordSource& records, size_t most);
  void close_file();

  const std::string path_;
  const std::unique_ptr<LockFile> lock_;
  std::unique_ptr<Database> database_;
  std::optional<IndexWriter> writer_;
};

}  // namespace kedge
