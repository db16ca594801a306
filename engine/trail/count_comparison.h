// What a rule was counted to have said, beside what it says when it is asked again about what its sources still have.
//
// The ledger counts by the hour in which an event was decided. Asked again is by the hour in which it came to the
// source, or, where the engine stood still then, in which it went on. So what came in the last moments of an hour may
// be counted in the next, and a difference is none where another hour makes up for it.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/time.h"
#include "trail/rule_records.h"

namespace kedge {

struct CountsToCompare {
  Time from, to;  // the span that was asked again
  Time now;       // the hour that it is in is not over
  HourlyCounts counted;
  HourlyCounts asked_again;

  // Where asking again cannot tell: since its beginning, until its end, why.
  struct Unknown {
    Time from, to;
    std::string why;
  };
  std::vector<Unknown> unknown;
  std::map<Time, std::set<std::string>> remarks;  // by the hour: what is on record that makes numbers differ
};

struct ComparedHour {
  enum class Verdict {
    equal,
    shifted,    // a neighbouring hour makes up for it, or the edge of the span may
    unknown,    // not everything could be asked again
    explained,  // it differs, and something on record says why it may
    differs,
  };
  Time hour;
  std::string answer;  // when, off, plan, failed
  int64_t counted = 0;
  int64_t asked_again = 0;
  Verdict verdict = Verdict::equal;
  std::string why;  // where it is not equal

  bool operator==(const ComparedHour&) const = default;
};

std::string_view to_string(ComparedHour::Verdict);

// By hour and answer; those without any number are left out.
std::vector<ComparedHour> compare(const CountsToCompare&);

}  // namespace kedge
