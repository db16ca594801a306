#include "guard/breaker.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/json.h"

namespace kedge {
namespace {

constexpr int kDoublingsMax = 30;  // whatever is longer is cut by `most`

}  // namespace

std::optional<Time> Breaker::shut_until(Time now) const {
  if (state_ == State::closed) return std::nullopt;
  if (now < until_) return until_;
  if (state_ == State::open) return std::nullopt;
  return now + std::chrono::seconds(1);  // the probe takes longer than it may
}

std::optional<Breaker::Permit> Breaker::admit(Time now, Duration for_most) {
  if (shut_until(now)) return std::nullopt;
  if (state_ == State::closed) return Permit{turn_, false};
  state_ = State::probing;
  until_ = now + for_most;
  return Permit{++turn_, true};
}

Breaker::Turned Breaker::note(Permit permit, Outcome outcome, Time now, const BreakerLimits& limits,
                              std::optional<uint64_t> dice) {
  if (permit.turn != turn_) return Turned::not_at_all;
  if (permit.probe) {
    if (outcome == Outcome::bad) return open(now, limits, dice);
    if (outcome == Outcome::good) {
      *this = Breaker();
      turn_ = permit.turn + 1;
      return Turned::closed;
    }
    state_ = State::open;  // its span is over: the next one is the probe
    ++turn_;
    until_ = std::min(until_, now);
    return Turned::not_at_all;
  }
  if (outcome == Outcome::none) return Turned::not_at_all;
  const bool failed_now = outcome == Outcome::bad;
  failures_[static_cast<size_t>(next_)] = failed_now;
  next_ = (next_ + 1) % kCounted;
  counted_ = std::min(counted_ + 1, kCounted);
  in_a_row_ = failed_now ? in_a_row_ + 1 : 0;
  const bool too_many = counted_ == kCounted && failed() >= limits.of_ten;
  if (!failed_now || (in_a_row_ < limits.in_a_row && !too_many)) return Turned::not_at_all;
  return open(now, limits, dice);
}

Breaker::Turned Breaker::open(Time now, const BreakerLimits& limits, std::optional<uint64_t> dice) {
  const bool again = state_ != State::closed;
  if (!again) since_ = now;
  state_ = State::open;
  ++turn_;
  ++openings_;
  until_ = now + open_span(limits, openings_, dice);
  return again ? Turned::reopened : Turned::opened;
}

int Breaker::failed() const {
  return static_cast<int>(std::count(failures_.begin(), failures_.begin() + counted_, true));
}

Duration open_span(const BreakerLimits& limits, int openings, std::optional<uint64_t> dice) {
  Duration whole = limits.first;
  for (int i = 1; i < std::min(openings, kDoublingsMax) && whole < limits.most; ++i) whole *= 2;
  whole = std::min(whole, limits.most);
  if (!dice) return whole;
  const Duration half = whole / 2;
  return half + Duration(static_cast<int64_t>(*dice % static_cast<uint64_t>((whole - half).count() + 1)));
}

nlohmann::json figures_of(const OpenBreaker& open) {
  return {{"endpoint", open.endpoint},
          {"failed", open.failed},
          {"counted", open.counted},
          {"openings", open.openings},
          {"since", format_time(open.since)},
          {"until", format_time(open.until)},
          {"error", open.error}};
}

// What to type comes first: lists cut a long reason at its end.
std::string reason_of(const OpenBreaker& open, const std::string& remediation) {
  return fmt::format(
      "goes on by itself when {} answers again, kedge remediation cancel {} ends it: {} of the last {} calls failed, "
      "so none is made since {}, but one to see at {}, and then less and less often. The last failure: {}",
      open.endpoint, remediation, open.failed, open.counted, format_time(open.since), format_time(open.until),
      open.error);
}

}  // namespace kedge
