// Observing: what several steps look like together, and what to make of an observation that does not come.
#pragma once

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "remediate/situation.h"

namespace kedge {

// One observation of several steps, one after the other, begun at a known point of the journal.
class Round {
 public:
  explicit Round(std::vector<const Step*> steps) : steps_(std::move(steps)) {}

  // The next step to be observed; none: all are. The first call begins the round.
  const Step* missing(const Moment&);
  // All that are still to be observed.
  std::span<const Step* const> left() const { return std::span(steps_).subspan(seen_.size()); }
  void saw(Observation observation) { seen_.push_back(std::move(observation)); }
  void restart() { seen_.clear(); }
  void forget_behind(size_t count) { seen_.resize(std::min(count, seen_.size())); }
  size_t count() const { return seen_.size(); }

  // Of what was seen.
  int64_t observed_from() const { return observed_from_; }
  const Observation& of(size_t index) const { return seen_[index]; }
  const std::vector<Observation>& all() const { return seen_; }
  std::optional<size_t> first_open() const;  // the first step that does not hold
  std::optional<std::string> doubt() const;  // what only a person can decide
  std::string summary() const;               // of all steps, for people

 private:
  std::vector<const Step*> steps_;
  std::vector<Observation> seen_;
  int64_t observed_from_ = 0;
};

// How long to go on when the world cannot be observed.
class Patience {
 public:
  struct Verdict {
    enum class Kind {
      again,  // after `delay`
      gone,   // the thing is no more, and it was looked for twice
      stuck,  // looking again will not help: permission, validation
    };
    Kind kind = Kind::again;
    Duration delay{};
    std::string reason;
  };
  Verdict judge(Situation&, const Moment&, const ActionError&);

  void saw() { gone_since_.reset(); }
  void saw_all() { failures_ = 0; }

  // For how long every round has failed.
  Duration failing_for(const Moment& m) const { return failures_ == 0 ? Duration{0} : m.elapsed - failing_since_; }

 private:
  int failures_ = 0;
  Duration failing_since_{};
  std::optional<Duration> gone_since_;
};

// The observation that stands for a thing that is no more: nothing is left to be put right.
Observation observation_of_gone(const std::string& reason);

}  // namespace kedge
