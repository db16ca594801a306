// The bare matcher over lines: what `kedge match` does, for comparing it with others.
#pragma once

#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include "match/matcher.h"

namespace kedge {

// A matcher of named patterns. Immutable; any number of threads may ask it at once.
class LineMatcher {
 public:
  // `patterns` has one JSON object a line, {"name": …, "pattern": …}; the pattern is an object, or a string that holds
  // its text. Several lines with one name are or-ed; empty lines are skipped. What is not valid is a line on `errors`
  // that says which line it is and why, and is counted in invalid_patterns(); the rest is taken.
  LineMatcher(std::istream& patterns, std::ostream& errors, const PatternExtras* extras = nullptr);

  size_t invalid_patterns() const { return invalid_patterns_; }
  const std::vector<std::string>& names() const { return names_; }  // as JSON strings, sorted by byte

  // What is remembered while lines are matched, and what came of them. One for each thread.
  struct Work {
    MatchScratch scratch;
    std::vector<uint32_t> matched;
    std::string out;     // a line {"matches":[names, sorted by byte]} for each event; only where they are wanted
    std::string errors;  // a line for each event that is not valid, which says which it is and why
    std::vector<size_t> counts;  // by name: the events that it matched
    size_t events = 0;
    size_t invalid = 0;
  };

  // Matches each line of `lines`, a document as it is; the first is the line number `first` of the events. An invalid
  // one also gets its {"matches":[]}, so that lines stay aligned. Adds to what is in `work`.
  void match(std::string_view lines, size_t first, Reading reading, bool with_lines, Work& work) const;

 private:
  Matcher matcher_;
  std::vector<std::string> names_;
  size_t invalid_patterns_ = 0;
};

}  // namespace kedge
