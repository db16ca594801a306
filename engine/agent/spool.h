// Spool: events on disk, from when they are made until Kafka has acknowledged them.
//
//   DIRECTORY/0000000000000001.events   an event a line, the oldest segment first
//   DIRECTORY/sent                      how far the oldest one was sent: SEGMENT BYTES LINES
//   DIRECTORY/summary                   what is left of events that found no room (SpoolSummary)
//
// What append() was given and has returned is on the disk, synced. It is sent at least once: what was sent and not
// noted before the machine fell is sent again. It is bounded: where there is no room, the oldest segment is given up,
// and what there was to say of it is added to a summary, which is sent in its place. A line that was cut off by a crash
// is left out, as nobody was told that it was written.
//
// Threads: any; append and take wait for each other. Owns the directory: one process at a time (the caller's lock).
#pragma once

#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "agent/spool_index.h"
#include "agent/spool_segment.h"
#include "agent/spool_summary.h"
#include "base/descriptor.h"
#include "base/result.h"

namespace kedge {

class Spool {
 public:
  struct Status {
    size_t events = 0;  // that wait
    size_t bytes = 0;
    size_t summarised = 0;  // events that found no room, and whose summary waits
  };
  using Batch = SegmentPart;  // its end is for sent()

  // Makes the directory where it is not there.
  static Result<std::unique_ptr<Spool>> open(const std::string& directory, SpoolIndex::Options options);

  // All of them, or, with an error, none, and they are in the summary. On a full disk the oldest segment is given up
  // first.
  Result<void> append(const std::vector<std::string>& events);

  // The oldest that were not sent, of one segment; empty: all were sent.
  Result<Batch> take(size_t events_max, size_t bytes_max);
  Result<void> sent(const SpoolPlace& end);

  // Events that nobody will take: they go to the summary.
  void give_up(const std::vector<std::string>& events);

  // The summary, which the caller is about to send; what is summarised from now on is another. Then one of the two.
  SpoolSummary take_summary();
  void summary_sent();
  void summary_not_sent();

  Status status() const;

 private:
  Spool(std::string directory, SpoolIndex::Options options) : directory_(std::move(directory)), index_(options) {}

  std::string path_of(uint64_t segment) const;
  Result<void> restore();
  Result<SpoolIndex::Segment> restore_segment(uint64_t number) const;
  Result<void> make_room(size_t bytes);
  Result<void> drop_oldest();
  Result<void> write(std::string_view lines, size_t count);
  void keep_summary();

  // Constant after construction.
  const std::string directory_;

  // Guarded by mutex_.
  mutable std::mutex mutex_;
  SpoolIndex index_;
  Descriptor file_;  // the segment that is written to
  uint64_t file_number_ = 0;
  SpoolSummary summary_;
  SpoolSummary being_sent_;
  bool summary_is_kept_ = true;  // on the disk, as it is
};

}  // namespace kedge
