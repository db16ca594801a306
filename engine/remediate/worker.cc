#include "remediate/worker.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "guard/admission.h"

namespace kedge {
namespace {

// How long to wait before the ledger is read again when it could not be read.
constexpr Duration kReadAgainAfter = std::chrono::seconds(1);

// Actions come from many hands, plug-ins among them: what they throw ends here.
template <class Call>
auto guarded(const std::string& action, Call call) -> decltype(call()) {
  try {
    return call();
  } catch (const std::exception& failure) {
    spdlog::error("action {} threw: {}", action, failure.what());
    return ActionError{ActionError::Kind::unknown, "exception", action + " threw: " + failure.what(), std::nullopt};
  }
}

}  // namespace

std::unique_ptr<Job> Worker::make_job(Remediation remediation, bool resumed) const {
  auto job = std::make_unique<Job>();
  job->id = remediation.id;
  job->isolates = !remediation.plan.isolate.empty();
  job->course = std::make_unique<Course>(std::move(remediation), edges_.actions.catalog(), options_, edges_.random,
                                         moment(), resumed);
  job->endpoint = job->course->first_endpoint();
  for (const std::string& key : job->course->touches()) job->keys.push_back(hash_of_key(key));
  return job;
}

std::unique_ptr<Job> Worker::job_at_rest(const LedgerReader::Unfinished& open) {
  auto job = std::make_unique<Job>();
  job->id = open.id;
  job->isolates = open.isolates;
  job->resumed = true;
  job->endpoint = kLedgerEndpoint;
  return job;
}

Moment Worker::moment() const {
  const Time now = edges_.committer.now();
  return {edges_.clock.elapsed(), now, edges_.committer.head(), edges_.effects_stopped(nullptr),
          [this, now](const std::string& endpoint) { return edges_.breakers.shut(endpoint, now); }};
}

Worker::Rest Worker::run(Job& job) {
  if (job.course == nullptr) {
    if (auto rest = begin(job)) return *rest;
  } else if (job.reread) {
    if (auto rest = reread(job, false)) return *rest;
  }
  job.begun = true;
  const auto put_off = std::exchange(job.put_off, std::nullopt);
  if (put_off && edges_.clock.elapsed() - *put_off > options_.visibility_delay) job.course->grew_old(moment());
  for (;;) {
    const Turn turn = job.course->next(moment());
    auto rest = take_turn(job, turn);
    if (!rest) continue;
    if (may_rest(job, *rest)) {
      job.course.reset();
      job.begun = false;
      if (rest->until - edges_.clock.elapsed() > options_.in_hand) return Rest{Rest::Kind::over, {}};
    }
    return *rest;
  }
}

// Whether it waits by a row of the ledger, and for long: a course that begins from there goes the same way.
bool Worker::may_rest(const Job& job, const Rest& rest) const {
  const State state = job.course->remediation().state;
  return rest.kind == Rest::Kind::timed &&
         (state == State::waiting || state == State::held || state == State::isolated) && !job.course->knows_more() &&
         rest.until - edges_.clock.elapsed() > options_.visible_wait;
}

std::optional<Worker::Rest> Worker::take_turn(Job& job, const Turn& turn) {
  if (std::holds_alternative<Over>(turn)) return Rest{Rest::Kind::over, {}};
  if (const auto* wait = std::get_if<Wait>(&turn)) return Rest{Rest::Kind::timed, wait->until};
  if (std::holds_alternative<Reread>(turn)) return reread(job, true);
  ++turns_;
  if (const auto* observation = std::get_if<Look>(&turn)) return look(job, *observation);
  if (const auto* attempt = std::get_if<Work>(&turn)) return work(job, *attempt);
  if (const auto* wanted = std::get_if<Submit>(&turn)) return submit(job, *wanted);
  ask(job);
  return std::nullopt;
}

// An attempt is durable right before it is carried out: it needs the place of one that writes first.
std::optional<Worker::Rest> Worker::submit(Job& job, const Submit& submit) {
  if (opens_attempt(submit.change)) {
    if (winding_down_) return Rest{Rest::Kind::over, {}};
    const auto endpoint = job.course->written_by(submit.change);
    if (endpoint && !may_write(job, *endpoint)) {
      job.endpoint = *endpoint;
      job.put_off = edges_.clock.elapsed();
      return Rest{Rest::Kind::ready, {}};
    }
  }
  const Answer answer = edges_.committer.commit(submit.change);
  job.course->answered(moment(), answer);
  return std::nullopt;
}

// It keeps its place until it comes back from its turns.
bool Worker::may_write(Job& job, const std::string& endpoint) {
  if (endpoint != job.endpoint_held) return false;
  if (job.writes_at == endpoint) return true;
  if (!write_places_.take(endpoint, job.isolates)) return false;
  job.writes_at = endpoint;
  return true;
}

// Where the breaker has turned since the course was asked, it is asked anew.
std::optional<Worker::Rest> Worker::look(Job& job, const Look& look) {
  if (!look.timeout && elsewhere(job, *look.step)) return Rest{Rest::Kind::ready, {}};
  const std::string endpoint = job.course->endpoint_of(*look.step);
  const auto permit = edges_.breakers.admit(endpoint, edges_.committer.now(), options_.call_timeout);
  if (!permit) return std::nullopt;
  Health health;
  auto seen = observe(job.id, look, health);
  const bool impatient = look.timeout && health.outcome == Breaker::Outcome::bad;  // it had less time than others
  note(endpoint, *permit, impatient ? Health{} : health);
  job.course->looked(moment(), std::move(seen));
  return std::nullopt;
}

// An attempt that may not be carried out any more is kept back, as by a pause.
std::optional<Worker::Rest> Worker::work(Job& job, const Work& work) {
  if (elsewhere(job, *work.step)) return Rest{Rest::Kind::ready, {}};
  const std::string endpoint = job.course->endpoint_of(*work.step);
  const auto permit = edges_.breakers.admit(endpoint, edges_.committer.now(), options_.call_timeout);
  Worked worked;
  if (permit) {
    Health health;
    worked = carry_out(job.course->remediation(), work, health);
    note(endpoint, *permit, health);
  } else {
    worked.result = ActionError{ActionError::Kind::retry, "kept_back", "", {}};
    worked.kept_back = "the breaker of " + endpoint + " has opened";
    worked.began = edges_.clock.elapsed();
    worked.started = worked.finished = edges_.committer.now();
  }
  job.course->worked(moment(), std::move(worked));
  return std::nullopt;
}

// People are told when it opens, once for all that waits for it.
void Worker::note(const std::string& endpoint, Breaker::Permit permit, const Health& health) {
  const auto opened = edges_.breakers.note(endpoint, permit, health.outcome, health.trouble, edges_.committer.now());
  if (!opened) return;
  RaiseAlarm alarm;
  alarm.kind = "breaker-open";
  alarm.message = fmt::format(
      "{} does not answer as it should: {} of the last {} calls failed, so what is to be done there waits. One call is "
      "made at {} to see, and then less and less often; when it answers again, all goes on by itself. The last "
      "failure: "
      "{}",
      endpoint, opened->failed, opened->counted, format_time(opened->until), opened->error);
  alarm.details = figures_of(*opened);
  edges_.committer.commit(std::move(alarm));
}

Worker::Health Worker::health_of(const GatedClient& gate, const GatedHosts& hosts, const ActionError* error) {
  const bool throttled = error && error->throttled && gate.health() == Breaker::Outcome::good;
  if (throttled) return {Breaker::Outcome::bad, error->message};
  if (gate.health() != Breaker::Outcome::bad && hosts.health() != Breaker::Outcome::none) {
    return {hosts.health(), hosts.trouble()};
  }
  return {gate.health(), gate.trouble()};
}

// True when the step's calls go elsewhere than where the job has its place: it has to queue there.
bool Worker::elsewhere(Job& job, const Step& step) const {
  const std::string endpoint = job.course->endpoint_of(step);
  if (endpoint == job.endpoint_held) return false;
  job.endpoint = endpoint;
  return true;
}

// The course of one that lay in the ledger alone. Where its endpoint was not known, it has to queue there now.
std::optional<Worker::Rest> Worker::begin(Job& job) {
  Remediation stored;
  if (auto rest = read(job, stored)) return rest;
  auto begun = make_job(std::move(stored), job.resumed);
  job.course = std::move(begun->course);
  job.endpoint = std::move(begun->endpoint);
  job.keys = std::move(begun->keys);
  job.isolates = begun->isolates;
  if (job.endpoint != job.endpoint_held) return Rest{Rest::Kind::ready, {}};
  return std::nullopt;
}

// Begins a new course from what the ledger holds, unless that is what the course believes anyway.
std::optional<Worker::Rest> Worker::reread(Job& job, bool after_doubt) {
  Remediation stored;
  if (auto rest = read(job, stored)) return rest;
  if (!after_doubt && !job.course->over() && stored.state == job.course->remediation().state) return std::nullopt;
  auto renewed = make_job(std::move(stored), after_doubt);
  job.course = std::move(renewed->course);
  return std::nullopt;
}

std::optional<Worker::Rest> Worker::read(Job& job, Remediation& stored) {
  auto found = edges_.reader.remediation(job.id);
  job.reread = !found;
  if (found) {
    stored = *std::move(found);
    return std::nullopt;
  }
  if (found.error().code == ErrorCode::not_found) return Rest{Rest::Kind::over, {}};
  spdlog::error("remediation {} could not be read: {}", job.id, found.error().message);
  return Rest{Rest::Kind::timed, edges_.clock.elapsed() + kReadAgainAfter};
}

ActionResult<Observation> Worker::look_at(const std::string& remediation, const std::string& endpoint,
                                          const Step& step) {
  const auto permit = edges_.breakers.admit(endpoint, edges_.committer.now(), options_.call_timeout);
  if (!permit) return ActionError{ActionError::Kind::retry, "kept_back", "the breaker of " + endpoint + " is open", {}};
  Health health;
  auto seen = observe(remediation, Look{&step}, health);
  note(endpoint, *permit, health);
  return seen;
}

ActionResult<Observation> Worker::observe(const std::string& remediation, const Look& look, Health& health) {
  const Step& step = *look.step;
  const Action& action = *edges_.actions.find(step.action);
  const Duration timeout = std::min(options_.call_timeout, look.timeout.value_or(options_.call_timeout));
  const Duration deadline = edges_.clock.elapsed() + timeout;
  const EffectsStopped stopped = [this] { return edges_.effects_stopped(nullptr); };
  const CallGate::Permit permit{false, deadline, stop_.get_token()};
  GatedClient gate(edges_.http, edges_.clock, stopped, permit);
  GatedHosts hosts(edges_.hosts, edges_.clock, stopped, permit);
  Context context{gate, hosts, edges_.clock, remediation, "", agent_with_mark(options_.agent_version, ""), deadline};
  auto seen = guarded(step.action, [&] { return action.observe(context, step.args); });
  health = health_of(gate, hosts, seen ? nullptr : &seen.error());
  if (gate.misused() || hosts.misused()) {
    return ActionError{ActionError::Kind::refused, "internal", step.action + " tried to write while it observed",
                       std::nullopt};
  }
  const auto& kept_back = gate.kept_back() ? gate.kept_back() : hosts.kept_back();
  if (!seen && kept_back) return ActionError{ActionError::Kind::retry, "kept_back", *kept_back, {}};
  return seen;
}

Worked Worker::carry_out(const Remediation& remediation, const Work& work, Health& health) {
  const Step& step = *work.step;
  const Action& action = *edges_.actions.find(step.action);
  Worked worked;
  worked.began = edges_.clock.elapsed();
  worked.started = edges_.committer.now();
  const Duration deadline = worked.began + options_.call_timeout;
  const EffectsStopped stopped = [&] { return edges_.effects_stopped(&remediation); };
  const CallGate::Permit permit{true, deadline, stop_.get_token()};
  GatedClient gate(edges_.http, edges_.clock, stopped, permit);
  GatedHosts hosts(edges_.hosts, edges_.clock, stopped, permit);
  Context context{gate,           hosts,     edges_.clock,
                  remediation.id, work.mark, agent_with_mark(options_.agent_version, work.mark),
                  deadline};
  worked.result = guarded(step.action, [&] {
    return work.undo ? action.undo(context, step.args, work.before, work.after)
                     : action.apply(context, step.args, work.now);
  });
  health = health_of(gate, hosts, worked.result ? nullptr : &worked.result.error());
  worked.finished = edges_.committer.now();
  worked.request_ids = gate.request_ids();
  worked.writes = gate.writes() + hosts.writes();
  worked.unsure = gate.unsure() || hosts.unsure();
  worked.kept_back = gate.kept_back() ? gate.kept_back() : hosts.kept_back();
  ++attempts_;
  writes_ += worked.writes;
  return worked;
}

void Worker::ask(Job& job) {
  const auto stored = edges_.reader.remediation(job.id);
  const int64_t last_finding = stored ? stored->last_finding : job.course->remediation().last_finding;
  job.course->told(moment(), last_finding);
}

}  // namespace kedge
