// SpooledEvents: what a sensor has told, read from its spool while no broker takes it.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "host/host_event.h"

namespace kedge {

// One thread calls. The sensor may write meanwhile, be killed, and be started again.
class SpooledEvents {
 public:
  explicit SpooledEvents(std::string directory) : directory_(std::move(directory)) {}

  // Reads on until one has come that is wanted, of those that nobody has waited past. False: the time is over.
  bool wait_for(const std::function<bool(const HostEvent&)>& wanted,
                std::chrono::seconds timeout = std::chrono::seconds(300));

  const std::vector<HostEvent>& all() const { return events_; }
  size_t count(const std::function<bool(const HostEvent&)>& wanted) const;

 private:
  void read_more();

  const std::string directory_;
  std::map<std::string, size_t> read_;  // segment → bytes of it
  std::vector<HostEvent> events_;
  size_t passed_ = 0;
};

}  // namespace kedge
