#include "remediate/observing.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kedge {

const Step* Round::missing(const Moment& m) {
  if (seen_.size() == steps_.size()) return nullptr;
  if (seen_.empty()) observed_from_ = m.head;
  return steps_[seen_.size()];
}

std::optional<size_t> Round::first_open() const {
  for (size_t i = 0; i < seen_.size(); ++i) {
    if (!seen_[i].holds) return i;
  }
  return std::nullopt;
}

std::optional<std::string> Round::doubt() const {
  for (const Observation& observation : seen_) {
    if (observation.hold) return observation.hold;
  }
  return std::nullopt;
}

std::string Round::summary() const {
  std::vector<std::string> parts;
  for (const Observation& observation : seen_) {
    if (!observation.summary.empty()) parts.push_back(observation.summary);
  }
  return fmt::format("{}", fmt::join(parts, "; "));
}

// A thing that was just made may not be found yet where it is looked for: only the second look is believed.
Patience::Verdict Patience::judge(Situation& s, const Moment& m, const ActionError& error) {
  if (error.kind == ActionError::Kind::refused) return {Verdict::Kind::stuck, {}, words_of(error)};
  if (error.kind == ActionError::Kind::gone) {
    if (!gone_since_) gone_since_ = m.elapsed;
    if (m.elapsed - *gone_since_ >= s.options.visibility_delay) return {Verdict::Kind::gone, {}, words_of(error)};
    return {Verdict::Kind::again, s.options.visibility_delay, words_of(error)};
  }
  if (failures_ == 0) failing_since_ = m.elapsed;
  return {Verdict::Kind::again, s.retry_delay(failures_++, error.retry_after), words_of(error)};
}

Observation observation_of_gone(const std::string& reason) {
  Observation gone;
  gone.holds = true;
  gone.summary = "gone: " + reason;
  return gone;
}

}  // namespace kedge
