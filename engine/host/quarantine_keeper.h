// QuarantineKeeper: sees to it that what is isolated stays so, and ends in time: at the start, every few seconds, and
// whenever the kernel tells that a ruleset was changed. Once start() has returned what is kept to stand does.
//
// Ownership:  owns its thread; borrows the quarantines and the clock, which must outlive it.
// Threads:    start and stop from one thread. `tell` is called from start(), and then from the keeper's own thread.
// Failure:    where changes cannot be listened to, what was changed is seen at the next look.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/descriptor.h"
#include "base/thread.h"
#include "host/nftables.h"
#include "host/quarantines.h"

namespace kedge {

class QuarantineKeeper {
 public:
  struct Options {
    Duration every = std::chrono::seconds(5);
    Duration tell_again = std::chrono::minutes(5);  // the same of the same remediation is told no oftener
  };
  QuarantineKeeper(Quarantines& quarantines, Clock& clock, Options options,
                   std::function<void(const QuarantineNews&)> tell);
  ~QuarantineKeeper();
  QuarantineKeeper(const QuarantineKeeper&) = delete;
  QuarantineKeeper& operator=(const QuarantineKeeper&) = delete;

  Result<void> start();
  void stop();

 private:
  void look();
  void keep();
  bool wait();  // false: to stop
  void tell(const QuarantineNews&);

  struct Told {
    Duration at{};
    int more = 0;  // not told since
  };

  Quarantines& quarantines_;
  Clock& clock_;
  const Options options_;
  const std::function<void(const QuarantineNews&)> tell_;
  Descriptor stop_;
  std::unique_ptr<NftMonitor> monitor_;
  std::map<std::string, Told> told_;  // the thread's own, once there is one
  Thread thread_;
};

}  // namespace kedge
