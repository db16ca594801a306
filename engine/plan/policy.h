// Policy: what a rule says about how. A value, stored with each remediation and digested with the plan for approvals.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace kedge {

enum class Mode { off, shadow, canary, enforce };
enum class Severity { informational, low, medium, high, critical };
enum class OnUnconfirmed { undo, hold, escalate };
enum class Reconcile { off, hold, enforce };

// What a rule may tighten; an empty field leaves the engine's own limit. What would loosen it changes nothing.
struct Limits {
  std::optional<int> per_minute;  // remediations of this rule that may start within a minute
  std::optional<int> per_hour;
  // Numbers, each within the time that the engine's own limit says.
  std::optional<int> flap = std::nullopt;               // how often it may put one target right
  std::optional<int> mass_match = std::nullopt;         // how many targets it may want to act on
  std::optional<int> share = std::nullopt;              // of a fleet, in a hundred, that may be out of service
  std::optional<int> failures_in_a_row = std::nullopt;  // of its remediations on one account, until its breaker opens
  std::optional<int> failures_of_ten = std::nullopt;
  std::optional<Duration> stale_after = std::nullopt;
  std::optional<Duration> record_only_after = std::nullopt;
  std::optional<Duration> approval_within = std::nullopt;

  bool operator==(const Limits&) const = default;
};

struct Policy {
  Mode mode = Mode::shadow;
  int canary_percent = 10;  // the share of targets, by hash, that mode canary acts on
  Severity severity = Severity::medium;
  std::string title;
  std::vector<std::string> references;
  Limits limits;
  std::string window;  // the name of a change window of the configuration; empty: any time
  int approvals = 0;   // how many distinct people must approve
  OnUnconfirmed on_unconfirmed = OnUnconfirmed::escalate;
  Reconcile reconcile = Reconcile::off;
  Duration throttle{0};  // repeated notices within this span are folded; it never gates an action
  // How long isolation stands once all is confirmed. None: a day; or no longer, where the target is replaced.
  std::optional<Duration> lease = std::nullopt;

  bool operator==(const Policy&) const = default;
};

std::string_view to_string(Mode);
std::string_view to_string(Severity);
std::string_view to_string(OnUnconfirmed);
std::string_view to_string(Reconcile);
Result<Mode> parse_mode(std::string_view);
Result<Severity> parse_severity(std::string_view);
Result<OnUnconfirmed> parse_on_unconfirmed(std::string_view);
Result<Reconcile> parse_reconcile(std::string_view);

// The stricter of two modes: off before shadow before canary before enforce.
Mode stricter(Mode, Mode);
// A stored policy, as far as its rule has not become stricter since, part by part. Of two change windows the later word
// counts. What gates nothing stays as it was stored.
Policy stricter(Policy stored, const Policy& now);

nlohmann::json to_json(const Policy&);
Result<Policy> policy_from_json(const nlohmann::json&);

}  // namespace kedge
