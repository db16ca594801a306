// Why a pattern matches an event, or does not: its tree, with what the event has at each place.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "event/event.h"
#include "match/pattern.h"

namespace kedge {

// One clause of a pattern, or a group of them.
struct Explanation {
  bool holds = false;
  std::string clause;              // "detail.eventName: one of "PutBucketAcl", {"prefix":"Delete"}"; "all of", "one of"
  std::string found;               // of a field: what the event has there, "nothing" or the values; else why, or empty
  std::vector<Explanation> parts;  // of a group: its clauses, up to and including the first that failed in an "all of"

  bool operator==(const Explanation&) const = default;
};

// The answer is the matcher's own. Errors are those of Matcher::match.
Result<Explanation> explain(const Pattern&, const Event&);
Result<Explanation> explain_document(const Pattern&, std::string_view document);

// In one line, why it does not hold: what the event has where the first clause failed, and that clause ("found "x" at
// detail.errorCode: {"exists":false}"). Empty where it holds.
std::string first_failed(const Explanation&);

// As lines for people, each with "yes" or "no" in front, parts indented.
std::string to_text(const Explanation&);

}  // namespace kedge
