// Decider: what a lane does with a batch, before anything is committed: decode, match, decide, admission.
//
// It adds to one CommitBatch; it changes nothing anywhere else. Not thread-safe; belongs to one lane.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "event/decoder.h"
#include "guard/admission.h"
#include "ledger/change.h"
#include "ledger/ledger.h"
#include "match/matcher.h"
#include "pipeline/poison_gauge.h"
#include "pipeline/sensors_heard.h"
#include "rule/evaluator.h"
#include "source/batch.h"

namespace kedge {

class Decider {
 public:
  // How a source's messages are read.
  struct SourceOptions {
    Decoder::Options decoder;
    // trusted: a message of which the matcher's trusted reader says that no rule wants it is not decoded, so what is
    // wrong with it goes unnoticed. What may be wanted is decoded, and checked, whole. For formats eventbridge and
    // json.
    Reading reading = Reading::strict;
  };

  struct Options {
    std::map<std::string, SourceOptions> sources;  // by name; another is read strictly, whatever its format
    AdmissionLimits admission;
    std::vector<OwnThing> own_things;  // what no plan may touch, besides our own principals
    std::vector<std::string> alarm_channels;
    PoisonGauge::Options poison;
    int failures_in_a_row_max = 20;  // then a rule is benched: its matches become dead letters unrun
    std::string redaction_salt;      // of the digests that stand for sensitive arguments (plan/redaction.h)

    // Borrowed; is told of each event that is read for the first time. Null: nobody asks.
    SensorsHeard* sensors_heard = nullptr;
  };

  // What came of one or several batches.
  struct Outcome {
    CommitBatch commit;  // without the positions: they are the lane's
    int64_t messages = 0;
    int64_t bytes = 0;
    int64_t events = 0;
    int64_t matches = 0;

    bool decided() const {
      return !commit.findings.empty() || !commit.suppressions.empty() || !commit.dead_letters.empty() ||
             !commit.alarms.empty();
    }
  };

  Decider(LedgerReader& reader, Clock& clock, Random& random, Options options);
  ~Decider();

  // Takes another rule set; failures are forgotten with the old one.
  void use(std::shared_ptr<const RuleSet> rules);
  const std::shared_ptr<const RuleSet>& rules() const { return rules_; }

  // Takes these ARNs as our own; none are at the start.
  void use_principals(std::vector<std::string> own);

  // Exceptions are read anew at the next plan that is admitted or not.
  void forget_snapshot() { exceptions_.reset(); }

  // Does what can be done before the next event is there.
  void get_ready() { evaluator_->get_ready(); }

  // Adds to `outcome`. True when the partition's own poison is too much: it should not be read on.
  bool decide(const Batch& batch, Outcome& outcome);

  // What of a message is decided again.
  struct Redrive {
    std::optional<uint32_t> index;  // of one event in it; none: all of them
    std::optional<size_t> rule;     // what it says only; none: what all say
    int64_t number = 0;             // above 0: goes into the keys of what comes of it
  };
  // Decides a dead letter's one message again: whole, however its source is read, and as a redriven event. Adds to
  // `outcome`.
  void decide_again(const Batch& batch, const Redrive& wanted, Outcome& outcome);

  // Decides again, on purpose, an event that was decided before. The batch's one message has its view as the value; the
  // event, its rule and the number are all named. Adds to `outcome`.
  void run_again(const Batch& batch, const Redrive& wanted, Outcome& outcome);

 private:
  struct Place;  // where the event at hand was read
  void decide_event(const Event& event, const Place& place, Outcome& outcome);
  void decide_rule(size_t rule, const Event& event, const Place& place, Outcome& outcome);
  void admit_plan(size_t rule, Decision decision, const Event& event, const Place& place, Outcome& outcome);
  // Errors: a guard that cannot be evaluated.
  Result<AdmissionFacts> facts_for(const Event& event, const Provenance& provenance, const Plan& plan,
                                   const Place& place, Time now);
  void fail_admission(size_t rule, const Error&, const Place& place, Outcome& outcome);
  Result<bool> is_own_attempt(const Provenance& provenance, const std::string& target,
                              const std::vector<std::string>& touches);
  void fail_rule(size_t rule, const std::string& code, const std::string& message, const Place& place,
                 Outcome& outcome);
  struct Reader;  // of one source
  Reader& reader_for(const std::string& source);
  bool may_be_wanted(const SourceMessage&, const SourceOptions&);

  LedgerReader& reader_;
  Clock& clock_;
  Random& random_;
  const Options options_;

  std::vector<std::string> own_principals_;
  std::vector<OwnThing> own_things_;  // those of the options, and the principals
  std::shared_ptr<const RuleSet> rules_;
  std::unique_ptr<Evaluator> evaluator_;
  std::vector<int> failures_in_a_row_;  // by rule; the maximum means benched

  std::map<std::string, std::unique_ptr<Reader>> readers_;
  std::map<PartitionId, PoisonGauge> gauges_;
  MatchScratch scratch_;
  std::vector<Event> events_;
  std::vector<uint32_t> matched_;
  std::optional<std::vector<ExceptionView>> exceptions_;
  bool guards_were_unreadable_ = false;  // at the last plan, and people were told
};

}  // namespace kedge
