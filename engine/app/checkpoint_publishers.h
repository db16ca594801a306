// CheckpointPublishers: all places that a running engine keeps its audit log's checkpoints at, and what there is to say
// of those that lag behind. Effects never stop for one.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ledger/change.h"
#include "pipeline/checkpoint_places.h"
#include "pipeline/checkpoint_publisher.h"

namespace kedge {

// Owns the publishers; borrows the rest, which must outlive it. One thread, but for what is said to be for any.
class CheckpointPublishers {
 public:
  struct Edges {
    HttpClient& http;
    Clock& clock;
    Random& random;
  };

  // Errors begin with the setting that they are about.
  static Result<std::unique_ptr<CheckpointPublishers>> start(const std::vector<CheckpointPlaceOptions>& places,
                                                             const CheckpointPublisher::Newest& newest,
                                                             const Edges& edges);

  // Brings the newest checkpoint to all, once, within `patience`. False: a place holds its thread, and the process
  // should end by _exit.
  bool stop(Duration patience);

  // What people are to hear of: a place that has lagged behind for too long, once each time.
  std::vector<RaiseAlarm> alarms();

  // Any thread. The places that have lagged behind for too long, in words.
  std::vector<std::string> lagging() const;
  struct PlaceStatus {
    std::string name;
    CheckpointPublisher::Status status;
  };
  std::vector<PlaceStatus> status() const;

 private:
  struct Place {
    std::string name;
    Duration alarm_after;
    std::unique_ptr<CheckpointPublisher> publisher;
    bool alarmed = false;
  };

  CheckpointPublishers() = default;

  std::vector<Place> places_;  // constant after the start, but for what is alarmed
  Clock* clock_ = nullptr;
};

}  // namespace kedge
