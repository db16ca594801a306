#include "plan/policy.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "base/json.h"

namespace kedge {
namespace {

constexpr std::array<std::string_view, 4> kModes = {"off", "shadow", "canary", "enforce"};
constexpr std::array<std::string_view, 5> kSeverities = {"informational", "low", "medium", "high", "critical"};
constexpr std::array<std::string_view, 3> kOnUnconfirmed = {"undo", "hold", "escalate"};
constexpr std::array<std::string_view, 3> kReconcile = {"off", "hold", "enforce"};

// As they are stored.
constexpr std::array<std::pair<std::string_view, std::optional<int> Limits::*>, 7> kCounts = {
    {{"per_minute", &Limits::per_minute},
     {"per_hour", &Limits::per_hour},
     {"flap", &Limits::flap},
     {"mass_match", &Limits::mass_match},
     {"share", &Limits::share},
     {"failures_in_a_row", &Limits::failures_in_a_row},
     {"failures_of_ten", &Limits::failures_of_ten}}};
constexpr std::array<std::pair<std::string_view, std::optional<Duration> Limits::*>, 3> kSpans = {
    {{"stale_after_us", &Limits::stale_after},
     {"record_only_after_us", &Limits::record_only_after},
     {"approval_within_us", &Limits::approval_within}}};

template <class Enum>
Result<Enum> parse(std::string_view text, std::span<const std::string_view> words, std::string_view what) {
  const auto found = std::find(words.begin(), words.end(), text);
  if (found != words.end()) return static_cast<Enum>(found - words.begin());
  return Error{ErrorCode::invalid,
               fmt::format("'{}' is not a {}; it is one of: {}", text, what, fmt::join(words, ", "))};
}

template <class T>
void tighten(std::optional<T>& limit, const std::optional<T>& now) {
  if (now) limit = std::min(limit.value_or(*now), *now);
}

// Of a policy in another mode the percentage says nothing.
int canary_share(const Policy& policy) { return policy.mode == Mode::canary ? policy.canary_percent : 100; }

}  // namespace

std::string_view to_string(Mode value) { return kModes[static_cast<size_t>(value)]; }
std::string_view to_string(Severity value) { return kSeverities[static_cast<size_t>(value)]; }
std::string_view to_string(OnUnconfirmed value) { return kOnUnconfirmed[static_cast<size_t>(value)]; }
std::string_view to_string(Reconcile value) { return kReconcile[static_cast<size_t>(value)]; }

Result<Mode> parse_mode(std::string_view text) { return parse<Mode>(text, kModes, "mode"); }
Result<Severity> parse_severity(std::string_view text) { return parse<Severity>(text, kSeverities, "severity"); }
Result<OnUnconfirmed> parse_on_unconfirmed(std::string_view text) {
  return parse<OnUnconfirmed>(text, kOnUnconfirmed, "value of on_unconfirmed");
}
Result<Reconcile> parse_reconcile(std::string_view text) {
  return parse<Reconcile>(text, kReconcile, "value of reconcile");
}

Mode stricter(Mode a, Mode b) { return std::min(a, b); }

Policy stricter(Policy stored, const Policy& now) {
  stored.canary_percent = std::min(canary_share(stored), canary_share(now));
  stored.mode = stricter(stored.mode, now.mode);
  stored.approvals = std::max(stored.approvals, now.approvals);
  stored.reconcile = std::min(stored.reconcile, now.reconcile);
  if (!now.window.empty()) stored.window = now.window;
  for (const auto& [name, limit] : kCounts) tighten(stored.limits.*limit, now.limits.*limit);
  for (const auto& [name, limit] : kSpans) tighten(stored.limits.*limit, now.limits.*limit);
  return stored;
}

Json to_json(const Policy& policy) {
  Json limits = Json::object();
  for (const auto& [name, limit] : kCounts) {
    if (const auto& value = policy.limits.*limit) limits[std::string(name)] = *value;
  }
  for (const auto& [name, limit] : kSpans) {
    if (const auto& value = policy.limits.*limit) limits[std::string(name)] = value->count();
  }
  Json json = Json::object();
  json["mode"] = to_string(policy.mode);
  json["canary_percent"] = policy.canary_percent;
  json["severity"] = to_string(policy.severity);
  json["title"] = policy.title;
  json["references"] = policy.references;
  json["limits"] = std::move(limits);
  json["window"] = policy.window;
  json["approvals"] = policy.approvals;
  json["on_unconfirmed"] = to_string(policy.on_unconfirmed);
  json["reconcile"] = to_string(policy.reconcile);
  json["throttle_us"] = policy.throttle.count();
  if (policy.lease) json["lease_us"] = policy.lease->count();
  return json;
}

Result<Policy> policy_from_json(const Json& json) {
  try {
    Policy policy;
    const auto mode = parse_mode(json.at("mode").get<std::string>());
    const auto severity = parse_severity(json.at("severity").get<std::string>());
    const auto on_unconfirmed = parse_on_unconfirmed(json.at("on_unconfirmed").get<std::string>());
    const auto reconcile = parse_reconcile(json.at("reconcile").get<std::string>());
    if (!mode) return mode.error();
    if (!severity) return severity.error();
    if (!on_unconfirmed) return on_unconfirmed.error();
    if (!reconcile) return reconcile.error();
    policy.mode = *mode;
    policy.severity = *severity;
    policy.on_unconfirmed = *on_unconfirmed;
    policy.reconcile = *reconcile;
    policy.canary_percent = json.at("canary_percent").get<int>();
    policy.title = json.at("title").get<std::string>();
    policy.references = json.at("references").get<std::vector<std::string>>();
    const Json& limits = json.at("limits");
    for (const auto& [name, limit] : kCounts) {
      if (const auto value = limits.find(name); value != limits.end()) policy.limits.*limit = value->get<int>();
    }
    for (const auto& [name, limit] : kSpans) {
      const auto value = limits.find(name);
      if (value != limits.end()) policy.limits.*limit = Duration(value->get<int64_t>());
    }
    policy.window = json.at("window").get<std::string>();
    policy.approvals = json.at("approvals").get<int>();
    policy.throttle = Duration(json.at("throttle_us").get<int64_t>());
    if (json.contains("lease_us")) policy.lease = Duration(json.at("lease_us").get<int64_t>());
    return policy;
  } catch (const Json::exception& cause) {
    return Error{ErrorCode::invalid, std::string("a stored policy cannot be read: ") + cause.what()};
  }
}

}  // namespace kedge
