// What was done about it: Remediation Activity, of files and of networks in classes of their own. An attempt and how it
// ended have the same command_uid, the attempt's mark, which also travels with the calls themselves.
#include <map>

#include "base/json.h"
#include "trail/ocsf_event.h"

namespace kedge::ocsf {
namespace {

const Class& class_of(const TargetName& target) {
  if (target.form == TargetName::Form::file) return kFileRemediation;
  return is_of_network(target) ? kNetworkRemediation : kRemediationActivity;
}

// Isolating steps stand first in a plan; what undoes and what releases restores.
Word activity_of(const Told& told) {
  const std::string from = told.at("/from");
  if (told.at("/undo") == "true" || from == "undoing" || from == "releasing") return remediation::kRestore;
  if (told.opening == nullptr || told.opening->steps == 0) return kUnknown;
  const bool isolates = told.record.contains("step") && told.record["step"].is_number_integer() &&
                        told.record["step"].get<int64_t>() < told.opening->isolating;
  return isolates ? remediation::kIsolate : remediation::kRestore;
}

Word status_of(const Told& told) {
  static const std::map<std::string, Word> kResults = {
      {"applied", remediation::kSuccess}, {"already", remediation::kSuccess}, {"retry", remediation::kError},
      {"refused", remediation::kFailure}, {"failed", remediation::kFailure},  {"unknown", kUnknown}};
  if (told.at("/kind") == "attempt") return other("Intended");
  const auto status = kResults.find(told.at("/result"));
  return status == kResults.end() ? kUnknown : status->second;
}

std::string command_uid(const Told& told) {
  const std::string mark = told.at("/mark");
  return mark.empty() ? told.at("/remediation") + "/" + told.at("/step") : mark;
}

}  // namespace

void add_remediation(const Told& told, std::vector<Json>& events) {
  if (told.at("/kind") != "attempt" && !told.record.contains("result")) return;
  const TargetName target = told.target();
  const Word activity = activity_of(told);
  Event event(told, class_of(target), activity);
  event.place()
      .put("command_uid", command_uid(told))
      .put("status", status_of(told))
      .put("status_code", told.at("/code"))
      .put("status_detail", told.at("/message"))
      .put("observables", Json::array({observable("", observable_type::kResourceUid, told.at("/target"))}));
  if (const std::string action = told.at("/action"); !action.empty()) {
    const Json references = told.opening == nullptr ? Json() : Json(told.opening->references);
    event.put("remediation", without_empty({{"desc", action}, {"references", references}}));
  }
  if (activity.id != kUnknown.id) {
    event.put("countermeasures", Json::array({{{"d3f_tactic", {{"name", activity.caption}}}}}));
  }
  if (target.form == TargetName::Form::file) event.put("file", file_of(target));
  if (is_of_network(target)) event.put("connection_info", Json{{"direction_id", 0}, {"direction", "Unknown"}});
  events.push_back(std::move(event).done());
}

}  // namespace kedge::ocsf
