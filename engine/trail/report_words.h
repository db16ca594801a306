// What the sections of a report say of one story, and how times and ends read in it. Private to the report.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "trail/report_page.h"
#include "trail/story.h"

namespace kedge {

// "2026-01-31 10:51:00.123": UTC; what is no time stays as it is.
std::string clock_words(const std::string& time);

// Microseconds from one time of the record to another; none where one of them is not known.
std::optional<int64_t> span_between(const std::string& from, const std::string& to);

// Of the story's phases: all of them, or only until the last effect was applied.
int64_t whole_span(const Story&);
int64_t span_until_applied(const Story&);

int64_t calls_sent(const Story&);

// "PutBucketPolicy", or what the event calls itself; empty where it is not kept.
std::string event_name(const Story&);

// What happened, as one would tell it: the change, what was found, what stood in the way, how it ended.
std::vector<Line> told(const Story&);

// Whether the target is known to be as the rule wants it.
enum class Standing {
  right,    // it was read back, or was so already
  open,     // it is not over
  unknown,  // it ended, and may still be as it was found
};
Standing standing(const Story&);

// "confirmed: read back as it should be"
std::string end_in_words(const std::string& state);

}  // namespace kedge
