// EventSender: takes what lies in a spool to whoever takes it (Kafka, or an engine's lanes), in its order, until each
// event is acknowledged.
//
// While nobody takes any it tries again, a second later at first, then less often, at last every half minute. What will
// never be taken (it is too large) goes to the spool's summary, and what follows goes on. The summary goes first, when
// there is one: it is about what was older than all that is left.
//
// A connection costs by being there: between two tries, and when there was nothing to send for some seconds, what
// delivers is told to let go of it.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "agent/spool.h"
#include "base/result.h"
#include "base/thread.h"
#include "base/time.h"
#include "base/waiting.h"

namespace kedge {

class EventSender {
 public:
  // How many of the first were taken, and why not the next: as TopicWriter::Written.
  struct Delivered {
    size_t events = 0;
    std::optional<Error> error;
  };
  using Deliver = std::function<Delivered(const std::vector<std::string>& events, std::stop_token stop)>;
  // The event that carries a summary.
  using Announce = std::function<std::string(const SpoolSummary&)>;
  // How much is delivered at once.
  struct Portion {
    size_t events = 500;
    size_t bytes = 1U << 20U;
  };

  // All are called by the sender's thread alone.
  struct Line {
    Deliver deliver;
    Announce announce;
    std::function<void()> rest = [] {};         // there need be no connection until `deliver` is called again
    Duration linger = std::chrono::seconds(2);  // with nothing to send, until `rest` is called
    Portion portion = {};
  };

  // The spool outlives it.
  EventSender(Spool& spool, Line line);
  ~EventSender();
  EventSender(const EventSender&) = delete;
  EventSender& operator=(const EventSender&) = delete;

  // Any thread: there is something to send.
  void wake() { woken_.try_put(true); }

  // Ends the thread when all is sent, or when `patience` is over: what is left is in the spool.
  void stop(Duration patience);

  // Why nothing is sent; none: all goes well.
  std::optional<std::string> trouble() const;

 private:
  void run();
  void wait_for_more();
  Result<bool> send_some(const std::stop_token& stop);  // whether there may be more to send at once
  Result<void> send_summary(const std::stop_token& stop);
  void note(const std::optional<std::string>& trouble);

  // Constant after construction.
  Spool& spool_;
  const Line line_;

  // Provide their own synchronization.
  Mailbox<bool> woken_{1};
  std::stop_source stop_;
  std::atomic<bool> ends_when_empty_ = false;
  Mailbox<bool> over_{1};

  mutable std::mutex mutex_;
  std::optional<std::string> trouble_;  // guarded by mutex_

  Thread thread_;
};

}  // namespace kedge
