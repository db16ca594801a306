// Sensor: watches trees, compares what is in doubt with their baselines, and tells what differs.
//
// Nothing that a watcher says is believed: a path that was named is read, and what is there now is compared with what
// was known of it (KnownTree). So is each directory once in a round of the rescan, without anybody naming it. What is
// found differing is told once, also over restarts (SensorMemory); what ends as the baseline has it is told when it was
// told otherwise before. A burst on one path is one look (Settler).
//
// What is lost is told, too: "sensor.lost" when something may have been missed, "sensor.recovered" when it was read
// again, and a heartbeat, so that silence means something.
//
// Threads:   none of its own; one thread calls.
// Errors:    turn() fails only where nothing can be watched any more; a tree or a baseline's file that is gone is an
//            event.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "host/host_event.h"
#include "host/known_tree.h"
#include "host/mutation_policy.h"
#include "host/package_judge.h"
#include "host/rescan_pace.h"
#include "host/sensor_memory.h"
#include "host/watch.h"
#include "host/watch_settler.h"

namespace kedge {

// A tree and what it should be.
struct SensorRoot {
  std::string path;                              // absolute, as it is told
  std::string as = "/";                          // where it lies in its own system: "/", "/usr"; `path` ends with it
  std::shared_ptr<const ReadManifest> baseline;  // of the tree; never null
  std::vector<std::string> exclude;              // further patterns, as ScanOptions has them
  std::vector<std::string> signed_by;            // the keys whose signatures were verified
};

struct SensorOptions {
  enum class Watch : uint8_t { best, inotify, fanotify };

  std::string host;
  std::vector<SensorRoot> roots;       // none within another
  std::vector<std::string> unwatched;  // absolute: the sensor's own directory
  Watch watch = Watch::best;
  int wake = -1;  // turn() returns, too, when this descriptor can be read; not owned, nor read
  Settler::Options settle;
  RescanPace::Options rescan;
  Duration heartbeat = std::chrono::minutes(1);
  Duration packages_wait =
      std::chrono::minutes(10);    // how long dpkg may be at work before its files count; 0: not asked
  size_t differing_max = 200'000;  // entries that differ, and are kept in memory; and as many that wait for dpkg
  MutationPolicy policy;
};

class Sensor {
 public:
  // Takes each event at once; it must not fail, and what it cannot deliver is its own to remember.
  using Emit = std::function<void(HostEvent)>;

  // Watches already; nothing is read yet. Tells "sensor.started". `memory` is given what its events have told after
  // they were emitted, and has what a former one has given it.
  static Result<std::unique_ptr<Sensor>> open(SensorOptions options, Clock& clock, Random& random, Emit emit,
                                              const SensorMemory& memory = {});
  ~Sensor();
  Sensor(const Sensor&) = delete;
  Sensor& operator=(const Sensor&) = delete;

  // Waits for something to do, at most `timeout`, and does a bounded part of it.
  Result<void> turn(Duration timeout);

  // Tells at its end what it has kept back to tell it together.
  void finish() { tell_upgrades(); }

  bool has_read_all() const { return read_all_; }  // the first round is over
  std::string_view watcher() const;

  size_t differing() const;  // entries that are not as the baseline has them

 private:
  struct Root;
  // Why something is looked at.
  struct Reason {
    FoundBy found_by = FoundBy::rescan;
    const PathLook* look = nullptr;
  };
  struct Judged {
    size_t entries = 0;
    size_t mutations = 0;
  };

  struct Upgrade {
    std::vector<std::string> paths;
    std::vector<SensorMemory::Fact> facts;  // to be remembered when it is told
  };

  Sensor(SensorOptions options, Clock& clock, Random& random, Emit emit, const SensorMemory& memory);
  void recall(Root& root, const SensorMemory::Facts& earlier);
  void remember(const Root& root, const Mutation& mutation);

  Result<void> open_watcher();
  Result<void> reopen_watcher(const Error& why);
  Duration wait(Duration timeout) const;
  void take(Notices notices);
  void tell_lost(const std::string& path, std::string_view reason, const std::string& why);
  bool is_lost(const std::string& path, const std::string& reason) const;
  bool is_over(const std::string& path, std::string_view reason, const PathLook& look,
               const std::vector<BlindSpot>& blind) const;
  void tell_recovered(const PathLook& look, const Judged& judged);
  void look_at(const PathLook& look);
  Judged examine(Root& root, ScanPart part, const Reason& reason, int depth = 0);
  size_t judge(Root& root, std::vector<Mutation> mutations, const Reason& reason);
  std::vector<PackageJudge::Verdict> verdicts_of(const Root& root, const std::vector<Mutation>& mutations);
  bool is_compiled_anew(Root& root, const Mutation& mutation, FoundBy found_by);
  bool is_held(const Root& root, const Mutation& mutation, const Meaning& meaning, const std::string& owner);
  void tell(const Root& root, const Mutation& mutation, MutationContext context, const Reason& reason);
  void note_upgrade(const Root& root, const std::string& package, const Mutation& mutation);
  void tell_upgrades();
  void look_at_held_again();
  Result<void> look_for_roots();
  Result<void> rescan_some();
  void read_again(const Root& root);
  void begin_round();
  void beat();
  Json state() const;
  Root* root_of(const std::string& path);
  Meaning meaning_of(const Root& root, const Mutation& mutation) const;
  const FileState* known(const Root& root, bool trusts, const std::string& path, const FileIdentity&, uint64_t size,
                         FileTime mtime) const;

  // Constant after construction.
  const SensorOptions options_;
  Clock& clock_;
  Random& random_;
  const Emit emit_;
  const SensorMemory::Remember remember_;

  std::vector<std::unique_ptr<Root>> roots_;
  std::unique_ptr<TreeWatcher> watcher_;
  std::unique_ptr<Settler> settler_;
  RescanPace pace_;
  size_t round_root_ = 0;                    // the root that the rescan is at, and
  std::optional<std::string> round_cursor_;  // the directory of it that it has done; none: not the first yet
  bool read_all_ = false;

  std::map<std::string, std::set<std::string>> lost_;  // path → reasons, until it is read again
  std::map<std::string, Duration> held_;               // paths that dpkg may be at work on, and since when
  Duration next_held_{};
  Duration next_search_{};
  std::map<std::pair<std::string, std::string>, Upgrade> upgrades_;  // by root and package
  Duration next_upgrades_{};
  Duration next_beat_{};
  size_t rounds_ = 0;
  size_t faults_ = 0;  // of the round: what could not be read
  size_t untold_ = 0;  // mutations beyond differing_max
};

}  // namespace kedge
