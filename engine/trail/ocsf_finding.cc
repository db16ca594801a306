// What was found, and how it stands: Detection Finding, and where a file on a host was changed, File System Activity.
#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <map>

#include "base/json.h"
#include "trail/ocsf_event.h"
#include "trail/record_id.h"
#include "trail/record_text.h"

namespace kedge::ocsf {
namespace {

bool is_address(const std::string& text) {
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  return inet_pton(AF_INET, text.c_str(), bytes.data()) == 1 || inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1;
}

// ---- what was found ----

std::string finding_uid(const Told& told) {
  if (const std::string remediation = told.at("/remediation"); !remediation.empty()) return remediation;
  if (const std::string key = told.at("/key"); !key.empty()) return key;
  return "suppressions/" + told.at("/rule/id") + "/" + told.at("/minute");
}

std::string rule_of(const Told& told) {
  const std::string rule = told.at("/rule/id");
  return rule.empty() ? "unknown" : rule;
}

Json analytic(const Told& told) {
  const std::string mode = told.opening == nullptr ? "" : told.opening->mode;
  Json rule = {{"type_id", 1},
               {"type", "Rule"},
               {"name", rule_of(told)},
               {"uid", rule_of(told)},
               {"version", told.at("/rule/version")}};
  if (mode == "shadow" || mode == "canary") rule.update({{"state_id", 3}, {"state", "Experimental"}});
  if (mode == "enforce") rule.update({{"state_id", 1}, {"state", "Active"}});
  return without_empty(rule);
}

Json finding_info(const Told& told) {
  Json info = {
      {"uid", finding_uid(told)}, {"title", rule_of(told)}, {"analytic", analytic(told)}, {"types", {"drift"}}};
  if (told.opening == nullptr) return info;
  if (!told.opening->title.empty()) info["title"] = told.opening->title;
  info["created_time"] = milliseconds(told.opening->opened);
  info["first_seen_time"] = milliseconds(told.opening->happened);
  if (!told.opening->event_source.empty()) info["data_sources"] = {told.opening->event_source};
  return without_empty(info);
}

Json resources(const Told& told) {
  const TargetName target = told.target();
  Json resource = {{"uid", told.at("/target")}, {"name", target.name},
                   {"type", target.type},       {"role_id", 1},
                   {"role", "Target"},          {"namespace", target.name_space},
                   {"hostname", target.host},   {"cloud_partition", target.partition},
                   {"region", target.region}};
  return Json::array({without_empty(resource)});
}

// Who caused it, from where and by which call; empty: nothing is known.
Json evidence(const Told& told) {
  const Opening& cause = *told.opening;
  Json evidence = {
      {"data",
       without_empty({{"source", cause.event_source}, {"id", cause.event_id}, {"document_sha256", cause.document}})}};
  if (!cause.principal.empty()) evidence["actor"]["user"]["name"] = cause.principal;
  if (!cause.session.empty()) evidence["actor"]["session"]["uid"] = cause.session;
  if (!cause.address.empty()) evidence["src_endpoint"][is_address(cause.address) ? "ip" : "name"] = cause.address;
  if (!cause.agent.empty()) evidence["http_request"]["user_agent"] = cause.agent;
  const std::string operation = raw_text_at(told.event, "/detail/eventName");
  if (!operation.empty()) {
    evidence["api"]["operation"] = operation;
    const std::string service = raw_text_at(told.event, "/detail/eventSource");
    if (!service.empty()) evidence["api"]["service"]["name"] = service;
    if (!cause.request_id.empty()) evidence["api"]["request"]["uid"] = cause.request_id;
  }
  evidence = without_empty(evidence);
  const bool says_something = evidence.contains("data") || evidence.contains("actor") ||
                              evidence.contains("src_endpoint") || evidence.contains("api");
  return says_something ? Json::array({evidence}) : Json();
}

Event finding_event(const Told& told, Word activity, Word status) {
  Event event(told, kDetectionFinding, activity);
  event.put("status", status).place().put("finding_info", finding_info(told)).put("status_detail", told.at("/reason"));
  if (const std::string target = told.at("/target"); !target.empty()) {
    event.put("resources", resources(told));
    event.put("observables", Json::array({observable("resources.uid", observable_type::kResourceUid, target)}));
  }
  return event;
}

// The finding as it first shows: with who caused it.
Event first_finding(const Told& told, Word activity, Word status) {
  Event event = finding_event(told, activity, status);
  if (told.opening == nullptr) return event;
  event.put("evidences", evidence(told));
  Json observables = Json::array();
  if (const std::string target = told.at("/target"); !target.empty()) {
    observables.push_back(observable("resources.uid", observable_type::kResourceUid, target));
  }
  if (!told.opening->principal.empty()) {
    observables.push_back(observable("evidences.actor.user.name", observable_type::kUserName, told.opening->principal));
  }
  if (is_address(told.opening->address)) {
    observables.push_back(observable("evidences.src_endpoint.ip", observable_type::kIpAddress, told.opening->address));
  }
  if (!observables.empty()) event.put("observables", std::move(observables));
  return event;
}

// ---- the change of a file that led to it ----

// What sensors call what happened to a file; Unknown where the event does not say it in a word of these.
Word file_activity(const Json& event) {
  static const std::map<std::string, Word> kWords = {
      {"added", file::kCreate},      {"create", file::kCreate},
      {"created", file::kCreate},    {"modified", file::kUpdate},
      {"modify", file::kUpdate},     {"write", file::kUpdate},
      {"written", file::kUpdate},    {"update", file::kUpdate},
      {"updated", file::kUpdate},    {"deleted", file::kDelete},
      {"delete", file::kDelete},     {"removed", file::kDelete},
      {"renamed", file::kRename},    {"rename", file::kRename},
      {"moved", file::kRename},      {"attributes", file::kSetAttributes},
      {"chmod", file::kSetSecurity}, {"chown", file::kSetSecurity}};
  for (const char* place : {"/detail/operation", "/detail/event", "/detail/action", "/detail/syscheck/event"}) {
    std::string word = raw_text_at(event, place);
    std::transform(word.begin(), word.end(), word.begin(), [](unsigned char c) { return std::tolower(c); });
    if (const auto known = kWords.find(word); known != kWords.end()) return known->second;
  }
  return kUnknown;
}

Json file_event(const Told& told) {
  const TargetName target = told.target();
  const std::string principal = told.opening == nullptr ? "" : told.opening->principal;
  Event event(told, kFileActivity, file_activity(told.event));
  event.severity(severity::kInformational)
      .put("message",
           target.path + " on " + target.host + " was changed" + (principal.empty() ? "" : " by " + principal))
      .put("actor", Json{{"user", {{"name", principal.empty() ? "unknown" : principal}}}})
      .put("device", device_of(target.host))
      .put("file", file_of(target))
      .put("observables", Json::array({observable("file.path", observable_type::kFilePath, target.path)}))
      .put("unmapped", Json{{"event", told.record.contains("event") ? told.record["event"] : Json()}});
  if (told.opening != nullptr) event.put("time", milliseconds(told.opening->happened));
  return std::move(event).done();
}

// The finding, and behind it the change of the file, which the finding then names.
void add_with_its_file(const Told& told, Json found, std::vector<Json>& events) {
  if (told.target().form != TargetName::Form::file) return events.push_back(std::move(found));
  Json changed = file_event(told);
  found["finding_info"]["related_events"] = Json::array({{{"uid", record_id(told.entry) + "/2"},
                                                          {"type_uid", changed["type_uid"]},
                                                          {"type_name", changed["type_name"]},
                                                          {"severity_id", changed["severity_id"]},
                                                          {"severity", changed["severity"]}}});
  events.push_back(std::move(found));
  events.push_back(std::move(changed));
}

// ---- kinds of records ----

using Add = void (*)(const Told&, std::vector<Json>&);

void plan(const Told& told, std::vector<Json>& events) {
  const bool joined = told.at("/disposition") == "joined";
  Event event = joined ? first_finding(told, finding::kUpdate, finding::kInProgress)
                       : first_finding(told, finding::kCreate, finding::kNew);
  event.put("is_alert", !joined);
  add_with_its_file(told, std::move(event).done(), events);
}

void suppression(const Told& told, std::vector<Json>& events) {
  const std::string guard = told.at("/guard");
  const bool only_watches = guard == "mode" || guard == "canary";
  Event event = first_finding(told, finding::kCreate, finding::kSuppressed);
  event.put("is_alert", false);
  if (told.record.contains("folded")) {
    if (told.record["folded"].is_number_integer()) event.put("count", told.record["folded"]);
    event.put("start_time", milliseconds(told.at("/minute")));
    events.push_back(std::move(event).done());
    return;
  }
  event.control(only_watches ? action::kObserved : action::kDenied,
                only_watches ? disposition::kLogged : disposition::kNoAction);
  add_with_its_file(told, std::move(event).done(), events);
}

void hold(const Told& told, std::vector<Json>& events) {
  const bool held = told.at("/to") == "held";  // else it goes on by itself
  Event event = finding_event(told, finding::kUpdate, finding::kInProgress);
  event.control(other(held ? "Held" : "Deferred"), disposition::kDelayed).put("is_alert", held);
  events.push_back(std::move(event).done());
}

void approval(const Told& told, std::vector<Json>& events) {
  const bool by_person = told.record.contains("actor") && !told.record.contains("cause");
  Event event = finding_event(told, finding::kUpdate, finding::kInProgress);
  event.control(action::kAllowed, by_person ? disposition::kApproved : disposition::kAllowed).actor_of_host();
  event.put("comment", told.at("/reason"));
  events.push_back(std::move(event).done());
}

void refusal(const Told& told, std::vector<Json>& events) {
  // An exception says that it is meant to be so; otherwise what was found is still there.
  const bool meant = told.at("/guard") == "exception";
  Event event = meant ? finding_event(told, finding::kClose, finding::kSuppressed)
                      : finding_event(told, finding::kUpdate, other("Refused"));
  event.control(action::kDenied, disposition::kBlocked).put("is_alert", !meant);
  events.push_back(std::move(event).done());
}

void cancellation(const Told& told, std::vector<Json>& events) {
  Event event = finding_event(told, finding::kClose, finding::kSuppressed);
  event.control(action::kDenied, disposition::kRejected).actor_of_host().put("comment", told.at("/reason"));
  events.push_back(std::move(event).done());
}

void expiry(const Told& told, std::vector<Json>& events) {
  Event event = finding_event(told, finding::kUpdate, other("Expired"));
  event.control(action::kDenied, disposition::kNoAction).put("is_alert", true);
  events.push_back(std::move(event).done());
}

void supersession(const Told& told, std::vector<Json>& events) {
  Json event = finding_event(told, finding::kClose, other("Superseded")).done();
  if (const std::string by = told.at("/by"); !by.empty()) {
    event["finding_info"]["related_events"] =
        Json::array({{{"uid", by}, {"title", "the finding that took its place"}}});
  }
  events.push_back(std::move(event));
}

void progress(const Told& told, std::vector<Json>& events) {
  events.push_back(finding_event(told, finding::kUpdate, finding::kInProgress).done());
}

void undo(const Told& told, std::vector<Json>& events) {
  const bool undone = told.at("/to") == "undone";
  Event event = undone ? finding_event(told, finding::kClose, other("Undone"))
                       : finding_event(told, finding::kUpdate, finding::kInProgress);
  event.actor_of_host().put("comment", told.at("/reason"));
  events.push_back(std::move(event).done());
}

void confirmation(const Told& told, std::vector<Json>& events) {
  const std::string to = told.at("/to");
  Event event = to == "confirmed"     ? finding_event(told, finding::kClose, finding::kResolved)
                : to == "unconfirmed" ? finding_event(told, finding::kUpdate, other("Unconfirmed"))
                                      : finding_event(told, finding::kUpdate, finding::kInProgress);
  if (to == "unconfirmed") event.put("is_alert", true);
  events.push_back(std::move(event).done());
}

void announcement(const Told& told, std::vector<Json>& events) {
  events.push_back(finding_event(told, finding::kUpdate, other("Announced")).done());
}

// How an attempt ended is told elsewhere; the finding stands differently only when nothing more is tried.
void outcome(const Told& told, std::vector<Json>& events) {
  if (told.at("/to") != "failed") {
    if (!told.record.contains("result")) progress(told, events);
    return;
  }
  Event event = finding_event(told, finding::kUpdate, other("Failed"));
  event.put("is_alert", true).put("status_code", told.at("/code"));
  events.push_back(std::move(event).done());
}

}  // namespace

void add_finding(const Told& told, std::vector<Json>& events) {
  static const std::map<std::string, Add> kKinds = {{"announcement", announcement},
                                                    {"approval", approval},
                                                    {"cancellation", cancellation},
                                                    {"confirmation", confirmation},
                                                    {"expiry", expiry},
                                                    {"hold", hold},
                                                    {"outcome", outcome},
                                                    {"plan", plan},
                                                    {"refusal", refusal},
                                                    {"release", progress},
                                                    {"resumption", approval},
                                                    {"supersession", supersession},
                                                    {"suppression", suppression},
                                                    {"undo", undo}};
  const auto kind = kKinds.find(told.at("/kind"));
  if (kind != kKinds.end()) kind->second(told, events);
}

}  // namespace kedge::ocsf
