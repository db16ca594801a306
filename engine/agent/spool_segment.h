// What a segment of a spool holds: an event a line. And the file beside it that says how far it was sent.
//
// Values: nothing here touches a disk. Any bytes may be read: a disk gives back what it wants.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agent/spool_index.h"

namespace kedge {

// The part of it that is whole: a line that has no end was cut off by a crash.
struct WholeLines {
  size_t bytes = 0;
  size_t lines = 0;
};
WholeLines whole_lines(std::string_view segment);

// Events from a place on, at least one where there is one; `end` is the place behind the last of them.
struct SegmentPart {
  std::vector<std::string> events;
  SpoolPlace end;
};
SegmentPart take_lines(std::string_view segment, const SpoolPlace& begin, size_t events_max, size_t bytes_max);

// "SEGMENT BYTES LINES"; what is none of that is the beginning of no segment.
SpoolPlace parse_place(std::string_view text);
std::string to_text(const SpoolPlace&);

}  // namespace kedge
