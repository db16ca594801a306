// Mounts: what is mounted where, and what changed of it. Content under a path can be swapped by a mount without a word
// from inotify or fanotify.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/descriptor.h"
#include "base/result.h"

namespace kedge {

struct Mount {
  std::string point;   // as this process sees it
  std::string root;    // what of the file system is mounted there: "/", or a part of it
  std::string device;  // "8:1"
  std::string type;

  bool operator==(const Mount&) const = default;
};

// One thread calls.
class Mounts {
 public:
  // Reads /proc/self/mountinfo for the first time.
  static Result<Mounts> open();

  // poll(2) gives POLLPRI when something changed.
  int descriptor() const { return file_.get(); }

  // The points at which something was mounted, or is no longer, since it was read the last time. Each once.
  Result<std::vector<std::string>> changes();

  // By their numbers (statx gives them too). One may be hidden by another.
  const std::map<int, Mount>& all() const { return all_; }

 private:
  explicit Mounts(Descriptor file) : file_(std::move(file)) {}
  Result<std::map<int, Mount>> read() const;

  Descriptor file_;
  std::map<int, Mount> all_;
};

// What /proc/self/mountinfo holds; lines that cannot be read are left out.
std::map<int, Mount> parse_mounts(std::string_view text);

// File systems that hold no files but the kernel's view of itself: proc, sysfs, cgroup2 and the like. They are not
// watched.
bool is_kernels_own(std::string_view type);

}  // namespace kedge
