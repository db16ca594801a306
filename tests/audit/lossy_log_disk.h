// LossyLogDisk: a disk in memory that loses what was not synced when its machine dies, and of which any call can fail.
// What a sync that fails was to write is read as it was written, and no later sync writes it, as Linux has it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "audit/log_disk.h"
#include "base/random.h"

namespace kedge {

// Thrown where the machine dies. Not an exception of std: nobody catches it by chance.
struct MachineDied {};

class LossyLogDisk {
 public:
  explicit LossyLogDisk(uint64_t seed) : dice_(seed) {}

  // What happens at each call that changes something, counted from 0 over the disk's life.
  enum class Fate { well, dies_before, dies_after, has_no_room, fails };
  std::function<Fate(uint64_t call)> fate = [](uint64_t) { return Fate::well; };
  uint64_t calls() const { return calls_; }
  uint64_t syncs() const { return syncs_; }  // of these: so often somebody waited for the disk

  // The same of each call that reads, a file or a directory: whether it fails.
  std::function<bool(uint64_t read)> read_fails = [](uint64_t) { return false; };
  uint64_t reads() const { return reads_; }

  // As a writer has it. It may be opened anew after each death, and must not outlive this.
  std::unique_ptr<LogDisk> open();

  // The machine has died and starts again: of what was not synced some is there and some is not.
  void lose_what_is_not_synced();

  // The files as they are read now, by their path.
  std::map<std::string, std::string> files() const;
  void put(const std::string& path, const std::string& bytes) { names_[path] = safe_[path] = file(bytes); }
  void take(const std::string& path) { names_.erase(path), safe_.erase(path); }

 private:
  class Opened;
  struct File {
    std::string bytes;
    std::optional<std::string> synced;  // none: nothing of it is safe
    bool given_up = false;              // a sync failed: it is not safe until it is written again
  };
  using Names = std::map<std::string, std::shared_ptr<File>>;  // null: a directory
  struct Step {                                                // of the names
    std::string from;                                          // which goes; empty: none
    std::string to;                                            // which comes; empty: none
    std::shared_ptr<File> file;
  };

  static std::shared_ptr<File> file(const std::string& bytes) {
    return std::make_shared<File>(File{bytes, bytes, false});
  }
  Result<void> change(const std::function<Result<void>()>& act);
  void step(const Step&);
  void give_up_what_is_not_synced();
  void keep_some(File&);
  static void apply(const Step&, Names&);
  std::vector<std::string> names_in(const std::string& directory) const;
  static std::string folder_of(const std::string& path) { return path.substr(0, path.rfind('/')); }

  Random dice_;
  uint64_t calls_ = 0;
  uint64_t syncs_ = 0;
  uint64_t reads_ = 0;
  Names names_;
  Names safe_;
  std::vector<Step> steps_;  // of the names, since they were synced
};

}  // namespace kedge
