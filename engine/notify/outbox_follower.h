// OutboxFollower: the loop that takes notices from the ledger's outbox to their channels and reports what became of
// them. A notice goes out at least once: after a crash between an answer and its record it goes again, with the same
// id.
//
// Ownership:  owns its channels and threads (one that schedules, one for each channel, so that a receiver that hangs
//             holds up nobody else); borrows the rest, which must outlive it.
// Threads:    start and stop from one thread; figures from any.
// Failure:    what the ledger has no room for is kept and reported again before anything else is read; meanwhile the
//             notice is not sent again. After a final answer of the ledger nothing more is sent.
#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/pulse.h"
#include "base/random.h"
#include "base/waiting.h"
#include "ledger/committer.h"
#include "ledger/ledger.h"
#include "notify/channel.h"
#include "notify/dispatcher.h"

namespace kedge {

class OutboxFollower {
 public:
  struct Options {
    RetrySchedule schedule;
    size_t window = 1000;                                 // due notices that are looked at at once
    Duration look_again = std::chrono::seconds(5);        // at the latest, though no commit gave word
    Duration try_again = std::chrono::milliseconds(200);  // when the ledger could not be read or written
  };

  // `noticed`: where the committer gives word of new notices (Committer::Options::noticed).
  OutboxFollower(LedgerReader& reader, Committer& committer, Mailbox<bool>& noticed, Clock& clock, Random& random,
                 std::vector<Channel> channels, Options options);
  ~OutboxFollower();  // stops
  OutboxFollower(const OutboxFollower&) = delete;
  OutboxFollower& operator=(const OutboxFollower&) = delete;

  void start();
  // Cuts short what is on its way; what was answered is recorded, the rest goes out after the next start.
  void stop();

  std::map<std::string, ChannelFigures> figures() const;

  // Of the thread that schedules. It waits for no receiver: a delivery may take its channel's whole timeout, or longer.
  const Pulse& pulse() const { return pulse_; }

 private:
  struct Finished {
    Notice notice;
    Delivery delivery;
  };
  struct Worker {
    explicit Worker(Channel owned) : channel(std::move(owned)) {}
    Channel channel;
    Mailbox<Notice> inbox{1};
    std::thread thread;
  };

  void run();
  void run(Worker& worker);
  Duration turn();
  Duration time_to_next(const Dispatcher::Round& round);
  void settle(std::vector<Finished> finished);
  bool record();
  std::vector<std::optional<Answer>> ask_ledger(const std::vector<Change>& changes);
  Dispatcher::Moment moment();

  // Constant after construction.
  LedgerReader& reader_;
  Committer& committer_;
  Mailbox<bool>& noticed_;  // all waiting is here: a worker that has finished wakes it
  Clock& clock_;
  const Options options_;

  // Provide their own synchronization.
  Mailbox<Finished> finished_;
  std::atomic<bool> stopping_ = false;
  std::stop_source cancel_;
  Pulse pulse_;

  // The scheduling thread's.
  Dispatcher dispatcher_;
  std::vector<Change> unrecorded_;  // what the ledger is still to be told
  std::set<int64_t> settled_;       // the notices that this is about: not to be sent again

  // Guarded by mutex_.
  mutable std::mutex mutex_;
  std::map<std::string, ChannelFigures> figures_;

  std::map<std::string, Worker> workers_;
  std::thread thread_;
};

}  // namespace kedge
