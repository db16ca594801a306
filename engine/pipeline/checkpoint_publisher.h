// CheckpointPublisher: the loop that sees to it that one place outside of the audit log has its newest checkpoint.
//
// The newest is what counts, for it vouches for all before it: whatever came between two looks, or while the place was
// away, is passed over. So it is the same work however fast the log grows. After a start, and once a day, the place is
// told again what it may have already: repetition is harmless, and shows that the publisher lives.
//
// Ownership:  owns the place and its thread; borrows the rest, which must outlive it.
// Threads:    start and stop from one thread; status from any. Nobody waits for a place but its own publisher.
// Failure:    a place that fails is tried again for ever, each time after a longer wait, of full jitter; what it lacks
//             stands in the status. Effects never wait for it, nor does the log.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "base/random.h"
#include "base/thread.h"
#include "base/waiting.h"
#include "notify/retry_schedule.h"
#include "pipeline/checkpoint_place.h"

namespace kedge {

class CheckpointPublisher {
 public:
  struct Options {
    std::string name;  // the place's, for the log
    Duration every = std::chrono::seconds(10);
    Duration repeat_after = std::chrono::hours(24);
    RetrySchedule schedule{std::chrono::seconds(1), std::chrono::minutes(5), std::chrono::hours(1)};
  };

  struct Status {
    std::optional<uint64_t> size;      // of the checkpoint that the place took last; none: none since the start
    std::optional<Time> published_at;  // when it did, by the wall clock
    Duration behind_for{};             // how long it has not had the newest; zero: it has
    uint64_t publications = 0;
    uint64_t failures = 0;
    std::string trouble;  // why the last try failed; empty: it did not
  };

  // `newest`: what the log shows now; called by the publisher's thread.
  using Newest = std::function<std::optional<PublishedCheckpoint>()>;

  CheckpointPublisher(std::unique_ptr<CheckpointPlace> place, Newest newest, Clock& clock, Random& random,
                      Options options);
  ~CheckpointPublisher();  // ends what is under way, and waits for it
  CheckpointPublisher(const CheckpointPublisher&) = delete;
  CheckpointPublisher& operator=(const CheckpointPublisher&) = delete;

  void start();

  // What stop() begins with, without waiting.
  void ask_to_stop() { stopping_.close(); }
  // Tries once to bring the newest checkpoint there, within `patience`, and ends. False: the place did not let go of
  // the thread soon after that; the process should end by _exit.
  bool stop(Duration patience);

  // One look. Returns how long there is nothing to do. Called by the thread, or by a test instead.
  Duration turn();

  const std::string& name() const { return options_.name; }
  Status status() const;

 private:
  void run();
  bool is_due(const PublishedCheckpoint& newest, Duration now);
  void publish(const PublishedCheckpoint& newest);
  void note(const PublishedCheckpoint& checkpoint, const Delivery& delivery);

  // Constant after construction.
  const Newest newest_;
  Clock& clock_;
  Random& random_;
  const Options options_;

  // Provide their own synchronization.
  Mailbox<bool> stopping_{1};  // closed by stop
  Mailbox<bool> ended_{1};     // closed by the thread
  std::stop_source cancel_;

  // The loop's own.
  std::unique_ptr<CheckpointPlace> place_;
  std::string published_;         // the note that the place took last
  Duration published_elapsed_{};  // on Clock::elapsed
  Duration not_before_{};         // on Clock::elapsed
  int failing_ = 0;               // tries that failed since the last success

  // Guarded by mutex_.
  mutable std::mutex mutex_;
  Status status_;
  std::optional<Duration> behind_since_;  // on Clock::elapsed

  Thread thread_;
};

}  // namespace kedge
