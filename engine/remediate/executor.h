// Executor: carries remediations from planned to their end.
//
// Workers take turns of one remediation at a time with plain blocking calls. A turn is an observation, an attempt, or a
// commit. One worker that is free leads: it waits for what commits make runnable, for timers and for jobs that come
// back, hands the lead to the next free one as soon as it has a job, and does that job itself, so that no job changes
// threads on its way to its first call (Schmidt et al., "Leader/Followers", 2000). Two remediations that touch the same
// key never run at once; a turn goes out only when its endpoint (service, account, region) has a free place, so a
// region that hangs holds up nobody else. A wait is an entry in the timer heap, never a sleeping thread.
//
// The protocol is in course.h, who is next in schedule.h, what is done in worker.h. Nothing is written to the world
// before its attempt is durable, and every write goes through a gate (gated_client.h) that asks again whether effects
// are stopped.
//
// Ownership:  owns its threads; borrows everything that it is given, which must outlive it.
// Threads:    start and stop from one thread; figures from any.
// Recovery:   start() is given what is unfinished in the ledger: each is observed before anything else, or when its row
//             says. They are read one by one as places get free, so that a start after a storm is neither slow nor a
//             storm itself.
// Memory:     what is due later than ExecutorOptions::in_hand lies in the ledger alone. Who leads looks there for what
//             comes near, six times in such a span.
#pragma once

#include <atomic>
#include <vector>

#include "base/pulse.h"
#include "base/thread.h"
#include "base/waiting.h"
#include "remediate/options.h"
#include "remediate/schedule.h"
#include "remediate/worker.h"

namespace kedge {

class Executor {
 public:
  using Options = ExecutorOptions;
  using Edges = ExecutorEdges;

  // `effects_stopped` says why nothing may be written now (pause, not alone, no room, the clock, shutdown: app knows).
  // It is asked before every single write.
  Executor(Edges, Options);
  ~Executor();
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  // `open`: what is unfinished, up to what is due within ExecutorOptions::in_hand.
  void start(const std::vector<LedgerReader::Unfinished>& open);

  // Begins nothing new, lets what runs finish until `deadline` from now, then cancels its calls. What was not finished
  // stays open in the ledger and is observed at the next start.
  void stop(Duration deadline);

  struct Figures {
    int64_t turns = 0;     // taken since the start
    int64_t open = 0;      // remediations in hand
    int64_t running = 0;   // of them, with a worker now
    int64_t waiting = 0;   // of them, for a timer that is near
    int64_t attempts = 0;  // carried out since the start
    int64_t writes = 0;    // sent since the start
    std::vector<OpenBreaker> open_breakers;
    int64_t breakers_opened = 0;  // since the start
  };
  Figures figures() const;

  // Of the one who leads.
  const Pulse& pulse() const { return pulse_; }

 private:
  struct Returned {
    std::unique_ptr<Job> job;
    Worker::Rest rest;
  };
  void work();
  std::unique_ptr<Job> next_job();
  std::unique_ptr<Job> lead(Schedule&);
  void arrived(Schedule&, Remediation);
  void rest(Schedule&, const LedgerReader::Unfinished&);
  void take_up_what_comes_near(Schedule&);
  void place(Schedule&, Returned);

  // Constant after construction.
  const Edges edges_;
  const Options options_;

  // Provide their own synchronization.
  WritePlaces write_places_;
  Worker worker_;
  Mailbox<std::unique_ptr<Schedule>> lead_;  // whoever took it leads
  Mailbox<Returned> coming_back_;
  Mailbox<bool> all_are_back_;
  std::atomic<bool> stopping_{false};
  std::atomic<size_t> open_{0};
  std::atomic<size_t> running_{0};
  std::atomic<size_t> waiting_{0};
  Pulse pulse_;

  Duration look_at_{};  // when the ledger is looked into for what comes near; of the one who leads

  std::vector<Thread> threads_;
};

}  // namespace kedge
