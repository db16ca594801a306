// The engine itself, and people's words to it: Application Lifecycle, Application Error, Entity Management (rules,
// exceptions, claims), Event Log Activity (the ledger).
#include <array>
#include <map>

#include "base/json.h"
#include "trail/ocsf_event.h"
#include "trail/record_id.h"

namespace kedge::ocsf {
namespace {

Json application_of(const Told& told, const std::string& feature = "", const std::string& feature_uid = "") {
  const std::string version = told.at("/kind") == "start" ? told.at("/version") : told.source.version;
  return without_empty({{"name", "kedge"},
                        {"vendor_name", "kedge"},
                        {"version", version},
                        {"feature", without_empty({{"name", feature}, {"uid", feature_uid}})}});
}

Json error(const Told& told, Word activity, Word severity, const std::string& code, const std::string& detail) {
  Event event(told, kApplicationError, activity);
  event.severity(severity).put("status", status::kFailure).put("status_code", code).put("status_detail", detail);
  return std::move(event).done();
}

Event lifecycle(const Told& told, Word activity, Word severity) {
  Event event(told, kApplicationLifecycle, activity);
  event.severity(severity).put("status", status::kSuccess).actor_of_host().put("app", application_of(told));
  event.put("status_detail", told.at("/reason"));
  return event;
}

Event entity_change(const Told& told, Word activity, const std::string& uid, const std::string& name,
                    const std::string& type) {
  Event event(told, kEntityManagement, activity);
  event.put("entity", Json{{"type_id", entity::kPolicy.id},
                           {"type", entity::kPolicy.caption},
                           {"uid", uid},
                           {"name", name},
                           {"policy", {{"uid", uid}, {"name", name}, {"type", type}}}});
  event.severity(severity::kInformational).put("status", status::kSuccess).actor();
  return event;
}

Event log_activity(const Told& told, Word activity, Word severity) {
  Event event(told, kEventLogActivity, activity);
  event.severity(severity).put("status", status::kSuccess).actor();
  event.put("log_name", told.at("/ledger")).put("log_provider", "kedge").put("log_type", event_log::kApplication);
  return event;
}

// ---- kinds of records ----

Json start(const Told& told) { return lifecycle(told, application::kStart, severity::kInformational).done(); }
Json stop(const Told& told) { return lifecycle(told, application::kStop, severity::kInformational).done(); }

// Detection goes on; effects are what is switched off.
Json pause(const Told& told) {
  Event event = lifecycle(told, application::kDisable, severity::kMedium);
  event.put("app", application_of(told, "effects", told.at("/scope")));
  return std::move(event).done();
}

Json resume(const Told& told) {
  Event event = lifecycle(told, application::kEnable, severity::kInformational);
  event.put("app", application_of(told, "effects", told.at("/scope")));
  return std::move(event).done();
}

// A person says that the wall clock is right, which lets effects go on.
Json clock_acceptance(const Told& told) {
  Event event = lifecycle(told, application::kEnable, severity::kMedium);
  event.put("app", application_of(told, "effects", "all")).put("status_code", "clock accepted");
  return std::move(event).done();
}

Json redrive(const Told& told) {
  Event event = lifecycle(told, other("Redrive"), severity::kInformational);
  if (told.at("/outcome") == "failed") event.put("status", status::kFailure);
  event.put("app", application_of(told, "dead letters")).put("status_code", told.at("/outcome"));
  return std::move(event).done();
}

Json rerun(const Told& told) {
  Event event = lifecycle(told, other("Rerun"), severity::kInformational);
  if (told.at("/outcome") == "failed") event.put("status", status::kFailure);
  event.put("app", application_of(told, "rule " + told.at("/rule/id"))).put("status_code", told.at("/outcome"));
  return std::move(event).done();
}

Json position(const Told& told) {
  const std::string note = told.at("/note");
  const std::string detail = told.at("/details/text");
  const bool lost = note == "gap" || note == "poison" || note == "another log" || told.at("/stopped") == "true";
  if (lost) {
    return error(told, application::kGeneralError, severity::kHigh, note, detail.empty() ? told.at("/reason") : detail);
  }
  Event event = lifecycle(told, other("Position"), severity::kLow);
  event.put("app", application_of(told, "source", told.at("/source")))
      .put("status_code", note)
      .put("status_detail", detail);
  return std::move(event).done();
}

Json rules_loaded(const Told& told) {
  Event event = entity_change(told, entity::kUpdate, told.at("/digest"), told.at("/directory"), "rule set");
  event.put("comment", told.at("/count") + " rules are in force");
  return std::move(event).done();
}

Json exception(const Told& told) {
  const bool added = told.at("/action") == "added";
  Event event = entity_change(told, added ? entity::kCreate : entity::kDelete, told.at("/exception"),
                              "exception of rule " + told.at("/rule/id") + " for " + told.at("/target"), "exception");
  event.severity(severity::kLow).put("comment", told.at("/reason"));
  return std::move(event).done();
}

Json claim_expiry(const Told& told) {
  Event event = entity_change(told, entity::kDeactivate, told.at("/claim"),
                              "claim of rule " + told.at("/rule/id") + " on " + told.at("/target"), "claim");
  event.put("comment", "no event told of it since " + told.at("/last_seen"));
  return std::move(event).done();
}

Json genesis(const Told& told) { return log_activity(told, event_log::kStart, severity::kInformational).done(); }

Json restoration(const Told& told) {
  const bool misses = told.record.contains("missing");
  Event event = log_activity(told, other("Restore"), misses ? severity::kHigh : severity::kMedium);
  return std::move(event).done();
}

Json dead_letter(const Told& told) {
  return error(told, application::kTranslationError, severity::kLow, told.at("/reason"), told.at("/message"));
}

Json rule_failure(const Told& told) {
  return error(told, application::kGeneralError, severity::kMedium, told.at("/reason"), told.at("/message"));
}

Json notice(const Told& told) {
  return error(told, application::kGeneralError, severity::kLow, "notice given up", told.at("/error"));
}

// Somebody else who uses our credentials is a finding; all other alarms are troubles of the engine.
Json alarm(const Told& told) {
  const std::string kind = told.at("/alarm");
  if (kind != "own-principal") {
    return error(told, application::kGeneralError, severity::kHigh, kind, told.at("/message"));
  }
  Event event(told, kDetectionFinding, finding::kCreate);
  event.severity(severity::kHigh).put("status", finding::kNew).put("is_alert", true);
  event.put("finding_info", Json{{"uid", record_id(told.entry)},
                                 {"title", "the engine's own principal acts without the engine"},
                                 {"analytic", {{"type_id", 1}, {"type", "Rule"}, {"name", kind}}}});
  const std::string principal = told.at("/details/principal");
  if (!principal.empty()) {
    event.put("evidences", Json::array({{{"actor", {{"user", {{"name", principal}}}}}}}));
    event.put("observables",
              Json::array({observable("evidences.actor.user.name", observable_type::kUserName, principal)}));
  }
  if (const std::string target = told.at("/details/target"); !target.empty()) {
    event.put("resources", Json::array({{{"uid", target}}}));
  }
  return std::move(event).done();
}

}  // namespace

void add_engine(const Told& told, std::vector<Json>& events) {
  using Tell = Json (*)(const Told&);
  static const std::map<std::string, Tell> kKinds = {{"alarm", alarm},
                                                     {"claim_expiry", claim_expiry},
                                                     {"clock_acceptance", clock_acceptance},
                                                     {"dead_letter", dead_letter},
                                                     {"exception", exception},
                                                     {"genesis", genesis},
                                                     {"notice", notice},
                                                     {"pause", pause},
                                                     {"position", position},
                                                     {"redrive", redrive},
                                                     {"rerun", rerun},
                                                     {"restoration", restoration},
                                                     {"resume", resume},
                                                     {"rule_failure", rule_failure},
                                                     {"rules_loaded", rules_loaded},
                                                     {"start", start},
                                                     {"stop", stop}};
  const std::string kind = told.at("/kind");
  // Who was told of something that stands here anyway is no event; that somebody was not told is.
  if (kind == "notice" && told.at("/delivered") == "true") return;
  const auto tell = kKinds.find(kind);
  if (tell != kKinds.end()) events.push_back(tell->second(told));
}

}  // namespace kedge::ocsf
