#include "agent/spool_segment.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace kedge {
namespace {

// Takes a number and what ends it off the front.
template <class Number>
bool take(std::string_view& text, char ending, Number& number) {
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (wrong != std::errc() || end == text.data() + text.size() || *end != ending) return false;
  text.remove_prefix(static_cast<size_t>(end - text.data()) + 1);
  return true;
}

}  // namespace

WholeLines whole_lines(std::string_view segment) {
  const size_t last = segment.rfind('\n');
  if (last == std::string_view::npos) return {};
  segment = segment.substr(0, last + 1);
  return {segment.size(), static_cast<size_t>(std::count(segment.begin(), segment.end(), '\n'))};
}

SegmentPart take_lines(std::string_view segment, const SpoolPlace& begin, size_t events_max, size_t bytes_max) {
  SegmentPart part;
  part.end = begin;
  size_t taken = 0;
  std::string_view rest = segment.substr(std::min(begin.bytes, segment.size()));
  for (size_t end = rest.find('\n'); end != std::string_view::npos; end = rest.find('\n')) {
    if (part.events.size() == events_max) break;
    if (!part.events.empty() && taken + end > bytes_max) break;
    part.events.emplace_back(rest.substr(0, end));
    taken += end;
    part.end.bytes += end + 1;
    ++part.end.lines;
    rest.remove_prefix(end + 1);
  }
  return part;
}

SpoolPlace parse_place(std::string_view text) {
  SpoolPlace place;
  const bool read = take(text, ' ', place.segment) && take(text, ' ', place.bytes) && take(text, '\n', place.lines);
  return read && text.empty() ? place : SpoolPlace{};
}

std::string to_text(const SpoolPlace& place) {
  return fmt::format("{} {} {}\n", place.segment, place.bytes, place.lines);
}

}  // namespace kedge
