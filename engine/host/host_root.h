// HostRoot: the root of a host that can be replaced from its golden image while it runs.
//
// The image is never written to: the root is an overlay over it (overlay_root.h), and all that the host changed lies in
// one directory. To replace it, another root is made of the image beside it, held against the signed manifest, and its
// first process is started up to a gate, all while the old one runs. Then the old one's first process is ended, with
// all that runs in its process namespace, and the new one is let go. When it is healthy, and still what the manifest
// says, it is the host's; what the old one had changed is kept read-only, with its digest. When it is not, the old one
// is started again.
//
//   DIRECTORY/state.json                 which generation runs, which is to, which were (host_root_state.h)
//   DIRECTORY/lock
//   DIRECTORY/root                       a link to the root that runs, for whoever watches it through all replacements
//   DIRECTORY/image                      where an image that is a file is mounted
//   DIRECTORY/generations/N/upper ...    as overlay_root.h says
//   DIRECTORY/generations/N/drift.manifest, drift.txt
//                                        of a former one: the manifest of its upper directory, of which the digest is
//                                        kept; and what differed from the golden manifest, for people
//
// Operation: each step is written down before it is done, so that whoever comes after a crash, at any point, finishes
// what was begun, or undoes it, and never repeats it. A host runs once, or not at all.
// Threads: any, also in several processes; whoever comes second has a conflict. The clock outlives it.
// Needs: root's capabilities. Not for the root of the machine on which it runs.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/note.h"
#include "base/clock.h"
#include "base/lock_file.h"
#include "base/result.h"
#include "host/baseline_difference.h"
#include "host/host_root_state.h"
#include "host/manifest.h"
#include "host/scan.h"

namespace kedge {

struct HostRootOptions {
  std::string host;               // its name, within too
  std::string directory;          // on a file system that keeps trusted attributes (ext4, xfs, btrfs, tmpfs)
  std::string image;              // a directory, or a file that holds an erofs or squashfs
  std::string manifest;           // the golden manifest
  std::vector<VerifierKey> keys;  // one of which must have signed it
  std::string identity = {};  // a directory that lies over the image: host keys, machine-id; the manifest excludes it
  std::string network = {};   // "/run/netns/web1"; empty: the machine's own
  std::vector<std::string> start;   // the host's first process, by its path within
  std::vector<std::string> health;  // run within: ends with 0 once the host does its service
  Duration health_deadline = std::chrono::seconds(10);
  Duration health_interval = std::chrono::milliseconds(10);
  Duration end_timeout = std::chrono::seconds(10);
  size_t former_max = 3;  // kept; the oldest goes first
  // For tests: called before each step, with what it is.
  std::function<void(std::string_view step)> before_step = {};
};

class HostRoot {
 public:
  struct Sight {
    bool is_running = false;
    bool is_unfinished = false;     // a replacement was begun and cut off
    uint64_t generation = 0;        // 0: it was never started
    Time made;                      // of the image
    std::vector<Difference> drift;  // of what runs, from the golden manifest
    std::vector<ScanFault> faults;  // what could not be read
    Digest manifest;
    std::vector<FormerRoot> former;
  };
  struct Replaced {
    uint64_t generation = 0;           // that runs now
    std::optional<FormerRoot> former;  // that it took the place of
    Duration away{};                   // from ending the old one until the new one was healthy
    std::vector<std::string> notes;    // what could not be tidied up
  };

  // An error (invalid) tells which option is wrong. Touches nothing.
  static Result<std::unique_ptr<HostRoot>> open(HostRootOptions options, Clock& clock);

  // The host runs when this returns: for the first time, from the image; else as it was left, after a start of the
  // machine. Finishes what was cut off.
  Result<void> start();

  // Changes nothing.
  Result<Sight> look() const;

  // Of the image, for a remediation. refused: the image is not what its signed manifest says (the host was not
  // touched), or the new one was not healthy, or not what it says any more (the old one runs again). conflict: somebody
  // else is at it. internal: it was cut off by an error on the way; the next call of any of these finishes it.
  // unavailable: it was not ready to switch before `deadline` (on Clock::elapsed); the host was not touched.
  Result<Replaced> replace(const std::string& cause, std::optional<Duration> deadline = {});

  // By a former one. refused where it is not kept any more, or not as it was.
  Result<Replaced> go_back_to(uint64_t generation, const Digest& drift, const std::string& cause);

  // Where the root of what runs now is seen.
  Result<std::string> root() const;
  Result<HostRootState> state() const;
  const HostRootOptions& options() const { return options_; }

 private:
  struct Golden {
    Manifest manifest;
    Digest digest;
  };

  HostRoot(HostRootOptions options, Clock& clock) : options_(std::move(options)), clock_(clock) {}

  Result<std::unique_ptr<LockFile>> lock() const;
  std::string place(uint64_t generation) const;
  std::string state_path() const { return options_.directory + "/state.json"; }
  void step(std::string_view what) const {
    if (options_.before_step) options_.before_step(what);
  }
  Result<void> save(const HostRootState& state);
  Result<Golden> golden() const;
  Result<void> mount(uint64_t generation);
  Result<Scan> scan_over_image(uint64_t generation, const Golden& golden) const;

  Result<void> settle(HostRootState& state, Replaced& done);
  Result<void> prepare(HostRootState& state, const Golden& golden, std::optional<Duration> deadline);
  Result<void> carry_on(HostRootState& state, Replaced& done);
  Result<Duration> start_next(HostRootState& state);
  Result<void> check_running(uint64_t generation) const;
  Result<void> wait_until_healthy(const RootGeneration& generation);
  Result<void> check_against(const Golden& golden, uint64_t generation) const;
  Result<void> lead_to(uint64_t generation);
  Result<void> keep_former(HostRootState& state, Replaced& done);
  Result<void> give_up(HostRootState& state, const std::string& why);
  Result<void> run_current(HostRootState& state);
  Result<void> forget_next(HostRootState& state);
  void sweep(HostRootState& state, Replaced& done);
  Result<void> remove_generation(uint64_t generation) const;

  const HostRootOptions options_;
  Clock& clock_;
};

// Those of a machine, by their names.
using HostRoots = std::map<std::string, std::unique_ptr<HostRoot>>;

}  // namespace kedge
