// Asking a rule again about events that its sources still have: by the version that was in force when each was decided.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <tuple>

#include "app/configuration.h"
#include "app/rule_versions.h"
#include "event/decoder.h"
#include "source/read_span.h"
#include "trail/count_comparison.h"
#include "trail/decision_times.h"
#include "trail/rule_history.h"
#include "trail/rule_records.h"

namespace kedge {

// What a rule says of one event.
struct AnswerAgain {
  // acted, suppressed, duplicate (the same change was decided before), unrecorded (it wanted to act, and no record of
  // the span tells what came of it), when (it said no), off, failed, nearly (the pattern excludes it), no-match.
  std::string answer;
  std::string why;
  std::string happened;  // as the event tells it; where it does not, the record's timestamp
  std::string event, actor, target, remediation;
  std::string version;
  bool of_today = false;  // asked of today's files
  PartitionId partition;
  int64_t offset = 0;
  int64_t index = 0;
  int64_t record = 0;  // the number of the record that tells what came of it; 0: none does
};

// One question. Borrows all that it is made of. Not thread-safe.
class AskingAgain {
 public:
  struct Question {
    std::string rule;
    TimeSpan span;       // in which the event was decided
    size_t limit = 100;  // the oldest so many answers are kept
    bool all = false;    // also those about events that the pattern does not match
  };

  AskingAgain(Question question, const RuleHistory& history, const RuleRecords& records, RuleVersions& versions);

  // Reads the partitions again and asks about each record. The error of a source says why it could not be read.
  Result<std::vector<PartitionRead>> read(const SourceSettings& source, const std::vector<StoredPosition>& positions,
                                          Clock& clock);

  const HourlyCounts& counts() const { return counts_; }  // when, off, plan, failed

  // In the order in which they came.
  std::vector<AnswerAgain> answers() const;
  int64_t more() const { return wanted_ - static_cast<int64_t>(answers_.size()); }  // that are not among them

  int64_t events() const { return events_; }  // that were decided in the span
  int64_t unmatched() const { return unmatched_; }
  int64_t undecodable() const { return undecodable_; }  // messages
  int64_t unasked() const { return unasked_; }          // events of a version that cannot be asked

 private:
  struct Place {
    const StoredPosition& position;
    const SourceMessage& message;
    Time decided;
    const RuleInForce& in_force;
  };
  using Order = std::tuple<Time, PartitionId, int64_t, int64_t>;

  Result<void> ask(Decoder& decoder, const StoredPosition& position, const SourceMessage& message);
  Result<void> ask(const Event& event, const Place& place);
  void decide(const Event& event, const Place& place, RuleVersions::Version& version);
  Result<void> explain_unmatched(const Event& event, const Place& place, RuleVersions::Version& version, bool nearly);
  void tell_what_became(const Event& event, const Place& place, const Plan& plan, AnswerAgain& answer) const;
  AnswerAgain* place_for(const Event& event, const Place& place, const RuleVersions::Version& version);

  const Question question_;
  const RuleHistory& history_;
  const RuleRecords& records_;
  const DecisionTimes times_;
  RuleVersions& versions_;

  HourlyCounts counts_;
  std::map<Order, AnswerAgain> answers_;
  int64_t wanted_ = 0, events_ = 0, unmatched_ = 0, undecodable_ = 0, unasked_ = 0;
  MatchScratch scratch_;
  std::vector<uint32_t> matched_;
  std::vector<Event> decoded_;
};

}  // namespace kedge
