// SensorRun: one sensor of a host with its memory, its spool and the way of its events out of it, from a start until it
// ends. Where events go is whoever's it is: Kafka (`kedge sensor`), or the lanes of an engine (a source of `kedge
// run`).
//
// What it tells is on the disk, synced, before it is sent, and stays there until it was delivered.
//
// Threads:   one calls; the sender's thread calls `deliver`.
// Ownership: owns its directory (a lock); borrows clock and random, which must outlive it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/event_sender.h"
#include "agent/fact_file.h"
#include "agent/spool.h"
#include "base/clock.h"
#include "base/lock_file.h"
#include "base/random.h"
#include "base/result.h"
#include "host/port_watch.h"
#include "host/process_watch.h"
#include "host/sensor.h"

namespace kedge {

struct SensorRunOptions {
  std::string data;  // its own directory: lock, spool, memory
  SensorOptions sensor;
  std::optional<PortWatch::Options> ports;  // none: they are not looked at
  std::optional<ProcessWatch::Options> processes;
  SpoolIndex::Options spool;
};

class SensorRun {
 public:
  // Takes the directory, which is made where it is not there, and reads what an earlier run has left in it. Nothing is
  // watched or delivered yet. `options` must outlive it.
  static Result<std::unique_ptr<SensorRun>> open(const SensorRunOptions& options, Clock& clock, Random& random);

  // Delivers what waits, and watches: tells "sensor.started". An error where nothing can be watched; the run is over
  // then. `line`: how, but for `announce`, which is the run's own. `wake`: a descriptor that ends turn() early when it
  // can be read.
  Result<void> start(EventSender::Line line, int wake);

  // Waits for something to do, at most two seconds, and does a bounded part of it. An error: nothing can be watched any
  // more.
  Result<void> turn();

  // Tells "sensor.stopped", and delivers what waits, for at most `patience`: the rest is in the spool. Call it once.
  void end(const std::string& reason, Duration patience);

  // How it stands, once it was started.
  struct Status {
    bool has_read_all = false;
    size_t differing = 0;  // entries that are not as the baselines have them
    Spool::Status spool;
    std::optional<std::string> trouble;  // why nothing is delivered
  };
  Status status() const;

  std::string roots() const;                                       // "/usr, /srv/web"
  std::string_view watcher() const { return sensor_->watcher(); }  // "fanotify"

 private:
  SensorRun(const SensorRunOptions& options, Clock& clock, Random& random);

  Result<void> open_ports();
  void open_processes();
  bool is_in_baseline(const Digest& digest) const;
  Duration patience();
  void take(HostEvent event);
  std::string numbered(HostEvent event);
  void keep();
  void remember(const std::vector<SensorMemory::Fact>& facts);
  std::string announced(const SpoolSummary& summary);

  // Constant after construction.
  const SensorRunOptions& options_;
  Clock& clock_;
  Random& random_;
  const std::string run_;

  std::unique_ptr<LockFile> lock_;
  std::unique_ptr<Spool> spool_;
  std::unique_ptr<FactFile> memory_;
  std::unique_ptr<EventSender> sender_;
  std::unique_ptr<Sensor> sensor_;
  std::unique_ptr<PortWatch> ports_;
  std::unique_ptr<ProcessWatch> processes_;
  uint64_t sequence_ = 0;
  std::vector<std::string> waiting_;         // to be written to the spool, and then
  std::vector<SensorMemory::Fact> learned_;  // to the memory
};

}  // namespace kedge
