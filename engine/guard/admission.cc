#include "guard/admission.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/hash.h"
#include "base/json.h"

namespace kedge {
namespace {

Admission suppress(std::string guard, std::string reason, Json figures) {
  return {Admission::Kind::suppress, std::move(guard), std::move(reason), std::move(figures)};
}

bool is_own_principal(const AdmissionFacts& facts) {
  return std::find(facts.own_principals.begin(), facts.own_principals.end(), facts.provenance.principal) !=
         facts.own_principals.end();
}

std::optional<Admission> ask_own_change(const AdmissionFacts& facts) {
  if (!is_own_principal(facts) || !facts.own_attempt) return std::nullopt;
  return suppress("own-change", "the change is one of our own attempts, come back as an event",
                  {{"principal", facts.provenance.principal}});
}

std::optional<Admission> ask_exceptions(const Plan& plan, const AdmissionFacts& facts) {
  for (const ExceptionView& exception : facts.exceptions) {
    if (!covers(exception, plan.rule.id, plan.target, facts.now)) continue;
    const std::string until = format_time(exception.expires);
    return suppress("exception",
                    fmt::format("{} is excepted from {} by {} until {}: {} (kedge exception revoke {} ends it)",
                                plan.target, plan.rule.id, exception.owner, until, exception.reason, exception.id),
                    {{"exception", exception.id}, {"owner", exception.owner}, {"expires", until}});
  }
  return std::nullopt;
}

std::optional<Admission> ask_mode(const Plan& plan, const Policy& policy) {
  switch (policy.mode) {
    case Mode::enforce:
      return std::nullopt;
    case Mode::off:
      return suppress("mode", fmt::format("{} is off", plan.rule.id), {{"mode", to_string(policy.mode)}});
    case Mode::shadow:
      return suppress("mode",
                      fmt::format("{} is in mode shadow: what it would do is on record, and not done", plan.rule.id),
                      {{"mode", to_string(policy.mode)}});
    case Mode::canary:
      break;
  }
  if (in_canary_share(plan.target, policy.canary_percent)) return std::nullopt;
  return suppress("canary",
                  fmt::format("{} acts on {} % of all targets, and {} is not one of them", plan.rule.id,
                              policy.canary_percent, plan.target),
                  {{"mode", to_string(policy.mode)}, {"percent", policy.canary_percent}});
}

std::optional<Admission> ask_age(const Policy& policy, const AdmissionFacts& facts, const AdmissionLimits& limits) {
  const Duration most = std::min(limits.record_only_after, policy.limits.record_only_after.value_or(Duration::max()));
  if (facts.asked_for || !facts.happened || facts.now - *facts.happened <= most) return std::nullopt;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(facts.now - *facts.happened);
  return suppress("stale",
                  fmt::format("the event is {} old; what is older than {} is only put on record",
                              format_duration(seconds), format_duration(most)),
                  {{"age_us", Duration(facts.now - *facts.happened).count()}, {"record_only_after_us", most.count()}});
}

std::optional<Admission> ask_self_protection(const Plan& plan, const AdmissionFacts& facts) {
  const auto own = own_among(facts.touches, facts.own_things);
  if (!own) return std::nullopt;
  return suppress(kSelfProtection,
                  fmt::format("{} would write {}, which is {}: the engine does nothing to what it needs itself",
                              plan.rule.id, own->key, own->what),
                  {{"key", own->key}, {"what", own->what}});
}

std::optional<Admission> ask_others(const Plan& plan, const Policy& policy, const AdmissionFacts& facts,
                                    const AdmissionLimits& limits) {
  if (auto answer = ask_exceptions(plan, facts)) return answer;
  if (auto answer = ask_mode(plan, policy)) return answer;
  if (auto answer = ask_age(policy, facts, limits)) return answer;
  return ask_self_protection(plan, facts);
}

}  // namespace

bool covers(const ExceptionView& exception, const std::string& rule, const std::string& target, Time now) {
  if (exception.owner.empty() || exception.reason.empty() || now >= exception.expires) return false;
  if (exception.rule != "*" && exception.rule != rule) return false;
  if (!exception.target.ends_with('*')) return exception.target == target;
  return target.starts_with(exception.target.substr(0, exception.target.size() - 1));
}

bool in_canary_share(const std::string& target, int percent) {
  const Digest digest = sha256(target);
  uint32_t number = 0;
  for (size_t i = 0; i < 4; ++i) number = number << 8 | digest.bytes[i];
  return static_cast<int>(number % 100) < percent;
}

Admission admit(const Plan& plan, const Policy& policy, const AdmissionFacts& facts, const AdmissionLimits& limits) {
  if (auto answer = ask_own_change(facts)) return *answer;
  Admission answer = ask_others(plan, policy, facts, limits).value_or(Admission{});
  if (is_own_principal(facts)) {
    answer.alarm = fmt::format(
        "{}, as whom this engine acts, changed {} without an attempt of this engine: somebody else uses its "
        "credentials",
        facts.provenance.principal, plan.target);
  }
  return answer;
}

std::string agent_with_mark(const std::string& version, const std::string& mark) {
  if (mark.empty()) return "kedge/" + version;
  return fmt::format("kedge/{} (mark {})", version, mark);
}

std::string mark_in_agent(const std::string& agent) {
  constexpr std::string_view kOpening = " (mark ";
  const size_t product = agent.find("kedge/");  // CloudTrail puts some agents in brackets: "[kedge/0.1 (mark ...)]"
  if (product == std::string::npos || (product > 0 && agent[product - 1] != '[' && agent[product - 1] != ' '))
    return "";
  const size_t opening = agent.find(kOpening, product);
  if (opening == std::string::npos) return "";
  const size_t begin = opening + kOpening.size();
  const size_t end = agent.find_first_not_of("0123456789abcdef", begin);
  if (end == std::string::npos || end == begin || agent[end] != ')') return "";
  return agent.substr(begin, end - begin);
}

}  // namespace kedge
