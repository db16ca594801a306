// Committer: the only writer of the ledger.
//
// There is one pen, and whoever holds it writes: it takes all Changes that wait, has the ledger apply them as one group
// with one sync, and answers each. Who commits while nobody writes or waits takes the pen and writes itself, which
// saves two changes of thread just where somebody waits (Hendler et al., "Flat combining", 2010). For all others, and
// for what is submitted, the committer's thread writes.
//
// A Change that is more than one commit should do goes on by itself, a part with each of the groups that follow, and
// others get their turn between. At the end what a person lets go on goes on until all of it has; what the next start
// finds again by itself is left to that.
//
// What a commit makes runnable goes, after the sync, to the executor's mailbox: nobody can act on what is not durable.
// Of notices only word goes, to whoever follows the outbox.
//
// Ownership:  owns its thread; borrows the ledger, which must outlive it.
// Threads:    submit and commit may be called from any thread. One thread's Changes are applied in its order.
// Failure:    on a final answer the committer stops taking Changes, answers every later one with final, and says so
//             through `failed`. On no_room it answers no_room and goes on: the next group is a new try.
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/pulse.h"
#include "base/thread.h"
#include "base/waiting.h"
#include "ledger/ledger.h"

namespace kedge {

class Committer {
 public:
  struct Options {
    size_t group_max = 512;                              // Changes of one group
    size_t waiting_max = 10'000;                         // Changes that may wait; above it submit waits too
    Duration answer_timeout = std::chrono::seconds(60);  // of commit, where another thread writes
    Mailbox<bool>* noticed = nullptr;  // gets an item when there are new notices, unless one lies there; borrowed
  };

  // `runnable` receives what commits make runnable.
  Committer(Ledger& ledger, Mailbox<Remediation>& runnable, Options options);
  ~Committer();  // commits what waits, then ends
  Committer(const Committer&) = delete;
  Committer& operator=(const Committer&) = delete;

  // Hands a Change over; the answer comes later.
  Reply<Answer> submit(Change change);
  // Returns with the answer; where another thread writes, unknown after Options::answer_timeout. What the caller itself
  // writes takes as long as the disk does.
  Answer commit(Change change);

  // The number of the last durable record. Never behind what was sent to `runnable`.
  int64_t head() const { return head_.load(); }

  // How often exceptions were added or revoked, and pauses: what was read of them is good for as long as this stays the
  // same.
  uint64_t exceptions_version() const { return exceptions_version_.load(); }
  uint64_t pauses_version() const { return pauses_version_.load(); }

  // Ledger time.
  Time now() const { return ledger_.now(); }
  std::optional<Duration> clock_doubt() const { return ledger_.clock_doubt(); }
  Time time_of_day() const { return ledger_.time_of_day(); }

  // The first final answer's error, once there was one.
  std::optional<Error> failed() const;
  // True since a no_room answer until a group is written again.
  bool no_room() const { return no_room_.load(); }

  struct Figures {
    int64_t groups = 0;
    int64_t changes = 0;
    int64_t micros = 0;  // spent in apply, syncs included
  };
  Figures figures() const;

  const Pulse& pulse() const { return pulse_; }

  // Commits what waits, then ends; what is submitted later is refused.
  void stop();

 private:
  struct Waiting {
    Change change;
    Reply<Answer>::Promise promise;
    bool goes_on = false;  // a FollowUp
  };
  struct Pen {
    std::deque<Remediation> to_hand_on;  // for which the executor's mailbox had no room yet
    std::deque<FollowUp> to_go_on;       // what commits left to later ones; a part of it at a time
  };
  void run();
  Pen take_pen();
  std::optional<Answer> write_at_once(Change& change);
  // What throws here leaves a group half done, whoever's thread it is: then nobody goes on.
  void write(Pen&, std::vector<Waiting> group) noexcept;
  void note(const std::vector<Change>& changes, const std::vector<Answer>& answers);
  void hand_on(Pen&);
  std::vector<Waiting> next_group(Pen&);

  // Constant after construction.
  Ledger& ledger_;
  Mailbox<Remediation>& runnable_;
  const Options options_;

  // Provide their own synchronization.
  Mailbox<Waiting> waiting_;  // only who holds the pen takes from it
  Mailbox<Pen> pen_{1};
  std::atomic<int64_t> head_{0};
  std::atomic<uint64_t> exceptions_version_{0};
  std::atomic<uint64_t> pauses_version_{0};
  std::atomic<bool> no_room_{false};
  std::atomic<int64_t> groups_{0};
  std::atomic<int64_t> changes_{0};
  std::atomic<int64_t> micros_{0};
  Pulse pulse_;  // of who holds the pen

  // Guarded by mutex_.
  mutable std::mutex mutex_;
  std::optional<Error> failed_;

  Thread thread_;
};

}  // namespace kedge
