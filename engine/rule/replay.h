// Replay: recorded events through rules, without acting.
//
// It asks decode, match and decide, and nothing else: no ledger, no guard, no world. Rules that are off stay off.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "event/decoder.h"
#include "plan/decision.h"
#include "rule/evaluator.h"

namespace kedge {

// What one rule said about one event.
struct ReplayedDecision {
  int64_t message = 0;  // counted from 1, as lines are
  uint32_t index = 0;   // the event's place in the message
  std::string event_id;
  std::string rule;
  Decision decision;
};

struct RuleCount {
  int64_t matched = 0;  // the pattern
  int64_t nothing = 0;
  int64_t plans = 0;
  int64_t failed = 0;

  bool operator==(const RuleCount&) const = default;
};

struct ReplayCounts {
  int64_t messages = 0;
  int64_t events = 0;
  std::map<std::string, int64_t> poison;   // by reason
  std::map<std::string, RuleCount> rules;  // by id; every rule stands in it

  bool operator==(const ReplayCounts&) const = default;
};

// Not thread-safe.
class Replay {
 public:
  Replay(std::shared_ptr<const RuleSet> rules, Decoder::Options decoder);

  // What the rules say about one message. An error is one of the matcher; a message that cannot be decoded is counted.
  Result<std::vector<ReplayedDecision>> replay(std::string_view message);

  const ReplayCounts& counts() const { return counts_; }

 private:
  Evaluator evaluator_;
  Decoder decoder_;
  MatchScratch scratch_;
  std::vector<Event> events_;
  std::vector<uint32_t> matched_;
  ReplayCounts counts_;
};

// Where two rule sets decide otherwise about one event. None: that set's pattern does not match, or it has no such
// rule.
struct ReplayDifference {
  int64_t message = 0;
  uint32_t index = 0;
  std::string event_id;
  std::string rule;
  std::optional<Decision> before;
  std::optional<Decision> after;
};

// The differences between what two sets said about the same message. Equal are decisions of one kind that would do the
// same: the rule's version, and how a refusal is worded, make no difference.
std::vector<ReplayDifference> differences(const std::vector<ReplayedDecision>& before,
                                          const std::vector<ReplayedDecision>& after);

std::string to_text(const ReplayDifference&);  // one line

}  // namespace kedge
