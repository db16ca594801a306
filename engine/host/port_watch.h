// PortWatch: looks at what listens on a host again and again, and tells what is opened, closed or taken (KnownPorts).
//
// The work is constant: each look asks the kernel four questions, whose answers do not grow with connections; who holds
// a socket is asked of /proc for new ones alone. When it looks is not to be guessed: intervals jitter by a tenth. What
// is open for less than an interval is missed. It sees the network namespace in which it was opened.
//
// Threads: one calls. Errors: a look that fails is told once ("sensor.lost"), and when it goes well again.
#pragma once

#include <memory>
#include <set>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "host/host_event.h"
#include "host/known_ports.h"
#include "host/sensor_memory.h"
#include "host/sockets.h"
#include "host/watch_actor.h"

namespace kedge {

class PortWatch {
 public:
  struct Options {
    std::string host;
    Duration every = std::chrono::seconds(1);
    KnownPorts::Options known = {};
    std::vector<MeaningOfPorts> policy = {};
  };
  using Emit = std::function<void(HostEvent)>;  // as the sensor's

  // `remember` gets what its events have told, after they were emitted. An error where the kernel gives no list.
  static Result<std::unique_ptr<PortWatch>> open(Options options, Clock& clock, Random& random, Emit emit,
                                                 SensorMemory::Remember remember, const SensorMemory::Facts& earlier);
  PortWatch(const PortWatch&) = delete;
  PortWatch& operator=(const PortWatch&) = delete;

  // Looks, if it is time to.
  void turn();
  Duration next() const { return next_; }  // when it is, by the clock's elapsed()

  // For a heartbeat.
  Json state() const;

 private:
  PortWatch(Options options, SocketTable table, Clock& clock, Random& random, Emit emit,
            SensorMemory::Remember remember, const SensorMemory::Facts& earlier);

  void tell(const PortChange&, const std::vector<Socket>& sockets);
  void tell_failure(const Error*);
  KnownPorts::Programs ask(const std::set<uint64_t>& inodes);

  // Constant after construction.
  const Options options_;
  Clock& clock_;
  Random& random_;
  const Emit emit_;
  const SensorMemory::Remember remember_;

  SocketTable table_;
  KnownPorts known_;
  Actors actors_;
  std::map<uint64_t, std::vector<pid_t>> holders_;  // of the sockets that were new in this look
  Duration next_{};
  bool has_looked_ = false;
  bool fails_ = false;
};

// The range of ports that the kernel gives to clients, as /proc/sys tells it; the kernel's own default where it does
// not.
std::pair<uint16_t, uint16_t> clients_ports();

}  // namespace kedge
