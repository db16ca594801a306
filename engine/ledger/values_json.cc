#include "ledger/values_json.h"

#include "base/json.h"

namespace kedge {
namespace {

Json to_json(const CapturedState& state) { return {{"full", state.full}, {"shown", state.shown}}; }

CapturedState state_from_json(const Json& json) { return {json.at("full"), json.at("shown")}; }

Time time_at(const Json& json) {
  const auto time = parse_time(json.get<std::string>());
  if (!time) throw Json::other_error::create(501, time.error().message, &json);
  return *time;
}

void put(Json& json, const char* name, const std::optional<Time>& time) {
  if (time) json[name] = format_time(*time);
}

void get(const Json& json, const char* name, std::optional<Time>& time) {
  if (json.contains(name)) time = time_at(json.at(name));
}

StepStatus status_from(const std::string& text) {
  for (const StepStatus status :
       {StepStatus::pending, StepStatus::attempted, StepStatus::applied, StepStatus::already, StepStatus::failed}) {
    if (to_string(status) == text) return status;
  }
  return StepStatus::undone;
}

EventReference event_from_json(const Json& json) {
  EventReference event;
  event.source = json.at("source");
  event.id = json.at("id");
  event.document_digest = json.at("document_sha256");
  event.account = json.at("account");
  const Json& partition = json.at("partition");
  event.partition = {partition.at("source"), partition.at("topic"), partition.at("partition")};
  event.offset = json.at("offset");
  event.index = json.at("index");
  event.principal = json.at("principal");
  event.session = json.at("session");
  event.agent = json.at("agent");
  event.address = json.at("address");
  event.request_id = json.at("request_id");
  return event;
}

}  // namespace

Json to_json(const PartitionId& partition) {
  Json json = Json::object();
  json["source"] = partition.source;
  json["topic"] = partition.topic;
  json["partition"] = partition.partition;
  return json;
}

Json to_json(const EventReference& event) {
  Json json = Json::object();
  json["source"] = event.source;
  json["id"] = event.id;
  json["account"] = event.account;
  json["partition"] = to_json(event.partition);
  json["offset"] = event.offset;
  json["index"] = event.index;
  json["principal"] = event.principal;
  json["session"] = event.session;
  json["agent"] = event.agent;
  json["address"] = event.address;
  json["request_id"] = event.request_id;
  json["document_sha256"] = event.document_digest;
  return json;
}

Json to_json(const FindingTimes& times) {
  Json json = Json::object();
  json["received"] = format_time(times.received);
  json["decided"] = format_time(times.decided);
  put(json, "happened", times.happened);
  return json;
}

Json to_json(const StepProgress& step) {
  Json json = Json::object();
  json["status"] = to_string(step.status);
  json["attempts"] = step.attempts;
  json["mark"] = step.mark;
  json["undo"] = step.undo;
  if (step.undo_attempts > 0) json["undo_attempts"] = step.undo_attempts;
  if (step.after_all) json["after_all"] = true;
  if (step.before) json["before"] = to_json(*step.before);
  if (step.after) json["after"] = to_json(*step.after);
  return json;
}

StepProgress step_from_json(const Json& json) {
  StepProgress step;
  step.status = status_from(json.at("status"));
  step.attempts = json.at("attempts");
  step.mark = json.at("mark");
  step.undo = json.at("undo");
  step.undo_attempts = json.value("undo_attempts", 0);
  step.after_all = json.value("after_all", false);
  if (json.contains("before")) step.before = state_from_json(json.at("before"));
  if (json.contains("after")) step.after = state_from_json(json.at("after"));
  return step;
}

Json fixed_part(const Remediation& r) {
  Json json = Json::object();
  json["key"] = r.key;
  json["plan"] = to_json(r.plan);
  json["shown_plan"] = r.shown_plan;
  json["policy"] = to_json(r.policy);
  json["event"] = to_json(r.event);
  json["times"] = to_json(r.times);
  json["origin"] = r.origin;
  if (!r.requester.empty()) json["requester"] = r.requester;
  return json;
}

void read_fixed_part(const Json& json, Remediation& r) {
  auto plan = plan_from_json(json.at("plan"));
  if (!plan) throw Json::other_error::create(501, plan.error().message, &json);
  auto policy = policy_from_json(json.at("policy"));
  if (!policy) throw Json::other_error::create(501, policy.error().message, &json);
  r.key = json.at("key");
  r.plan = *std::move(plan);
  r.shown_plan = json.at("shown_plan");
  r.policy = *std::move(policy);
  r.event = event_from_json(json.at("event"));
  const Json& times = json.at("times");
  get(times, "happened", r.times.happened);
  r.times.received = time_at(times.at("received"));
  r.times.decided = time_at(times.at("decided"));
  r.origin = json.at("origin");
  r.requester = json.value("requester", "");
}

Json moving_part(const Remediation& r) {
  Json json = Json::object();
  json["touches"] = r.touches;
  json["last_finding"] = r.last_finding;
  if (r.observed_from > 0) json["observed_from"] = r.observed_from;
  json["guard"] = r.guard;
  json["reason"] = r.reason;
  json["figures"] = r.figures;
  put(json, "first_effect", r.first_effect);
  put(json, "last_effect", r.last_effect);
  put(json, "ended", r.ended);
  put(json, "due", r.due);
  if (r.let_go) json["let_go"] = true;
  if (!r.charges.empty()) {
    Json charges = Json::object();
    for (const Charge& charge : r.charges) charges[charge.ring] = charge.slot;
    json["charges"] = std::move(charges);
  }
  return json;
}

void read_moving_part(const Json& json, Remediation& r) {
  r.touches = json.at("touches").get<std::vector<std::string>>();
  r.last_finding = json.at("last_finding");
  r.observed_from = json.value("observed_from", int64_t{0});
  r.guard = json.at("guard");
  r.reason = json.at("reason");
  r.figures = json.at("figures");
  get(json, "first_effect", r.first_effect);
  get(json, "last_effect", r.last_effect);
  get(json, "ended", r.ended);
  get(json, "due", r.due);
  r.let_go = json.value("let_go", false);
  const auto charges = json.find("charges");
  if (charges == json.end()) return;
  for (const auto& [ring, slot] : charges->items()) r.charges.push_back({ring, slot});
}

Json to_json(const Remediation& r) {
  Json json = fixed_part(r);
  json.update(moving_part(r));
  json["id"] = r.id;
  json["state"] = to_string(r.state);
  Json steps = Json::array();
  for (const StepProgress& step : r.steps) steps.push_back(to_json(step));
  json["steps"] = std::move(steps);
  return json;
}

Result<Remediation> remediation_from_json(const Json& json) {
  try {
    Remediation r;
    r.id = json.at("id");
    auto state = parse_state(json.at("state").get<std::string>());
    if (!state) return state.error();
    r.state = *state;
    read_fixed_part(json, r);
    read_moving_part(json, r);
    for (const Json& step : json.at("steps")) r.steps.push_back(step_from_json(step));
    return r;
  } catch (const Json::exception& cause) {
    return Error{ErrorCode::corrupt, std::string("a stored remediation cannot be read: ") + cause.what()};
  }
}

Json claim_part(const Claim& claim) {
  return {{"plan", to_json(claim.plan)},
          {"shown_plan", claim.shown_plan},
          {"policy", to_json(claim.policy)},
          {"account", claim.account},
          {"found", claim.found}};
}

void read_claim_part(const Json& json, Claim& claim) {
  auto plan = plan_from_json(json.at("plan"));
  if (!plan) throw Json::other_error::create(501, plan.error().message, &json);
  auto policy = policy_from_json(json.at("policy"));
  if (!policy) throw Json::other_error::create(501, policy.error().message, &json);
  claim.plan = *std::move(plan);
  claim.shown_plan = json.at("shown_plan");
  claim.policy = *std::move(policy);
  claim.account = json.at("account");
  claim.found = json.at("found");
}

Json phases_of(const Remediation& r) {
  Json phases = Json::object();
  const auto phase = [&](const char* name, std::optional<Time> from, std::optional<Time> to) {
    if (from && to) phases[name] = Duration(*to - *from).count();
  };
  phase("detection", r.times.happened, r.times.received);
  phase("evaluation", r.times.received, r.times.decided);
  phase("response", r.times.decided, r.first_effect);
  phase("recovery", r.first_effect, r.last_effect);
  phase("confirmation", r.last_effect, r.ended);
  return phases;
}

}  // namespace kedge
