#include "trail/count_comparison.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace kedge {
namespace {

using std::chrono::hours;
using Verdict = ComparedHour::Verdict;

int64_t number(const HourlyCounts& counts, Time hour, const std::string& answer) {
  const auto found = counts.find(hour);
  if (found == counts.end()) return 0;
  const auto counted = found->second.find(answer);
  return counted == found->second.end() ? 0 : counted->second;
}

// The hours of one answer, in order.
std::vector<ComparedHour> hours_of(const CountsToCompare& counts, const std::string& answer) {
  std::set<Time> all;
  for (const auto* source : {&counts.counted, &counts.asked_again}) {
    for (const auto& [hour, numbers] : *source) {
      if (numbers.contains(answer)) all.insert(hour);
    }
  }
  std::vector<ComparedHour> found;
  for (const Time hour : all) {
    found.push_back({hour, answer, number(counts.counted, hour, answer), number(counts.asked_again, hour, answer),
                     Verdict::equal, ""});
  }
  return found;
}

int64_t difference(const ComparedHour& hour) { return hour.asked_again - hour.counted; }

// Why asking again does not tell all of this hour; empty: it does.
std::string why_unknown(const CountsToCompare& counts, Time hour) {
  const Time end = hour + hours(1);
  if (hour < counts.from || (end > counts.to && counts.now > counts.to))
    return "only a part of the hour is in the span";
  for (const CountsToCompare::Unknown& one : counts.unknown) {
    if (one.from < end && hour < one.to) return one.why;
  }
  return "";
}

void tell_unknown(const CountsToCompare& counts, std::vector<ComparedHour>& found) {
  for (ComparedHour& one : found) {
    one.why = why_unknown(counts, one.hour);
    if (!one.why.empty()) one.verdict = Verdict::unknown;
  }
}

// From `first` on, neighbouring hours of which one makes up for the others. The place behind them; `first`: none does.
// What was late may stay so for hours; what is counted before it came is the fault of a clock, and soon made up for.
size_t end_of_shift(const std::vector<ComparedHour>& found, size_t first) {
  int64_t open = 0;
  for (size_t i = first; i < found.size(); ++i) {
    const bool follows = i == first || found[i].hour - found[i - 1].hour == hours(1);
    if (!follows || found[i].verdict == Verdict::unknown) return first;
    open += difference(found[i]);
    if (open == 0) return i + 1;
    if (open < 0 && i > first) return first;
  }
  return first;
}

// What came just before the span was counted in its first hour; what came at its end, behind it.
bool is_at_the_edge(const CountsToCompare& counts, const ComparedHour& one) {
  const bool first = one.hour - counts.from < hours(1) && difference(one) < 0;
  const bool last = counts.to - one.hour <= hours(1) && difference(one) > 0;
  return first || last;
}

void tell_difference(const CountsToCompare& counts, ComparedHour& one) {
  const auto remarks = counts.remarks.find(one.hour);
  if (remarks != counts.remarks.end()) {
    one.verdict = Verdict::explained;
    one.why = fmt::format("{}", fmt::join(remarks->second, "; "));
  } else if (is_at_the_edge(counts, one)) {
    one.verdict = Verdict::shifted;
    one.why = "the edge of the span: what is counted in the hour came before it, or the other way round";
  } else {
    one.verdict = Verdict::differs;
    one.why = difference(one) > 0 ? "the source has more than was counted, and nothing on record says why"
                                  : "more was counted than the source has, and nothing on record says why";
  }
}

void tell_differences(const CountsToCompare& counts, std::vector<ComparedHour>& found) {
  for (size_t i = 0; i < found.size(); ++i) {
    if (found[i].verdict == Verdict::unknown || difference(found[i]) == 0) continue;
    const size_t end = end_of_shift(found, i);
    if (end == i) {
      tell_difference(counts, found[i]);
      continue;
    }
    for (; i < end; ++i) {
      if (difference(found[i]) == 0) continue;
      found[i].verdict = Verdict::shifted;
      found[i].why = "the hours beside it make up for it: it was decided later than it came";
    }
    --i;
  }
}

}  // namespace

std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::equal:
      return "equal";
    case Verdict::shifted:
      return "shifted";
    case Verdict::unknown:
      return "unknown";
    case Verdict::explained:
      return "explained";
    case Verdict::differs:
      return "differs";
  }
  return "differs";
}

std::vector<ComparedHour> compare(const CountsToCompare& counts) {
  std::vector<ComparedHour> all;
  for (const char* answer : {"when", "off", "plan", "failed"}) {
    std::vector<ComparedHour> found = hours_of(counts, answer);
    tell_unknown(counts, found);
    tell_differences(counts, found);
    all.insert(all.end(), found.begin(), found.end());
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const ComparedHour& a, const ComparedHour& b) { return a.hour < b.hour; });
  return all;
}

}  // namespace kedge
