#include "agent/spool_index.h"

#include <algorithm>
#include <utility>

namespace kedge {

void SpoolIndex::restore(std::deque<Segment> segments, SpoolPlace sent) {
  segments_ = std::move(segments);
  sent_ = {};
  if (segments_.empty()) {
    next_number_ = std::max(next_number_, sent.segment + 1);
    return;
  }
  next_number_ = segments_.back().number + 1;
  const Segment& oldest = segments_.front();
  const bool is_in_it = sent.segment == oldest.number && sent.bytes <= oldest.bytes && sent.lines <= oldest.lines;
  sent_ = is_in_it ? sent : SpoolPlace{oldest.number, 0, 0};
}

std::optional<SpoolIndex::Segment> SpoolIndex::to_be_dropped(size_t more) const {
  if (segments_.size() < 2 || bytes() + more <= options_.bytes_max) return std::nullopt;
  return segments_.front();
}

void SpoolIndex::drop() {
  segments_.pop_front();
  sent_ = segments_.empty() ? SpoolPlace{} : SpoolPlace{segments_.front().number, 0, 0};
}

uint64_t SpoolIndex::segment_for_writing() {
  if (!segments_.empty() && segments_.back().bytes < options_.segment_bytes) return segments_.back().number;
  segments_.push_back({next_number_++, 0, 0});
  if (segments_.size() == 1) sent_ = {segments_.front().number, 0, 0};
  return segments_.back().number;
}

void SpoolIndex::written(size_t bytes, size_t lines) {
  segments_.back().bytes += bytes;
  segments_.back().lines += lines;
}

std::optional<SpoolPlace> SpoolIndex::next() const {
  if (lines() == 0) return std::nullopt;
  return sent_;
}

std::optional<uint64_t> SpoolIndex::sent(const SpoolPlace& place) {
  if (segments_.empty() || segments_.front().number != place.segment) return std::nullopt;
  sent_ = place;
  const Segment oldest = segments_.front();
  const bool is_open = segments_.size() == 1 && oldest.bytes < options_.segment_bytes;
  if (place.bytes < oldest.bytes || is_open) return std::nullopt;
  drop();
  return oldest.number;
}

size_t SpoolIndex::bytes() const {
  size_t all = 0;
  for (const Segment& segment : segments_) all += segment.bytes;
  return all;
}

size_t SpoolIndex::lines() const {
  size_t all = 0;
  for (const Segment& segment : segments_) all += segment.lines;
  return segments_.empty() ? 0 : all - sent_.lines;
}

}  // namespace kedge
