// FactFile: a sensor's memory (SensorMemory) in a file, a line for each fact that was learned or forgotten, the last
// one of a key counts:
//
//   {"k":"port tcp 0.0.0.0:22","v":{"known":true,"program":"/usr/sbin/sshd"}}
//   {"k":"port tcp 0.0.0.0:22"}                     it is forgotten
//   {"below":true,"k":"tree / etc/cron.d/"}         and all whose key begins so
//
// What append() was given and has returned is on the disk, synced. A line that a crash cut off is left out: nobody was
// told that it was written. When most of the file is of no use any more, and when it is opened, it is written anew, as
// a whole; where there is no room for that it goes on as it is.
//
// Threads: one calls. Owns the file: one process at a time (the caller's lock).
#pragma once

#include <string>
#include <vector>

#include "base/descriptor.h"
#include "base/result.h"
#include "host/sensor_memory.h"

namespace kedge {

// What the lines come to; those that cannot be read are left out, and counted.
SensorMemory::Facts parse_facts(std::string_view lines, size_t& unreadable);
std::string to_line(const SensorMemory::Fact&);

class FactFile {
 public:
  // Makes it where it is not there.
  static Result<std::unique_ptr<FactFile>> open(const std::string& path);

  // What was known when it was opened.
  const SensorMemory::Facts& earlier() const { return earlier_; }
  void release_earlier() { earlier_ = {}; }

  // All of them, or, with an error, none.
  Result<void> append(const std::vector<SensorMemory::Fact>& facts);

 private:
  explicit FactFile(std::string path) : path_(std::move(path)) {}
  Result<void> reopen();
  Result<void> write_anew();

  const std::string path_;
  Descriptor file_;
  SensorMemory::Facts earlier_;
  size_t bytes_ = 0;
  size_t bytes_when_new_ = 0;
};

}  // namespace kedge
