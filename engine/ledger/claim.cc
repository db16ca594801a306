#include "ledger/claim.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"

namespace kedge {
namespace {

constexpr const char* kOrigin = "reconcile";
constexpr const char* kSource = "kedge.reconcile";  // of its events' views

Plan what_stays(Plan plan) {
  plan.isolate.clear();
  plan.release.clear();
  return plan;
}

Json what_stays_of(Json shown_plan) {
  if (!shown_plan.is_object()) return shown_plan;
  shown_plan["isolate"] = Json::array();
  shown_plan["release"] = Json::array();
  return shown_plan;
}

template <class Change>
Result<void> check_is(const Change& change, const std::optional<Claim>& stored) {
  if (!stored) {
    return Error{ErrorCode::not_found, fmt::format("{} has no claim on {} any more", change.rule, change.target)};
  }
  if (stored->remediation == change.claim) return {};
  return Error{ErrorCode::conflict, fmt::format("the claim of {} on {} is that of {} now, not that of {}", change.rule,
                                                change.target, stored->remediation, change.claim)};
}

// As contracts §4 makes it of an event.
std::string key_of(const Claim& claim, const std::string& event) {
  const Json parts = {claim.plan.rule.id, claim.plan.target, kSource, event};
  const auto text = canonical_json(parts);
  return sha256(text ? *text : parts.dump(-1, ' ', true, Json::error_handler_t::replace)).hex();
}

// The view of an event that nobody sent: what was seen.
std::string document_of(const Claim& claim, const FindDrift& drift, const std::string& event) {
  Json view = Json::object();
  view["id"] = event;
  view["source"] = kSource;
  view["detail-type"] = "Target No Longer As Confirmed";
  view["account"] = claim.account;
  view["time"] = format_time(drift.observed);
  view["resources"] = {claim.plan.target};
  view["detail"] = {{"rule", claim.plan.rule.id},
                    {"confirmed_by", claim.remediation},
                    {"confirmed", format_time(claim.confirmed)},
                    {"last_seen", format_time(claim.last_seen)},
                    {"found", drift.summary}};
  return view.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

uint32_t phase_of(const std::string& rule, const std::string& target) {
  const Digest digest = sha256(rule + "\n" + target);
  return uint32_t{digest.bytes[0]} << 16U | uint32_t{digest.bytes[1]} << 8U | uint32_t{digest.bytes[2]};
}

bool is_of_reconcile(const Remediation& r) { return r.origin == kOrigin; }

bool keeps_claims(const LoadedRule& rule) {
  return rule.policy.mode != Mode::off && rule.policy.reconcile != Reconcile::off;
}

bool is_of_live_event(const Finding& finding) { return finding.origin == "event"; }

bool ends_claim(const PersonalMove& move, const Remediation& r) {
  return move.move == Move::undo || (move.move == Move::cancel && is_of_reconcile(r));
}

std::optional<Claim> claim_of(const Remediation& confirmed, Reconcile now, const std::optional<Claim>& before,
                              Time at) {
  const Plan& plan = confirmed.plan;
  if (confirmed.policy.reconcile == Reconcile::off || now == Reconcile::off) return std::nullopt;
  if (plan.revert.empty() && plan.replace.empty()) return std::nullopt;
  if (is_of_reconcile(confirmed) && !before) return std::nullopt;
  Claim claim;
  claim.remediation = confirmed.id;
  claim.plan = what_stays(plan);
  claim.shown_plan = what_stays_of(confirmed.shown_plan);
  claim.policy = confirmed.policy;
  claim.account = confirmed.event.account;
  claim.confirmed = at;
  claim.last_seen = is_of_reconcile(confirmed) ? before->last_seen : std::min(confirmed.times.decided, at);
  if (before) claim.last_seen = std::max(claim.last_seen, before->last_seen);
  return claim;
}

bool is_expired(const Claim& claim, Time now) { return claim.last_seen <= now - kClaimLives; }

Result<void> check_claim(const FindDrift& change, const std::optional<Claim>& stored, Time now) {
  if (auto is = check_is(change, stored); !is) return is;
  if (!is_expired(*stored, now)) return {};
  return Error{ErrorCode::refused, fmt::format("the claim of {} on {} is over: no event told of it since {}",
                                               change.rule, change.target, format_time(stored->last_seen))};
}

Result<void> check_claim(const ExpireClaim& change, const std::optional<Claim>& stored, Time now) {
  if (auto is = check_is(change, stored); !is) return is;
  if (is_expired(*stored, now)) return {};
  return Error{ErrorCode::refused, fmt::format("the claim of {} on {} is not over: an event told of it at {}",
                                               change.rule, change.target, format_time(stored->last_seen))};
}

Finding finding_of(const Claim& claim, const FindDrift& drift, Time now) {
  const std::string event = fmt::format("{}/{}", claim.remediation, claim.found + 1);
  Finding finding;
  finding.remediation = drift.remediation;
  finding.key = key_of(claim, event);
  finding.plan = claim.plan;
  finding.shown_plan = claim.shown_plan;
  finding.policy = claim.policy;
  finding.event.source = kSource;
  finding.event.id = event;
  finding.event.account = claim.account;
  finding.event.document = document_of(claim, drift, event);
  finding.times = {std::nullopt, drift.observed, now};  // when it happened is what nobody knows
  finding.origin = kOrigin;
  return finding;
}

}  // namespace kedge
