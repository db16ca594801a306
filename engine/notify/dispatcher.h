// Dispatcher: decides which notice goes out now, and what becomes of it after each try. It has no thread, no clock and
// no I/O: the outbox's follower gives it what it needs and does what it says.
//
// A channel sends one notice at a time, oldest first, at its pace. When one fails, the whole channel waits (it would
// fail for the next one too), longer at each failure; a notice that fails while others pass waits longer by itself. A
// notice is given up when it fails for good, when its channel is gone or unknown, or when it is older than
// RetrySchedule::give_up_after and fails still. A channel that is gone stays so until the process is started again,
// and all others hear of it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/time.h"
#include "ledger/change.h"
#include "notify/notifier.h"
#include "notify/pace.h"
#include "notify/retry_schedule.h"

namespace kedge {

// Since the start of the process.
struct ChannelFigures {
  int64_t delivered = 0;
  int64_t retried = 0;  // tries that failed and will be repeated
  int64_t given_up = 0;
  int failing = 0;   // tries that failed since the last success
  std::string gone;  // not empty: nothing is sent any more, and why

  bool operator==(const ChannelFigures&) const = default;
};

// One thread. Borrows Random.
class Dispatcher {
 public:
  struct Moment {
    Time now;          // ledger time: what dues are compared with
    Duration elapsed;  // Clock::elapsed: what paces and waits are measured with
  };
  struct Round {
    std::vector<Notice> send;      // at most one for each channel, which is busy until `finish`
    std::vector<Change> changes;   // given up without a try, or put off because too many wait
    std::optional<Duration> wait;  // how long until a due notice that may not go now may go
  };

  Dispatcher(const std::map<std::string, PaceLimits>& channels, Random& random, RetrySchedule schedule);

  // `due`: what is due, oldest first; it may hold what is being sent.
  Round round(const std::vector<Notice>& due, Moment moment);

  // A try ended: what the ledger is to be told.
  std::vector<Change> finish(const Notice& notice, const Delivery& delivery, Moment moment);

  const std::map<std::string, ChannelFigures>& figures() const { return figures_; }

 private:
  struct State {
    PaceLimits limits;
    Pace pace;
    std::optional<int64_t> sending;  // the number of the notice on its way
    Duration not_before{0};
    std::string last_error;
  };

  std::optional<std::string> reason_to_give_up(const Notice&, Time now) const;
  Change give_up(const Notice&, std::string why);
  Change put_off(const Notice&, const State&, int place, Moment) const;
  Change retry(const Notice&, const Delivery&, State&, Moment);
  RaiseAlarm alarm_about(const std::string& channel) const;

  Random& random_;
  const RetrySchedule schedule_;
  std::map<std::string, State> channels_;
  std::map<std::string, ChannelFigures> figures_;
};

}  // namespace kedge
