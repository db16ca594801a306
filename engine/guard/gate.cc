#include "guard/gate.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/json.h"
#include "guard/admission.h"
#include "guard/restored.h"

namespace kedge {
namespace {

constexpr Duration kUndoAgainAfter = std::chrono::seconds(30);

Verdict hold(std::string guard, std::string reason, Json figures) {
  return {Verdict::Kind::hold, std::move(guard), std::move(reason), std::move(figures), std::nullopt};
}

Verdict wait(std::string guard, std::string reason, Json figures, std::optional<Time> due) {
  return {Verdict::Kind::wait, std::move(guard), std::move(reason), std::move(figures), due};
}

std::optional<Verdict> ask_rule(const GateFacts& facts) {
  if (!facts.loaded) {
    return hold(kRuleGuard,
                fmt::format("the rule {} is no longer loaded. It goes on when the rule is back; "
                            "kedge remediation cancel {} ends it",
                            facts.rule, facts.remediation),
                {{"rule", facts.rule}});
  }
  const Mode mode = facts.policy.mode;
  if (mode == Mode::enforce) return std::nullopt;
  if (mode == Mode::canary && in_canary_share(facts.target, facts.policy.canary_percent)) return std::nullopt;
  return hold(kRuleGuard,
              fmt::format("the rule {} is in mode {} now. It goes on when the rule acts again; "
                          "kedge remediation cancel {} ends it",
                          facts.rule, to_string(mode), facts.remediation),
              {{"rule", facts.rule}, {"mode", to_string(mode)}});
}

// A restored ledger does not know what was done about its event: whoever looks at it may.
std::optional<Verdict> ask_restored(const GateFacts& facts) {
  if (facts.approved()) return std::nullopt;
  for (const PauseView& pause : facts.pauses) {
    if (pause.scope != kRestored) continue;
    return hold(kRestored,
                fmt::format("kedge remediation approve {} lets it act, kedge resume --scope {} all such, kedge "
                            "remediation reject {} ends it: its event is from before {} put back the ledger, which "
                            "does not know whether it was dealt with",
                            facts.remediation, kRestored, facts.remediation, pause.by.empty() ? "somebody" : pause.by),
                {{"scope", kRestored}});
  }
  return std::nullopt;
}

std::string how_to_end(const std::string& scope) {
  constexpr std::string_view kFile = "file:";
  if (scope == "all") return "kedge resume";
  if (scope.starts_with(kFile)) return "rm " + scope.substr(kFile.size());
  return "kedge resume --scope " + scope;
}

// What to type comes first: lists cut a long reason at its end.
std::optional<Verdict> ask_pauses(const GateFacts& facts) {
  std::vector<std::string> scopes, commands, reasons;
  for (const PauseView& pause : facts.pauses) {
    if (pause.scope == kRestored) continue;  // asked about before
    scopes.push_back(pause.scope);
    commands.push_back(how_to_end(pause.scope));
    std::string reason = pause.by.empty() ? "" : "by " + pause.by;
    if (!pause.reason.empty()) reason += (reason.empty() ? "" : ": ") + pause.reason;
    if (!reason.empty()) reasons.push_back(std::move(reason));
  }
  if (scopes.empty()) return std::nullopt;
  return hold("pause",
              fmt::format("effects are paused ({}); to go on: {}{}{}", fmt::join(scopes, ", "),
                          fmt::join(commands, "; "), reasons.empty() ? "" : ". Paused ", fmt::join(reasons, "; ")),
              {{"scopes", scopes}});
}

std::optional<Verdict> ask_exception(const GateFacts& facts) {
  if (facts.exception.empty()) return std::nullopt;
  return Verdict{Verdict::Kind::refuse,
                 "exception",
                 fmt::format("the exception {} covers it: {}. To act here again: kedge exception revoke {}",
                             facts.exception, facts.exception_reason, facts.exception),
                 {{"exception", facts.exception}},
                 std::nullopt};
}

// The world may know a thing of ours by another name than the rule did.
std::optional<Verdict> ask_self_protection(const GateFacts& facts) {
  if (!facts.own) return std::nullopt;
  return Verdict{Verdict::Kind::refuse,
                 kSelfProtection,
                 fmt::format("it would write {}, which is {}: the engine does nothing to what it needs itself",
                             facts.own->key, facts.own->what),
                 {{"key", facts.own->key}, {"what", facts.own->what}},
                 std::nullopt};
}

// An old plan must not overrule a later, legitimate change, unless its rule says so, then and now.
std::optional<Verdict> ask_reconcile(const GateFacts& facts) {
  if (!facts.reconciled || facts.approved() || facts.charged) return std::nullopt;
  const Reconcile wanted = facts.policy.reconcile;
  if (wanted == Reconcile::enforce) return std::nullopt;
  return hold("reconcile",
              fmt::format("kedge remediation approve {} puts it right, kedge remediation reject {} leaves it and ends "
                          "the watch over it: reconcile found it changed, no event told by whom, and it may be meant",
                          facts.remediation, facts.remediation),
              {{"reconcile", to_string(wanted)}});
}

// What reconcile found was seen just now; and whoever lets go what a restored ledger holds knows that it is old.
std::optional<Verdict> ask_age(const GateFacts& facts, const GateLimits& limits) {
  if (facts.approved() || facts.reconciled || facts.let_go) return std::nullopt;
  const std::string approve = fmt::format("kedge remediation approve {} lets it act", facts.remediation);
  if (facts.redriven) {
    return hold("stale", "the event was redriven, so the change may be old and meant. " + approve,
                {{"redriven", true}});
  }
  if (!facts.age) {
    return hold("stale", "the event carries no time, so its age is not known. " + approve, {{"age_us", nullptr}});
  }
  const bool waits_by_plan = !facts.policy.window.empty();
  if (!facts.charged && !waits_by_plan && facts.waited > limits.waited_most) {
    const auto waited = std::chrono::duration_cast<std::chrono::seconds>(facts.waited);
    return hold("stale",
                fmt::format("it has waited here for {} (the limit is {}), so a later change may be meant. {}",
                            format_duration(waited), format_duration(limits.waited_most), approve),
                {{"waited_us", facts.waited.count()}, {"waited_most_us", limits.waited_most.count()}});
  }
  const Json figures = {{"age_us", facts.age->count()},
                        {"stale_after_us", limits.stale_after.count()},
                        {"future_most_us", limits.future_most.count()}};
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(*facts.age);
  if (*facts.age > limits.stale_after) {
    return hold("stale",
                fmt::format("the event was {} old when it was decided (the limit is {}), so a later change may be "
                            "meant. {}",
                            format_duration(seconds), format_duration(limits.stale_after), approve),
                figures);
  }
  if (*facts.age < -limits.future_most) {
    return hold("stale",
                fmt::format("the event says that it happens {} from now: a clock is wrong. {}",
                            format_duration(-seconds), approve),
                figures);
  }
  return std::nullopt;
}

// Two who put a thing right in turn do not agree on what is right: that is for people to settle.
// When the rule had last put the target right too often.
std::optional<Time> flapped(const std::vector<PutRight>& put_right, const Budget& flap) {
  const auto most = static_cast<size_t>(std::max(1, flap.most));
  for (size_t last = put_right.size(); last >= most; --last) {
    const Time at = put_right[last - 1].at;
    if (at - put_right[last - most].at <= flap.within) return at;
  }
  return std::nullopt;
}

std::optional<Verdict> ask_flap(const GateFacts& facts, const GateLimits& limits) {
  if (!limits.flap || facts.approved() || facts.charged) return std::nullopt;
  const auto since = flapped(facts.put_right, *limits.flap);
  if (!since || facts.now >= *since + limits.flap_rest) return std::nullopt;
  std::vector<Actor> actors;
  for (const PutRight& one : facts.put_right) actors.push_back(one.actor);
  actors.push_back(facts.actor);
  return hold(
      "flap",
      fmt::format("kedge remediation approve {} puts it right once more. Within {} that was done {} times, and it "
                  "is changed back by {}: settle it with them, or kedge exception add --rule {} --target {}. Until {} "
                  "nothing is done about it unasked",
                  facts.remediation, format_duration(limits.flap->within), limits.flap->most, names_of(actors),
                  facts.rule, facts.target, format_time(*since + limits.flap_rest)),
      {{"put_right", facts.put_right.size()},
       {"most", limits.flap->most},
       {"within_us", limits.flap->within.count()},
       {"until", format_time(*since + limits.flap_rest)},
       {"opponents", counts_of(actors)}});
}

// The first of a mass match says what the rule wanted; those after it only that the rule is held.
std::optional<Verdict> ask_mass_match(const GateFacts& facts, const GateLimits& limits) {
  if (!limits.mass_match || facts.approved() || facts.charged || facts.let_go) return std::nullopt;
  if (!facts.mass_since && facts.targets <= limits.mass_match->most) return std::nullopt;
  Json figures = {
      {"targets", facts.targets}, {"most", limits.mass_match->most}, {"within_us", limits.mass_match->within.count()}};
  const std::string commands =
      fmt::format("kedge resume --scope rule:{} lets the rule go on, kedge remediation approve {} this one alone",
                  facts.rule, facts.remediation);
  if (facts.mass_since) {
    figures["since"] = format_time(*facts.mass_since);
    return hold(kMassMatch,
                fmt::format("{}: it is held since {}, when it wanted to act on too many targets", commands,
                            format_time(*facts.mass_since)),
                std::move(figures));
  }
  return hold(
      kMassMatch,
      fmt::format("{}: it wanted to act on {} targets within {}, and {} may. It, and all that it finds from now "
                  "on, is held, and no further notice tells of it",
                  commands, facts.targets, format_duration(limits.mass_match->within), limits.mass_match->most),
      std::move(figures));
}

std::optional<Verdict> ask_approval(const GateFacts& facts, const GateLimits& limits) {
  const int wanted = facts.policy.approvals;
  if (facts.charged || facts.approvals >= wanted) return std::nullopt;
  const Time until = facts.now + limits.approval_within;
  const std::string changed =
      facts.approvals_void == 0
          ? ""
          : fmt::format(" ({} approved what is no longer so: the target has changed, or time went by)",
                        facts.approvals_void);
  Verdict verdict =
      hold("approval",
           fmt::format("it needs the approval of {}, and {} gave it{}. kedge remediation approve {} approves it; "
                       "it is not done without, and ends at {}",
                       wanted == 1 ? "one person" : fmt::format("{} people", wanted),
                       facts.approvals == 0 ? "nobody" : fmt::format("{}", facts.approvals), changed, facts.remediation,
                       format_time(until)),
           {{"approvals", facts.approvals}, {"approvals_wanted", wanted}, {"approvals_void", facts.approvals_void}});
  verdict.due = until;
  return verdict;
}

// What has begun goes on: half a plan is worse than one at a bad time.
std::optional<Verdict> ask_window(const GateFacts& facts, const GateLimits& limits) {
  const std::string& name = facts.policy.window;
  if (name.empty() || facts.approved() || facts.charged) return std::nullopt;
  const std::string approve = fmt::format("kedge remediation approve {} lets it act now", facts.remediation);
  const auto window = limits.windows.find(name);
  if (window == limits.windows.end()) {
    return hold(
        "window",
        fmt::format("the rule may act in the change window {} only, and windows in the configuration has none of "
                    "that name. {}",
                    name, approve),
        {{"window", name}});
  }
  const Time opens = opens_at(window->second, facts.time_of_day);
  if (opens <= facts.time_of_day) return std::nullopt;
  const std::string times = to_string(window->second);
  return wait("window",
              fmt::format("the rule may act in the change window {} only ({}), which opens at {}. {}", name, times,
                          format_time(opens), approve),
              {{"window", name}, {"times", times}, {"opens", format_time(opens)}},
              facts.now + (opens - facts.time_of_day));
}

// Whoever is asked knows the fleet: a yes passes.
std::optional<Verdict> ask_share(const GateFacts& facts, const GateLimits& limits) {
  if (!facts.fleet || !limits.share || !facts.fleet->is_spent() || facts.approved() || facts.charged) {
    return std::nullopt;
  }
  const FleetFigures& fleet = *facts.fleet;
  const std::string approve = fmt::format("kedge remediation approve {} lets it act", facts.remediation);
  Json figures = {{"fleet", fleet.fleet},
                  {"out", fleet.out},
                  {"most", fleet.most},
                  {"percent", limits.share->percent},
                  {"within_us", limits.share->within.count()}};
  if (fleet.size == 0) {
    figures["size"] = nullptr;
    return hold(
        kShare,
        fmt::format("{}: another target of the fleet {} is out of service or was within {}, and nobody has said "
                    "how large the fleet is, so it counts as one. Its size belongs into fleets.{}.size",
                    approve, fleet.fleet, format_duration(limits.share->within), fleet.fleet),
        std::move(figures));
  }
  figures["size"] = fleet.size;
  return hold(
      kShare,
      fmt::format("{}: of the {} targets of the fleet {}, {} are out of service or were within {}, and {} may be",
                  approve, fleet.size, fleet.fleet, fleet.out, format_duration(limits.share->within), fleet.most),
      std::move(figures));
}

std::optional<Verdict> ask_rule_breaker(const GateFacts& facts) {
  if (!facts.rule_breaker || facts.approved() || facts.charged) return std::nullopt;
  const OpenRuleBreaker& open = *facts.rule_breaker;
  return wait(
      kRuleBreaker,
      fmt::format("kedge resume --scope rule:{} lets the rule go on, kedge remediation approve {} this one alone: "
                  "{} of its last {} remediations{}{} failed, so it starts none since {}, but one to see at {}. "
                  "The last failure: {}",
                  facts.rule, facts.remediation, open.failed, open.counted,
                  open.account.empty() ? "" : " on the account ", open.account, format_time(open.since),
                  format_time(open.until), open.error),
      figures_of(open), std::max({open.until, open.due, facts.now}));
}

// Whoever may act has to wait, too: a yes does not make an endpoint answer.
std::optional<Verdict> ask_breaker(const GateFacts& facts) {
  if (!facts.breaker) return std::nullopt;
  return wait(kBreaker, reason_of(*facts.breaker, facts.remediation, facts.state), figures_of(*facts.breaker),
              std::max(facts.breaker->until, facts.now));
}

std::optional<Verdict> ask_locks(const GateFacts& facts) {
  if (facts.locked_by.empty()) return std::nullopt;
  return wait(kLocksGuard,
              fmt::format("waits until {} has ended (kedge remediation show {})", fmt::join(facts.locked_by, ", "),
                          facts.locked_by.front()),
              {{"remediations", facts.locked_by}}, std::nullopt);
}

// Of all that are spent the one that has room last: whoever comes back then does not come in vain.
std::optional<BudgetFigures> last_to_have_room(const std::vector<BudgetFigures>& budgets) {
  std::optional<BudgetFigures> last;
  for (const BudgetFigures& one : budgets) {
    if (!one.is_spent()) continue;
    if (!last || (last->room && (!one.room || *one.room > *last->room))) last = one;
  }
  return last;
}

std::optional<Verdict> ask_budgets(const GateFacts& facts) {
  if (facts.approved() || facts.charged) return std::nullopt;
  const auto spent = last_to_have_room(facts.budgets);
  if (!spent) return std::nullopt;
  const Json figures = {{"scope", spent->scope},
                        {"spent", spent->spent},
                        {"most", spent->budget.most},
                        {"within_us", spent->budget.within.count()}};
  const std::string reason = fmt::format(
      "{} remediations of {} started within {}, and {} may{}. kedge remediation approve {} lets it pass at once",
      spent->spent, spent->scope == "all" ? "all rules" : spent->scope, format_duration(spent->budget.within),
      spent->budget.most, spent->room ? "; there is room for it at " + format_time(*spent->room) : "",
      facts.remediation);
  if (!spent->room) return hold("budget", reason, figures);
  return wait("budget", reason, figures, spent->room);
}

template <class T>
void tighten(T& limit, const std::optional<T>& wanted) {
  if (wanted) limit = std::min(limit, *wanted);
}

// Where the engine has none, the rule's number counts within the usual time.
void tighten(std::optional<Budget>& limit, const std::optional<Budget>& usual, const std::optional<int>& most) {
  if (!most) return;
  if (!limit) limit = Budget{*most, usual->within};
  limit->most = std::min(limit->most, *most);
}

}  // namespace

GateLimits tightened(GateLimits limits, const Limits& rule) {
  const GateLimits usual;
  tighten(limits.flap, usual.flap, rule.flap);
  tighten(limits.mass_match, usual.mass_match, rule.mass_match);
  if (rule.share) {
    if (!limits.share) limits.share = usual.share;
    tighten(limits.share->percent, rule.share);
  }
  if (rule.failures_in_a_row || rule.failures_of_ten) {
    if (!limits.rule_breaker) limits.rule_breaker = usual.rule_breaker;
    tighten(limits.rule_breaker->in_a_row, rule.failures_in_a_row);
    tighten(limits.rule_breaker->of_ten, rule.failures_of_ten);
  }
  tighten(limits.approval_within, rule.approval_within);
  tighten(limits.stale_after, rule.stale_after);
  return limits;
}

namespace {

Verdict first_to_mind(const GateFacts& facts, const GateLimits& limits) {
  if (auto verdict = ask_rule(facts)) return *verdict;
  if (auto verdict = ask_restored(facts)) return *verdict;
  if (auto verdict = ask_pauses(facts)) return *verdict;
  if (auto verdict = ask_exception(facts)) return *verdict;
  if (auto verdict = ask_self_protection(facts)) return *verdict;
  if (auto verdict = ask_age(facts, limits)) return *verdict;
  if (auto verdict = ask_reconcile(facts)) return *verdict;
  if (auto verdict = ask_flap(facts, limits)) return *verdict;
  if (auto verdict = ask_mass_match(facts, limits)) return *verdict;
  if (auto verdict = ask_window(facts, limits)) return *verdict;
  if (auto verdict = ask_approval(facts, limits)) return *verdict;
  if (auto verdict = ask_share(facts, limits)) return *verdict;
  if (auto verdict = ask_rule_breaker(facts)) return *verdict;
  if (auto verdict = ask_breaker(facts)) return *verdict;
  if (auto verdict = ask_locks(facts)) return *verdict;
  if (auto verdict = ask_budgets(facts)) return *verdict;
  return {};
}

}  // namespace

// Nobody's word is awaited for ever. What stands half done has to be decided by somebody.
Verdict gate(const GateFacts& facts, const GateLimits& limits) {
  Verdict verdict = first_to_mind(facts, limits);
  if (verdict.kind == Verdict::Kind::hold && !verdict.due && !facts.charged) verdict.due = facts.now + limits.held_most;
  return verdict;
}

Verdict gate_again(const GateFacts& facts) {
  if (auto verdict = ask_rule(facts)) return *verdict;
  if (auto verdict = ask_pauses(facts)) return *verdict;
  if (auto verdict = ask_breaker(facts)) return *verdict;
  return {};
}

Verdict gate_undo(const GateFacts& facts) {
  auto verdict = ask_pauses(facts);
  if (!verdict) return ask_breaker(facts).value_or(Verdict{});
  verdict->kind = Verdict::Kind::wait;
  verdict->due = facts.now + kUndoAgainAfter;
  return *verdict;
}

}  // namespace kedge
