// ProcessWatch: looks at the running processes, one after another, and tells what about them is a sign of somebody's
// hand (ProcessSigns), and which need a restart after an upgrade (ProcessJudge).
//
// The work is constant and bounded: in `every`, jittering by a tenth, each process is looked at once, spread evenly; of
// the files that are to be judged at most `bytes_max` are read in a round. A process that vanishes is none of a round.
// What several processes show alike is told once, with the first of them, and once more when none shows it any more.
//
// Threads: one calls. Errors: none; what cannot be seen is not in it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "host/host_event.h"
#include "host/process_judge.h"
#include "host/process_signs.h"
#include "host/rescan_pace.h"
#include "host/sensor_memory.h"
#include "host/watch_actor.h"

namespace kedge {

class ProcessWatch {
 public:
  struct Options {
    std::string host;
    Duration every = std::chrono::seconds(30);
    std::vector<MeaningOfSigns> policy = {};
    std::vector<std::string> open_places = default_open_places();
    std::string system = "/";                           // below it lie dpkg's records and ld.so.preload
    Duration packages_wait = std::chrono::minutes(10);  // as the sensor's; 0: dpkg's records are not asked
    size_t bytes_max = 64U << 20U;                      // that are read of files in a round
    size_t file_bytes_max = 512U << 20U;                // larger ones are not read
    size_t told_max = 1'000;                            // signs that are kept in memory
  };
  using Emit = std::function<void(HostEvent)>;  // as the sensor's

  // `remember` gets what its events have told, after they were emitted. `earlier`: what a former one has given so.
  ProcessWatch(Options options, Clock& clock, Random& random, IsKnownContent is_known, Emit emit,
               SensorMemory::Remember remember, const SensorMemory::Facts& earlier);
  ProcessWatch(const ProcessWatch&) = delete;
  ProcessWatch& operator=(const ProcessWatch&) = delete;

  // Looks at those whose time it is: a bounded part.
  void turn();
  Duration next() const;                     // when it is, by the clock's elapsed()
  size_t rounds() const { return rounds_; }  // that are over

  // For a heartbeat.
  Json state() const;

 private:
  // What shows a sign in this round.
  struct Seen {
    ProcessSign sign;
    std::vector<Process> first;  // the first of them
    size_t count = 0;
    Process last;  // that was started last
  };
  using AllSeen = std::map<std::string, Seen>;

  void begin_round();
  void look_at(pid_t number);
  void note(ProcessSign sign, const Process& process);
  void look_at_preload_file();
  void end_round();
  bool waits_for_dpkg();
  std::vector<AllSeen::const_iterator> to_be_judged();
  void judge(const std::vector<AllSeen::const_iterator>& found);
  void tell(const std::string& key, const Seen& seen, const ProcessJudge::Verdict& verdict, const Meaning& meaning);
  void tell_restarts();
  void tell_gone();
  Json processes_json(const Seen& seen);
  void learn(const std::string& key, Json value);
  void forget(const std::string& key);
  Time started_at(const Process& process) const;
  FoundBy found_by() const { return rounds_ == 0 ? FoundBy::start : FoundBy::rescan; }

  // Constant after construction.
  const Options options_;
  Clock& clock_;
  Random& random_;
  const Emit emit_;
  const SensorMemory::Remember remember_;
  const ProcessJudge judge_;
  const IsKnownContent is_known_;
  const uint64_t own_mounts_;  // the namespace in which paths mean what they mean to us

  RescanPace pace_;
  std::vector<pid_t> numbers_;  // of this round
  size_t at_ = 0;
  AllSeen seen_;                                              // in this round
  std::map<std::string, Json> known_;                         // by the sign's key, what was told of it
  std::map<std::string, size_t> absent_;                      // for how many rounds nobody has shown what is known
  std::map<std::string, std::vector<std::string>> restarts_;  // by package, keys: to be told together
  Actors actors_;
  std::optional<Duration> held_since_;  // what may be dpkg's work waits for it to be done
  size_t rounds_ = 0;
  size_t untold_ = 0;
};

}  // namespace kedge
