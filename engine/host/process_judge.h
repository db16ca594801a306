// ProcessJudge: whether what a process runs, and whose file is gone, is what the system had before an upgrade. Such a
// process needs a restart and is no mutation.
//
// It is so when the content is known (a baseline has a file that holds the same), or when dpkg says so: an installed
// package lists the path, the file that lies there now holds what the package says, and the process was started before
// the package was unpacked. The latter is what the host says of itself, as with PackageJudge.
//
// Threads: one calls.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/hash.h"
#include "base/time.h"
#include "host/process_signs.h"

namespace kedge {

// Whether any file of a baseline holds this.
using IsKnownContent = std::function<bool(const Digest&)>;

class ProcessJudge {
 public:
  // A sign, and a process that shows it: the one that was started last.
  struct Case {
    ProcessSign sign;
    pid_t process = 0;
    Time started;
    bool is_there = true;      // it still runs; false: what it ran cannot be read
    bool is_in_system = true;  // its paths are the system's; false: it lives in mounts of its own
  };
  struct Verdict {
    SignOrigin origin = SignOrigin::unknown;
    bool is_upgraded = false;      // it only needs a restart
    std::string package;           // which lists the path now; empty: none does, or it was not asked
    std::optional<Digest> sha256;  // of what is run; none: it was not read
  };

  // `system`: the root below which dpkg's records lie, and to which paths are relative. `bytes_max`: larger files are
  // not read.
  ProcessJudge(std::string system, bool asks_packages, IsKnownContent is_known, size_t bytes_max)
      : system_(std::move(system)),
        asks_packages_(asks_packages),
        is_known_(std::move(is_known)),
        bytes_max_(bytes_max) {}

  // Whether dpkg is changing its records, and the verdict may be another one later.
  bool is_at_work() const;

  // For each case its verdict. `proc`: as processes.h has it.
  std::vector<Verdict> judge(const std::vector<Case>& cases, const std::string& proc = "/proc") const;

 private:
  std::optional<Digest> digest_of(const Case&, const std::string& proc) const;
  std::map<std::string, std::string> owners_of(const std::vector<Case>& cases) const;
  std::string in_system(const std::string& path) const;
  bool holds_what_the_package_says(const std::string& path) const;
  std::optional<Time> unpacked(const std::string& package) const;

  const std::string system_;
  const bool asks_packages_;
  const IsKnownContent is_known_;
  const size_t bytes_max_;
};

}  // namespace kedge
