// The bare matcher over lines: what `kedge match` does, for comparing it with others.
#pragma once

#include <iosfwd>

namespace kedge {

// `patterns` has one JSON object a line, {"name": …, "pattern": …}; the pattern is an object, or a string that holds
// its text. Several lines with one name are or-ed; empty lines are skipped. For each line of `events`, as it is, one
// line
// {"matches":[names, sorted by byte]} is written to `out`.
//
// What is not valid is a line on `errors` that says which line it is and why; the rest goes on, and an invalid event
// also gets its {"matches":[]}, so that lines stay aligned. Returns the exit code: 0, or 1 when anything was invalid.
int match_lines(std::istream& patterns, std::istream& events, std::ostream& out, std::ostream& errors);

}  // namespace kedge
