// SpoolIndex: which pieces a spool has, what of them is still to be sent, and which is given up when there is no room.
// A value without I/O.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

namespace kedge {

// A place in a spool: behind so many bytes, and lines, of a segment.
struct SpoolPlace {
  uint64_t segment = 0;
  size_t bytes = 0;
  size_t lines = 0;

  bool operator==(const SpoolPlace&) const = default;
};

class SpoolIndex {
 public:
  struct Segment {
    uint64_t number = 0;
    size_t bytes = 0;
    size_t lines = 0;

    bool operator==(const Segment&) const = default;
  };
  struct Options {
    size_t bytes_max = 64U << 20U;
    size_t segment_bytes = 1U << 20U;  // a segment is closed when it has as many
  };
  explicit SpoolIndex(Options options) : options_(options) {}

  // What was found on the disk: the oldest first, and how far it was sent.
  void restore(std::deque<Segment> segments, SpoolPlace sent);

  // The segment that is to be given up so that so many bytes find room; none: they do. The one that is written to is
  // never given up. To be asked again after drop().
  std::optional<Segment> to_be_dropped(size_t bytes) const;
  void drop();  // the oldest

  // The segment that the next lines go to; a new one where there is none, or the last is full.
  uint64_t segment_for_writing();
  void written(size_t bytes, size_t lines);

  // What is to be sent next lies here; none: all is sent.
  std::optional<SpoolPlace> next() const;

  // All up to here is sent. A place in a segment that was given up meanwhile says nothing. Gives the number of the
  // segment that nobody needs any more, if it is one.
  std::optional<uint64_t> sent(const SpoolPlace& place);
  SpoolPlace sent_place() const { return sent_; }

  const std::deque<Segment>& segments() const { return segments_; }
  size_t bytes() const;
  size_t lines() const;  // that are to be sent

 private:
  const Options options_;
  std::deque<Segment> segments_;  // the oldest first
  SpoolPlace sent_;               // in the oldest
  uint64_t next_number_ = 1;
};

}  // namespace kedge
