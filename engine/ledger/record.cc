#include "ledger/record.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/json.h"
#include "guard/gate.h"
#include "ledger/restoration.h"
#include "ledger/throttle.h"
#include "ledger/values_json.h"

namespace kedge {
namespace {

Json digest_reference(std::string_view bytes) { return {{"sha256", sha256(bytes).hex()}, {"bytes", bytes.size()}}; }

Json event_json(const EventReference& event) {
  Json json = to_json(event);
  json["document_sha256"] = event.document.empty() ? "" : sha256(event.document).hex();
  return json;
}

Json rule_json(const RuleVersion& rule) {
  Json json = Json::object();
  json["id"] = rule.id;
  json["version"] = rule.version;
  return json;
}

// What came of an event that was decided anew.
Json became_json(const CommitBatch& decided, const std::vector<Disposition>& dispositions) {
  Json remediations = Json::array();
  int64_t duplicates = 0;
  for (const Disposition& one : dispositions) {
    if (one.kind == Disposition::Kind::duplicate) {
      ++duplicates;
    } else {
      remediations.push_back(one.remediation);
    }
  }
  return {{"remediations", std::move(remediations)},
          {"duplicates", duplicates},
          {"suppressions", decided.suppressions.size()}};
}

Json plan_json(const Plan& plan, const Json& shown) { return shown.is_null() ? to_json(plan) : shown; }

// The same value, with what canonical JSON cannot carry as text.
Json recordable(const Json& value) {
  switch (value.type()) {
    case Json::value_t::string: {
      const auto& text = value.get_ref<const std::string&>();
      return is_utf8(text) ? value : Json("base64:" + to_base64(text));
    }
    case Json::value_t::array: {
      Json list = Json::array();
      for (const Json& item : value) list.push_back(recordable(item));
      return list;
    }
    case Json::value_t::object: {
      Json object = Json::object();
      for (const auto& [key, item] : value.items()) object[recordable(Json(key)).get<std::string>()] = recordable(item);
      return object;
    }
    default:
      return canonical_json(value) ? value : Json(value.dump());
  }
}

std::string canonical(const Json& value) {
  auto text = canonical_json(value);
  if (!text) text = canonical_json(recordable(value));
  return text ? *text : "null";
}

Json ranges_of(const DeadLetterRange& range) {
  return {{"first", range.first}, {"last", range.last}, {"count", range.count}};
}

Json where_of(const std::string& source, const std::string& topic, int32_t partition) {
  return {{"source", source}, {"topic", topic}, {"partition", partition}};
}

Json position_json(const Position& position) {
  Json json = {{"cluster", position.cluster}, {"epoch", position.epoch}, {"next", position.next}};
  if (position.bookmark)
    json["bookmark"] = {{"offset", position.bookmark->offset},
                        {"timestamp", format_time(position.bookmark->timestamp)},
                        {"sha256", position.bookmark->digest.hex()}};
  return json;
}

}  // namespace

Sealed seal(Record record, int64_t seq, Time at, size_t bytes_max) {
  Json whole = std::move(record.body);
  whole["v"] = 1;
  whole["seq"] = seq;
  whole["at"] = format_time(at);
  whole["kind"] = record.kind;
  Sealed sealed;
  sealed.bytes = canonical(whole);
  if (sealed.bytes.size() <= bytes_max) return sealed;

  std::vector<std::pair<std::string, std::string>> members;  // name, canonical text
  for (const auto& [name, value] : whole.items()) {
    if (name != "v" && name != "seq" && name != "at" && name != "kind") members.emplace_back(name, canonical(value));
  }
  std::stable_sort(members.begin(), members.end(),
                   [](const auto& a, const auto& b) { return a.second.size() > b.second.size(); });
  for (auto& [name, text] : members) {
    whole[name] = digest_reference(text);
    sealed.parts.push_back(std::move(text));
    sealed.bytes = canonical(whole);
    if (sealed.bytes.size() <= bytes_max) break;
  }
  return sealed;
}

Record genesis_record(const std::string& ledger_id, int schema) {
  return {"genesis", {{"ledger", ledger_id}, {"incarnation", 1}, {"schema", schema}}};
}

Record restoration_record(const Restoration& restoration, const std::string& ledger_id, const std::string& actor) {
  Json body = {{"ledger", ledger_id},
               {"incarnation", restoration.incarnation},
               {"from", restoration.backup.head},
               {"actor", actor}};
  if (restoration.head > restoration.backup.head + 1) {
    body["missing"] = {{"first", restoration.backup.head + 1}, {"last", restoration.head - 1}};
  }
  if (const auto& former = restoration.former) {
    body["former"] = {{"ledger", former->ledger_id}, {"incarnation", former->incarnation}, {"head", former->head}};
  }
  if (restoration.known) {
    body["known"] = *restoration.known;
    body["dropped"] = restoration.dropped;
  }
  if (restoration.outdated > 0) body["outdated"] = restoration.outdated;
  return {"restoration", std::move(body)};
}

Record plan_record(const Finding& finding, const std::string& disposition, const Remediation& open) {
  Json plan = to_json(finding.plan);
  Json body = about(open);
  body["disposition"] = disposition;
  body["state"] = to_string(open.state);
  body["key"] = finding.key;
  body["origin"] = finding.origin;
  if (!finding.requester.empty()) body["requester"] = finding.requester;
  if (finding.redrive > 0) body["redrive"] = finding.redrive;
  body["plan_sha256"] = sha256(canonical(plan)).hex();
  if (finding.shown_plan.is_null()) {
    body["plan"] = std::move(plan);
  } else {
    body["plan"] = finding.shown_plan;
  }
  body["policy"] = to_json(finding.policy);
  body["event"] = event_json(finding.event);
  body["times"] = to_json(finding.times);
  return {"plan", std::move(body)};
}

Record suppression_record(const Suppression& suppression) {
  Json body = {{"rule", rule_json(suppression.plan.rule)},
               {"target", suppression.plan.target},
               {"key", suppression.key},
               {"guard", suppression.guard},
               {"reason", suppression.reason},
               {"figures", suppression.figures},
               {"plan", plan_json(suppression.plan, suppression.shown_plan)},
               {"plan_sha256", digest_of(suppression.plan).hex()},
               {"policy", to_json(suppression.policy)},
               {"event", event_json(suppression.event)},
               {"times", to_json(suppression.times)}};
  if (suppression.redrive > 0) body["redrive"] = suppression.redrive;
  return {"suppression", std::move(body)};
}

Record folded_record(const FoldedSuppressions& folded) {
  return {"suppression",
          {{"rule", {{"id", folded.rule}}},
           {"minute", format_time(Time(std::chrono::minutes(folded.minute)))},
           {"count", folded.count},
           {"folded", folded.folded},
           {"list_sha256", folded.digest.hex()}}};
}

Digest fold(const Digest& before, const Suppression& suppression) {
  return sha256(std::string(before.as_bytes()) +
                canonical(Json{suppression.key, suppression.guard, suppression.plan.target}));
}

Record dead_letter_record(const DeadLetter& letter) {
  Json body = where_of(letter.source, letter.topic, letter.partition);
  body["offset"] = letter.offset;
  body["index"] = letter.index;
  body["reason"] = letter.reason;
  body["message"] = letter.message;
  body["value"] = {{"sha256", letter.value_digest.hex()}, {"bytes", letter.value_bytes}};
  if (letter.rule.empty()) return {"dead_letter", std::move(body)};
  body["rule"] = {{"id", letter.rule}, {"version", letter.rule_version}};
  return {"rule_failure", std::move(body)};
}

Record dead_letter_record(const DeadLetterRange& range) {
  Json body = where_of(range.source, range.topic, range.partition);
  body["reason"] = "limit";
  body["message"] =
      "a limit of dead letters of this source and rule is reached: of those beyond it only the range of offsets is "
      "kept";
  body["range"] = ranges_of(range);
  if (range.rule.empty()) return {"dead_letter", std::move(body)};
  body["rule"] = {{"id", range.rule}};
  return {"rule_failure", std::move(body)};
}

Record position_record(const ClaimPositions::Claim& claim, const Position& now, const std::string& actor) {
  Json body = to_json(claim.partition);
  body["note"] = claim.note;
  body["details"] = claim.details;
  body["now"] = position_json(now);
  body["actor"] = actor;
  if (claim.found) body["before"] = position_json(*claim.found);
  return {"position", std::move(body)};
}

Record position_record(const NotePosition& note) {
  Json body = to_json(note.partition);
  body["note"] = note.note;
  body["details"] = note.details;
  body["stopped"] = note.stop;
  body["reason"] = note.reason;
  return {"position", std::move(body)};
}

Record position_record(const SeekPosition& seek, const StoredPosition& before, const Position& now, int64_t ranges) {
  Json details = {{"from", before.position.next}, {"to", now.next}, {"text", seek.reason}};
  if (!before.stopped.empty()) details["stopped"] = before.stopped;
  if (ranges > 0) details["dead_letter_ranges"] = ranges;
  return position_record({seek.partition, before.position, now, "seek", std::move(details)}, now, seek.actor);
}

Json about(const Remediation& r) {
  Json json = Json::object();
  json["remediation"] = r.id;
  json["rule"] = rule_json(r.plan.rule);
  json["target"] = r.plan.target;
  return json;
}

Record move_record(const Remediation& after, const Transition& transition, const Json& details) {
  Json body = about(after);
  body["from"] = to_string(transition.from);
  body["to"] = to_string(transition.to);
  if (!after.guard.empty()) {
    body["guard"] = after.guard;
    body["figures"] = after.figures;
  }
  if (!after.reason.empty()) body["reason"] = after.reason;
  if (after.due) body["due"] = format_time(*after.due);
  body.update(details);
  return {std::string(transition.record), std::move(body)};
}

Json attempt_details(const Remediation& r, size_t step, int attempt, const std::string& mark, bool undo) {
  return {{"step", step},       {"action", r.plan.effects()[step]->action},
          {"attempt", attempt}, {"mark", mark},
          {"undo", undo},       {"touches", r.touches}};
}

Json befores_details(const Start& start) {
  Json befores = Json::array();
  for (const StepBefore& before : start.befores) {
    befores.push_back({{"step", before.step},
                       {"holds", before.holds},
                       {"state", before.state.shown},
                       {"sha256", sha256(canonical(before.state.shown)).hex()}});
  }
  return {{"befores", std::move(befores)}};
}

Json approval_details(const Remediation& r) {
  Json states = Json::array();
  for (const StepProgress& step : r.steps) states.push_back(step.before ? step.before->shown : Json());
  Json details = Json::object();
  details["plan_sha256"] = digest_of(r.plan).hex();
  details["befores_sha256"] = sha256(canonical(states)).hex();
  return details;
}

Json outcome_details(const Remediation& r, const StepOutcome& outcome) {
  Json details = {{"step", outcome.step},
                  {"attempt", outcome.attempt},
                  {"mark", outcome.mark},
                  {"result", to_string(outcome.result)},
                  {"code", outcome.code},
                  {"message", outcome.message},
                  {"request_ids", outcome.request_ids},
                  {"writes", outcome.writes},
                  {"started", format_time(outcome.started)},
                  {"finished", format_time(outcome.finished)}};
  if (outcome.step < r.steps.size()) details["action"] = r.plan.effects()[outcome.step]->action;
  if (outcome.after) details["after"] = outcome.after->shown;
  return details;
}

Record outcome_record(const Remediation& r, const StepOutcome& outcome) {
  Json body = about(r);
  body.update(outcome_details(r, outcome));
  body["from"] = to_string(r.state);
  body["to"] = to_string(r.state);
  return {"outcome", std::move(body)};
}

Json conclusion_details(const Remediation& ended, const Conclude& conclude) {
  Json afters = Json::array();
  for (const auto& [step, state] : conclude.afters) afters.push_back({{"step", step}, {"state", state.shown}});
  Json steps = Json::array();
  const auto effects = ended.plan.effects();
  for (size_t i = 0; i < ended.steps.size(); ++i) {
    steps.push_back({{"action", effects[i]->action},
                     {"status", to_string(ended.steps[i].status)},
                     {"attempts", ended.steps[i].attempts}});
  }
  Json details = {{"afters", std::move(afters)}, {"steps", std::move(steps)}, {"phases", phases_of(ended)}};
  if (!conclude.details.empty()) details["details"] = conclude.details;
  return details;
}

Record exception_record(const std::string& action, const Exception& exception, const std::string& actor) {
  return {"exception",
          {{"action", action},
           {"exception", exception.id},
           {"rule", {{"id", exception.rule}}},
           {"target", exception.target},
           {"owner", exception.owner},
           {"reason", exception.reason},
           {"expires", format_time(exception.expires)},
           {"actor", actor}}};
}

Record pause_record(const Pause& pause) {
  return {"pause", {{"scope", pause.scope}, {"reason", pause.reason}, {"actor", pause.by}}};
}

Record resume_record(const Pause& ended, const std::string& actor) {
  return {"resume", {{"scope", ended.scope}, {"paused_since", format_time(ended.since)}, {"actor", actor}}};
}

Record resume_record(const std::string& rule, const MassMatch& ended, const std::string& actor) {
  Json body = Json::object();
  body["scope"] = "rule:" + rule;
  body["guard"] = kMassMatch;
  body["figures"] = {{"targets", ended.targets}};
  body["paused_since"] = format_time(ended.since);
  body["actor"] = actor;
  return {"resume", std::move(body)};
}

Record resume_record(const std::string& rule, const std::string& account, const RuleBreaker& ended,
                     const std::string& actor) {
  Json body = Json::object();
  body["scope"] = "rule:" + rule;
  body["guard"] = kRuleBreaker;
  body["figures"] = {{"account", account}, {"failed", ended.breaker.failed()}, {"counted", ended.breaker.counted()}};
  body["paused_since"] = format_time(ended.breaker.since());
  body["actor"] = actor;
  return {"resume", std::move(body)};
}

Record redrive_record(const CloseDeadLetters& change, const std::vector<int64_t>& closed) {
  return {"redrive", {{"numbers", closed}, {"outcome", change.outcome}, {"actor", change.actor}}};
}

Record redrive_record(const RedriveDeadLetter& change, const std::vector<Disposition>& dispositions) {
  Json body = {{"numbers", {change.number}}, {"outcome", change.outcome}, {"actor", change.actor}};
  if (change.failure) {
    body["reason"] = change.failure->reason;
    body["message"] = change.failure->message;
    return {"redrive", std::move(body)};
  }
  body.update(became_json(change.decided, dispositions));
  body["failures"] = change.decided.dead_letters.size();
  return {"redrive", std::move(body)};
}

Record rerun_record(const RerunEvent& change, const std::vector<Disposition>& dispositions) {
  Json body = {{"rule", rule_json(change.rule)},
               {"redrive", change.redrive},
               {"actor", change.actor},
               {"reason", change.reason},
               {"outcome", change.outcome}};
  if (change.remediation.empty()) {
    body["suppression"] = change.suppression;
  } else {
    body["rerun_of"] = change.remediation;
  }
  if (!change.message.empty()) body["message"] = change.message;
  body.update(became_json(change.decided, dispositions));
  return {"rerun", std::move(body)};
}

Record rules_record(const LoadRules& change, int64_t claims_ended) {
  Json rules = Json::array();
  for (const LoadedRule& rule : change.rules) {
    Json one = {{"id", rule.id}, {"version", rule.version}, {"mode", to_string(rule.policy.mode)}};
    if (!rule.bundle.empty()) one["bundle"] = digest_reference(rule.bundle);
    rules.push_back(std::move(one));
  }
  Json body = {{"digest", change.digest},
               {"directory", change.directory},
               {"count", change.rules.size()},
               {"rules", std::move(rules)}};
  if (claims_ended > 0) body["claims_ended"] = claims_ended;
  return {"rules_loaded", std::move(body)};
}

Record claim_record(const Claim& expired) {
  return {"claim_expiry",
          {{"rule", rule_json(expired.plan.rule)},
           {"target", expired.plan.target},
           {"claim", expired.remediation},
           {"confirmed", format_time(expired.confirmed)},
           {"last_seen", format_time(expired.last_seen)}}};
}

Record start_record(const NoteStart& change) {
  return {"start",
          {{"version", change.version},
           {"configuration_sha256", change.configuration_digest},
           {"loosened", change.loosened},
           {"boot", change.boot_id}}};
}

Record stop_record(const NoteStop& change) { return {"stop", {{"reason", change.reason}}}; }

Record clock_record(const AcceptClock& change, Time now, Duration ahead) {
  return {"clock_acceptance",
          {{"actor", change.actor},
           {"reason", change.reason},
           {"wall", format_time(now + ahead)},
           {"ahead", int64_t{ahead.count()}}}};
}

Record alarm_record(const RaiseAlarm& change) {
  return {"alarm", {{"alarm", change.kind}, {"message", change.message}, {"details", change.details}}};
}

Record notice_record(const Notice& notice, bool delivered, int status, const std::string& error) {
  Json body = {{"notice", notice.id},
               {"channel", notice.channel},
               {"type", notice.type},
               {"about", notice.data.value("seq", Json())},
               {"folded", 0},
               {"delivered", delivered},
               {"attempts", notice.attempts + 1},
               {"status", status},
               {"error", error}};
  if (notice.type == kDigestType) {
    const Json& data = notice.data;
    body.update({{"folded", data.at("count")}, {"of", data.at("of")}, {"until", data.at("last").at("seq")}});
    if (data.contains("rule")) body["rule"] = {{"id", data["rule"]}};
  }
  return {"notice", std::move(body)};
}

}  // namespace kedge
