// CommandJournal: the commands that a host has begun, and what became of them, on disk.
//
//   PATH   a JSON object a line: {"begun": {"id", "digest", "expires"}}, {"ended": {"id", "outcome"}},
//          {"forgotten": TIME}
//
// What begin() has returned for is on the disk, synced: after a crash it is known that the command had begun, and it is
// never begun again. Each is remembered until it has expired and some time more; then it is refused for being expired.
// For a clock that is set back it is remembered until when commands are forgotten. A line that was cut off by a crash
// is left out, as nobody was told that it was written.
//
// Threads: one. Owns the file: one process at a time (the caller's lock).
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/descriptor.h"
#include "base/json.h"
#include "base/result.h"
#include "base/time.h"

namespace kedge {

class CommandJournal {
 public:
  struct Entry {
    std::string id;
    std::string digest;
    Time expires{};
    std::string outcome;  // as it was sent (outcome_message.h); empty: it has begun
  };
  struct Options {
    size_t entries_max = 10'000;
    size_t bytes_max = 32U << 20U;              // of all that is remembered
    Duration slack = std::chrono::minutes(10);  // how long behind its time a command is remembered
  };

  // A file that is not what was written is an error (corrupt) that names the line.
  static Result<std::unique_ptr<CommandJournal>> open(const std::string& path, Options options);

  const Entry* find(const std::string& id) const;
  std::vector<Entry> unfinished() const;  // begun, and it is not known how they ended
  Time forgotten() const { return forgotten_; }
  size_t size() const { return entries_.size(); }

  // Forgets what is over. An error (limit) where there is no room to remember it, (no_room) where the disk has none:
  // the command has not begun, and is not known.
  Result<void> begin(Entry entry, Time now);

  // On the disk, too; with an error it is remembered in memory all the same.
  Result<void> end(const std::string& id, std::string outcome);

 private:
  CommandJournal(std::string path, Options options) : path_(std::move(path)), options_(options) {}

  Result<void> restore();
  Result<void> restore(const Json& line);
  void forget(Time now);
  Result<void> keep(const Json& line);  // of what entries_ hold already
  Result<void> rewrite();

  const std::string path_;
  const Options options_;
  std::map<std::string, Entry> entries_;  // by id
  size_t bytes_ = 0;                      // that the entries take in the file, about
  Time forgotten_{};
  Descriptor file_;
  size_t file_bytes_ = 0;
  bool broken_ = false;  // a write failed: what the file holds is not certain, and it is written anew
};

}  // namespace kedge
