// Batch: what a source hands to a lane: messages of one partition, in order, with their bytes.
//
// A batch owns every byte that it shows: its messages' views live exactly as long as it does, and moving the batch
// moves no byte. It belongs to one thread at a time: the source fills it, a Mailbox carries it, the lane reads it.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <memory_resource>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "event/decoder.h"
#include "source/positions.h"

namespace kedge {

class Source;

// One assignment of one partition: from the claim that gave it its epoch until it is revoked.
struct Assignment {
  PartitionId partition;
  std::string cluster;
  uint64_t epoch = 0;
  size_t lane = 0;  // all its batches go to this lane

  // Set once, by the source: the partition is no longer ours. A lane drops such batches unread; those that it is
  // working on are refused by the ledger.
  std::atomic<bool> revoked = false;
};

// One message, with the place where it stood. Its views point into its batch.
struct SourceMessage {
  int64_t offset = 0;
  Time timestamp;        // the record's own, to the millisecond; the epoch's start when it has none
  std::string_view key;  // empty when there is none
  std::string_view value;
  std::span<const MessageHeader> headers;
  bool has_key = false;
  bool tombstone = false;  // a null value: it says that something is gone, and is not poison

  Message message() const { return {value, headers}; }  // as the decoder takes it
};

class Batch {
 public:
  // How much a batch may come to hold, so that its memory is taken at once.
  struct Room {
    size_t bytes = 0;
    size_t messages = 0;
  };

  // `from`: the position's `next` before this batch, on which the lane compares.
  Batch(Source* source, std::shared_ptr<const Assignment>, int64_t from, Room expected = {0, 0});
  Batch(Batch&&) noexcept = default;
  Batch& operator=(Batch&&) noexcept = default;

  // Copies a message in. Its offset must be at least next().
  void append(const SourceMessage&);

  // Takes the bookmark and the time of receipt: the last thing before the batch is handed over.
  void seal(Time received);

  Source& source() const { return *source_; }
  const Assignment& assignment() const { return *assignment_; }
  const std::shared_ptr<const Assignment>& shared_assignment() const { return assignment_; }
  std::span<const SourceMessage> messages() const { return messages_; }
  Room used() const { return {bytes_ - messages_.size() * sizeof(SourceMessage), messages_.size()}; }

  // The lane's commit moves the position by compare-and-set from (assignment().epoch, from()) to next(), with
  // bookmark().
  int64_t from() const { return from_; }
  int64_t next() const { return next_; }
  const Bookmark& bookmark() const { return bookmark_; }

  Time received() const { return received_; }  // wall time at which the source handed it over
  size_t bytes() const { return bytes_; }      // what it weighs in a queue

 private:
  std::string_view copy(std::string_view bytes);

  Source* source_;
  std::shared_ptr<const Assignment> assignment_;
  int64_t from_;
  int64_t next_;
  Bookmark bookmark_;
  Time received_;
  size_t bytes_ = 0;
  std::unique_ptr<std::pmr::monotonic_buffer_resource> arena_;
  std::vector<SourceMessage> messages_;
};

}  // namespace kedge
