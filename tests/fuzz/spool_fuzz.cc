// rooms: agent
// Any bytes as what a spool and a sensor's memory find on the disk: segments are taken apart without losing or
// inventing a byte, whatever the limits; a place and a summary read back as they were written; facts that were read are
// written and read again the same.
#include <algorithm>
#include <cstdlib>
#include <string>
#include <string_view>

#include "agent/fact_file.h"
#include "agent/spool_segment.h"
#include "agent/spool_summary.h"

namespace {

using namespace kedge;

void require(bool holds) {
  if (!holds) std::abort();
}

void read_segment(std::string_view text, size_t events_max, size_t bytes_max) {
  const WholeLines whole = whole_lines(text);
  require(whole.bytes <= text.size());
  SpoolPlace place{1, 0, 0};
  std::string all;
  SpoolSummary summary;
  for (;;) {
    const SegmentPart part = take_lines(text, place, events_max, bytes_max);
    require(part.events.size() <= events_max);
    if (part.events.empty()) break;
    for (const std::string& event : part.events) {
      all += event + "\n";
      summary.add(event);
    }
    require(part.end.lines == place.lines + part.events.size());
    place = part.end;
    require(place.bytes == all.size());
  }
  require(all == text.substr(0, whole.bytes));
  require(place.lines == whole.lines);
  require(summary.events() == whole.lines);
  const auto written = parse_json(summary.to_json().dump());
  require(written.ok());
  const auto read = SpoolSummary::from_json(*written);
  require(read.ok() && read->events() == summary.events());
}

void read_place(std::string_view text) {
  const SpoolPlace place = parse_place(text);
  require(parse_place(to_text(place)) == place);
}

void read_summary(std::string_view text) {
  const auto json = parse_json(text);
  if (!json) return;
  const auto summary = SpoolSummary::from_json(*json);
  if (summary) require(SpoolSummary::from_json(summary->to_json()).ok());
}

void read_facts(std::string_view text) {
  size_t unreadable = 0;
  const SensorMemory::Facts facts = parse_facts(text, unreadable);
  std::string lines;
  for (const auto& [key, value] : facts) lines += to_line({key, value});
  size_t again = 0;
  require(parse_facts(lines, again) == facts && again == 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const size_t events_max = 1U + data[0] % 8U;
  const size_t bytes_max = data[1];
  const std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);
  read_segment(text, events_max, bytes_max);
  read_place(text);
  read_summary(text);
  read_facts(text);
  return 0;
}
