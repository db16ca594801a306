#include "remediate/reconciler.h"

#include <spdlog/spdlog.h>

#include "base/id.h"
#include "guard/admission.h"
#include "ledger/claim.h"

namespace kedge {
namespace {

constexpr Duration kLongestNap = std::chrono::seconds(60);  // of threads that have nothing to do

// What proved it when it was confirmed: the plan's own steps for that, or all that has an effect.
std::vector<const Step*> steps_that_prove(const Plan& plan) {
  if (plan.confirm.empty()) return plan.effects();
  std::vector<const Step*> steps;
  for (const Step& step : plan.confirm) steps.push_back(&step);
  return steps;
}

void append(std::string& text, const std::string& part) {
  if (part.empty()) return;
  text += text.empty() ? part : "; " + part;
}

}  // namespace

Reconciler::Reconciler(ExecutorEdges edges, ExecutorOptions options, std::function<std::vector<OwnThing>()> own_things)
    : edges_(std::move(edges)),
      options_(std::move(options)),
      own_things_(std::move(own_things)),
      worker_(edges_, options_, write_places_),
      lead_(1),
      coming_back_(SIZE_MAX) {}

Reconciler::~Reconciler() { stop(); }

void Reconciler::start() {
  lead_.put(ClaimSchedule(options_.reconcile, edges_.committer.now()));
  for (int i = 0; i < options_.reconcile.places; ++i) threads_.emplace_back("kedge-reconcile", [this] { work(); });
}

void Reconciler::stop() {
  worker_.cancel();
  coming_back_.close();
  for (Thread& thread : threads_) thread.join();
  threads_.clear();
}

Reconciler::Figures Reconciler::figures() const {
  const int64_t round_at = round_at_;
  return {observed_,
          drifted_,
          unobserved_,
          findings_,
          passed_over_,
          claims_,
          round_at == 0 ? std::nullopt : std::optional(Time(Duration(round_at)))};
}

// ---- who looks, and when -------------------------------------------------------------------------------------------

void Reconciler::work() {
  while (auto look = next()) {
    look_at(look->claim);
    coming_back_.put(std::move(look->endpoint));
  }
}

// None when it is over.
std::optional<ClaimSchedule::Look> Reconciler::next() {
  while (!lead_.closed()) {
    auto schedule = lead_.take(kLongestNap);
    if (!schedule) continue;
    auto look = lead(*schedule);
    pulse_.waits();
    if (!look) {
      lead_.close();
      return std::nullopt;
    }
    lead_.put(*std::move(schedule));
    return look;
  }
  return std::nullopt;
}

std::optional<ClaimSchedule::Look> Reconciler::lead(ClaimSchedule& schedule) {
  Duration nap{0};
  for (;;) {
    pulse_.waits();
    for (const std::string& endpoint : coming_back_.take_all(nap)) schedule.came_back(endpoint);
    pulse_.works();
    if (coming_back_.closed()) return std::nullopt;
    read(schedule);
    if (auto look = schedule.take(edges_.clock.elapsed())) return look;
    nap = schedule.nap(edges_.committer.now(), edges_.clock.elapsed());
  }
}

void Reconciler::read(ClaimSchedule& schedule) {
  for (;;) {
    const Time now = edges_.committer.now();
    const auto part = schedule.part(now);
    if (!part) break;
    auto claims = edges_.reader.claims(part->after, part->until, part->limit);
    if (!claims) {
      spdlog::error("reconcile: the claims could not be read: {}", claims.error().message);
      return schedule.unread(now);
    }
    std::vector<ClaimSchedule::Look> looks;
    for (Claim& claim : *claims) {
      const auto steps = steps_that_prove(claim.plan);
      std::string endpoint = steps.empty() ? "" : endpoint_of(*steps.front());  // where its first call goes
      looks.push_back({std::move(claim), std::move(endpoint)});
    }
    schedule.read(now, *part, std::move(looks));
  }
  const ClaimSchedule::Figures& figures = schedule.figures();
  passed_over_ = figures.passed_over;
  claims_ = figures.claims;
  if (figures.round_at) round_at_ = figures.round_at->time_since_epoch().count();
}

std::string Reconciler::endpoint_of(const Step& step) const {
  const ActionSpec* spec = edges_.actions.catalog().find(step.action);
  return spec != nullptr && spec->endpoint ? spec->endpoint(step.args).name() : "";
}

// ---- one claim -----------------------------------------------------------------------------------------------------

void Reconciler::look_at(const Claim& claim) {
  const std::string& rule = claim.plan.rule.id;
  if (!edges_.committer.clock_doubt() && is_expired(claim, edges_.committer.now())) {
    edges_.committer.commit(ExpireClaim{rule, claim.plan.target, claim.remediation});
    return;
  }
  ++observed_;
  const Seen seen = observe(claim);
  if (seen.doubt) {
    ++unobserved_;
    spdlog::warn("reconcile: what {} confirmed about {} cannot be observed: {}", rule, claim.plan.target, *seen.doubt);
  } else if (!seen.holds) {
    ++drifted_;
    find(claim, seen.summary);
  }
}

// All of it, whatever the first step looks like: as many calls where it has drifted as where it has not.
Reconciler::Seen Reconciler::observe(const Claim& claim) {
  Seen all;
  const auto steps = steps_that_prove(claim.plan);
  if (steps.empty()) all.doubt = "its plan has no step that would show it";  // a ledger that others have written to
  for (const Step* step : steps) {
    const ActionSpec* spec = edges_.actions.catalog().find(step->action);
    if (spec == nullptr || spec->version != step->version) {
      all.doubt = "this engine has no action " + step->action + " as the plan asks for it";
      continue;
    }
    const auto seen = worker_.look_at(claim.remediation, endpoint_of(*step), *step);
    if (!seen && seen.error().kind == ActionError::Kind::gone) continue;  // nothing is left to be put right
    if (!seen) {
      all.doubt = seen.error().message;
    } else if (seen->hold) {
      all.doubt = *seen->hold;
    } else if (!seen->holds) {
      all.holds = false;
      append(all.summary, seen->summary);
    }
  }
  return all;
}

void Reconciler::find(const Claim& claim, const std::string& summary) {
  const Time now = edges_.committer.now();
  const FindDrift drift{
      claim.plan.rule.id, claim.plan.target, claim.remediation, make_uuid7(now, edges_.random), summary, now};
  const auto exceptions = edges_.reader.exceptions();
  if (!exceptions) {  // a guard that cannot be evaluated: nothing is done
    spdlog::error("reconcile: the exceptions cannot be read, so {} is left as it is: {}", drift.target,
                  exceptions.error().message);
    return;
  }
  AdmissionFacts facts;
  facts.now = edges_.committer.time_of_day();
  facts.happened = facts.now;
  for (const Exception& e : *exceptions) {
    facts.exceptions.push_back({e.id, e.rule, e.target, e.owner, e.reason, e.expires});
  }
  facts.touches = keys_touched(claim.plan, edges_.actions.catalog());
  if (own_things_) facts.own_things = own_things_();
  const Admission admission = admit(claim.plan, claim.policy, facts, {});
  if (admission.kind == Admission::Kind::suppress) return suppress(claim, drift, admission);
  const Answer answer = edges_.committer.commit(drift);
  if (answer.done()) {
    findings_ += static_cast<int64_t>(answer.dispositions.size());
  } else if (answer.outcome != Outcome::refused) {  // refused: it has ended, or was renewed, meanwhile
    spdlog::warn("reconcile: that {} has drifted could not be committed, and is found again in the next round: {}",
                 drift.target, answer.error.message);
  }
}

// On record once for each guard that says no.
void Reconciler::suppress(const Claim& claim, const FindDrift& drift, const Admission& admission) {
  Finding finding = finding_of(claim, drift, drift.observed);
  Suppression suppression;
  suppression.key = sha256(finding.key + " " + admission.guard).hex();
  suppression.plan = std::move(finding.plan);
  suppression.shown_plan = std::move(finding.shown_plan);
  suppression.policy = std::move(finding.policy);
  suppression.event = std::move(finding.event);
  suppression.times = finding.times;
  suppression.guard = admission.guard;
  suppression.reason = admission.reason;
  suppression.figures = admission.figures;
  CommitBatch batch;
  batch.suppressions.push_back(std::move(suppression));
  edges_.committer.commit(std::move(batch));
}

}  // namespace kedge
