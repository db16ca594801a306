#include "guard/breaker.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
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
  const bool too_many = failed() >= limits.of_ten;
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

nlohmann::json Breaker::to_json() const {
  std::string recent;
  for (int i = 0; i < counted_; ++i) {
    recent += failures_[static_cast<size_t>((next_ - counted_ + i + kCounted) % kCounted)] ? 'x' : '.';
  }
  return {{"state", static_cast<int>(state_)},
          {"turn", turn_},
          {"recent", recent},
          {"in_a_row", in_a_row_},
          {"openings", openings_},
          {"since", format_time(since_)},
          {"until", format_time(until_)}};
}

Result<Breaker> Breaker::from_json(const nlohmann::json& json) {
  const auto wrong = [](const char* member) {
    return Error{ErrorCode::invalid, std::string(member) + " is no breaker's"};
  };
  const auto number = [&](const char* member) -> std::optional<int64_t> {
    const auto found = json.find(member);
    if (found == json.end() || !found->is_number_integer()) return std::nullopt;
    return found->get<int64_t>();
  };
  const auto text = [&](const char* member) {
    return json.contains(member) && json[member].is_string() ? json[member].get<std::string>() : "";
  };
  Breaker breaker;
  if (!json.is_object()) return wrong("the value");
  const auto state = number("state");
  if (!state || *state < 0 || *state > 2) return wrong("state");
  breaker.state_ = static_cast<State>(*state);
  const std::string recent = text("recent");
  if (recent.size() > kCounted || recent.find_first_not_of(".x") != std::string::npos) return wrong("recent");
  for (const char one : recent) breaker.failures_[static_cast<size_t>(breaker.counted_++)] = one == 'x';
  breaker.next_ = breaker.counted_ % kCounted;
  const auto turn = number("turn"), in_a_row = number("in_a_row"), openings = number("openings");
  if (!turn || !in_a_row || !openings) return wrong("turn, in_a_row or openings");
  breaker.turn_ = static_cast<uint64_t>(*turn);
  breaker.in_a_row_ = static_cast<int>(*in_a_row);
  breaker.openings_ = static_cast<int>(*openings);
  const auto since = parse_time(text("since")), until = parse_time(text("until"));
  if (!since || !until) return wrong("since or until");
  breaker.since_ = *since;
  breaker.until_ = *until;
  return breaker;
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

bool is_denial(const std::string& code) {
  constexpr std::array<std::string_view, 5> kDenials = {"AccessDenied", "AccessDeniedException", "AuthFailure",
                                                        "UnauthorizedOperation", "HTTP 403"};
  return std::find(kDenials.begin(), kDenials.end(), code) != kDenials.end();
}

nlohmann::json figures_of(const OpenRuleBreaker& open) {
  return {{"account", open.account},          {"failed", open.failed},
          {"counted", open.counted},          {"since", format_time(open.since)},
          {"until", format_time(open.until)}, {"error", open.error}};
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
std::string reason_of(const OpenBreaker& open, const std::string& remediation, State state) {
  const auto waits = transition(state, Move::wait);
  const bool ends = transition(waits ? waits->to : state, Move::cancel).ok();
  return fmt::format(
      "goes on by itself when {} answers again{}: {} of the last {} calls failed, so none is made since {}, but one "
      "to see at {}, and then less and less often. The last failure: {}",
      open.endpoint, ends ? ", kedge remediation cancel " + remediation + " ends it" : "", open.failed, open.counted,
      format_time(open.since), format_time(open.until), open.error);
}

}  // namespace kedge
