#include "remediate/claim_schedule.h"

#include <algorithm>

#include "ledger/claim.h"

namespace kedge {
namespace {

constexpr Duration kSecond = std::chrono::seconds(1);
constexpr int kTicksARound = 360;
constexpr Duration kTickLeast = std::chrono::milliseconds(50);
constexpr Duration kTickMost = std::chrono::seconds(10);

ClaimPlace place_of(const Claim& claim) {
  return {phase_of(claim.plan.rule.id, claim.plan.target), claim.plan.rule.id, claim.plan.target};
}

}  // namespace

ClaimSchedule::ClaimSchedule(const ReconcileOptions& options, Time now)
    : options_(options),
      tick_(std::clamp(options.every / kTicksARound, kTickLeast, kTickMost)),
      spacing_(kSecond / options.per_second + Duration{1}),  // never one more by rounding
      per_endpoint_(std::max(1, options.places / 2)),
      next_part_(now) {
  const Hand hand = hand_at(now - 2 * tick_);  // who ended just before us may not have got to what came last
  turn_ = hand.turn;
  place_ = {hand.phase, "", ""};
}

ClaimSchedule::Hand ClaimSchedule::hand_at(Time now) const {
  const int64_t at = now.time_since_epoch().count();
  const int64_t every = options_.every.count();
  return {at / every, static_cast<uint32_t>(at % every * int64_t{kDialPoints} / every)};
}

// ---- reading -------------------------------------------------------------------------------------------------------

std::optional<ClaimSchedule::Part> ClaimSchedule::part(Time now) const {
  if (now < next_part_ || ready() >= kReadAtOnce) return std::nullopt;
  const Hand hand = hand_at(now);
  if (turn_ < hand.turn) return Part{place_, kDialPoints - 1};
  if (turn_ > hand.turn || place_.phase > hand.phase) return std::nullopt;
  return Part{place_, hand.phase};
}

void ClaimSchedule::read(Time now, const Part& part, std::vector<Look> looks) {
  round_ += static_cast<int64_t>(looks.size());
  const bool there_may_be_more = looks.size() >= part.limit;
  place_ = there_may_be_more ? place_of(looks.back().claim) : ClaimPlace{part.until + 1, "", ""};
  for (Look& look : looks) {
    auto& waiting = waiting_[look.endpoint];
    if (waiting.size() < kWaitingMost) {
      waiting.push_back(std::move(look.claim));
    } else {
      ++figures_.passed_over;
    }
  }
  if (there_may_be_more) return;
  const Hand hand = hand_at(now);
  if (turn_ >= hand.turn) {
    next_part_ = now + tick_;
    return;
  }
  // A round that is late goes on where it is; laps that were not made are not made up for.
  turn_ = std::max(turn_ + 1, hand.turn - 1);
  place_ = {};
  if (std::exchange(is_whole_, true)) {
    figures_.claims = round_;
    figures_.round_at = now;
  }
  round_ = 0;
}

void ClaimSchedule::unread(Time now) { next_part_ = now + std::max(tick_, kSecond); }

// ---- going out -----------------------------------------------------------------------------------------------------

bool ClaimSchedule::may_go(const std::string& endpoint) const {
  const auto out = out_.find(endpoint);
  return out == out_.end() || out->second < per_endpoint_;
}

size_t ClaimSchedule::ready() const {
  size_t claims = 0;
  for (const auto& [endpoint, waiting] : waiting_) {
    if (may_go(endpoint)) claims += waiting.size();
  }
  return claims;
}

std::optional<ClaimSchedule::Look> ClaimSchedule::take(Duration elapsed) {
  if (elapsed < next_take_) return std::nullopt;
  for (size_t passed_over = 0; passed_over < waiting_.size(); ++passed_over) {
    auto next = waiting_.upper_bound(last_endpoint_);
    if (next == waiting_.end()) next = waiting_.begin();
    last_endpoint_ = next->first;
    if (!may_go(next->first)) continue;
    Look look{std::move(next->second.front()), next->first};
    next->second.pop_front();
    if (next->second.empty()) waiting_.erase(next);
    ++out_[look.endpoint];
    next_take_ = elapsed + spacing_;
    return look;
  }
  return std::nullopt;
}

void ClaimSchedule::came_back(const std::string& endpoint) {
  const auto out = out_.find(endpoint);
  if (out != out_.end() && --out->second == 0) out_.erase(out);
}

Duration ClaimSchedule::nap(Time now, Duration elapsed) const {
  const size_t claims = ready();
  Duration nap = tick_;
  if (claims > 0) nap = std::min(nap, next_take_ - elapsed);
  if (claims < kReadAtOnce) nap = std::min<Duration>(nap, next_part_ - now);
  return std::max(nap, Duration{1});
}

}  // namespace kedge
