// IndexFollower: the loop that keeps the derived index (record_index_builder.h) up to date beside a running engine, so
// that whoever asks finds it so.
//
// Ownership:  owns its thread and the index; borrows the records, which must outlive it and serve nobody else.
// Failure:    the index is of use, not needed: what fails is logged once and tried again.
#pragma once

#include <memory>
#include <string>

#include "base/pulse.h"
#include "base/thread.h"
#include "base/waiting.h"
#include "trail/record_index_builder.h"

namespace kedge {

class IndexFollower {
 public:
  struct Options {
    size_t at_once = 4000;                            // records in one commit
    Duration rest = std::chrono::seconds(2);          // while there is nothing to do
    Duration breath = std::chrono::milliseconds(10);  // while there is more: others want the disk too
    Duration try_again = std::chrono::seconds(10);    // after a failure, and while another process builds it
  };

  IndexFollower(std::string directory, RecordSource& records, Options options);
  ~IndexFollower();  // stops
  IndexFollower(const IndexFollower&) = delete;
  IndexFollower& operator=(const IndexFollower&) = delete;

  void start();
  // Ends behind the commit that is under way.
  void stop();

  const Pulse& pulse() const { return pulse_; }

 private:
  void run();
  Duration turn();
  Duration failed(const Error& error);

  const std::string directory_;
  RecordSource& records_;
  const Options options_;
  Mailbox<bool> stopping_{1};  // closed when it is to stop
  Pulse pulse_;
  Thread thread_;

  // The thread's.
  std::unique_ptr<RecordIndexBuilder> builder_;
  std::string last_failure_;
};

}  // namespace kedge
