#include "plan/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/json.h"

namespace kedge {
namespace {

constexpr std::array<std::string_view, 3> kOnFailure = {"stop", "continue", "undo"};

Json to_json(const Step& step) {
  Json json = Json::object();
  json["action"] = step.action;
  json["version"] = step.version;
  json["args"] = step.args;
  json["timeout_ms"] = std::chrono::duration_cast<std::chrono::milliseconds>(step.timeout).count();
  json["attempts"] = step.attempts;
  json["on_failure"] = kOnFailure[static_cast<size_t>(step.on_failure)];
  return json;
}

Json to_json(const std::vector<Step>& steps) {
  Json list = Json::array();
  for (const Step& step : steps) list.push_back(to_json(step));
  return list;
}

Error wrong(std::string_view where, std::string_view what) {
  return {ErrorCode::invalid, fmt::format("{}: {}", where, what)};
}

Result<Step> step_from_json(const Json& json, const std::string& where) {
  if (!json.is_object()) return wrong(where, "a step is an object");
  Step step;
  for (const auto& [key, value] : json.items()) {
    const std::string path = where + "." + key;
    if (key == "action" && value.is_string()) {
      step.action = value.get<std::string>();
    } else if (key == "version" && value.is_number_integer()) {
      step.version = value.get<int>();
    } else if (key == "args" && value.is_object()) {
      step.args = value;
    } else if (key == "timeout_ms" && value.is_number_integer() && value.get<int64_t>() > 0 &&
               value.get<int64_t>() <= 86'400'000) {
      step.timeout = std::chrono::milliseconds(value.get<int64_t>());
    } else if (key == "attempts" && value.is_number_integer() && value.get<int64_t>() >= 1 &&
               value.get<int64_t>() <= 10) {
      step.attempts = value.get<int>();
    } else if (key == "on_failure" && value.is_string()) {
      const auto* const found = std::find(kOnFailure.begin(), kOnFailure.end(), value.get<std::string>());
      if (found == kOnFailure.end()) return wrong(path, "must be \"stop\", \"continue\" or \"undo\"");
      step.on_failure = static_cast<OnFailure>(found - kOnFailure.begin());
    } else {
      return wrong(path,
                   "a step is {action: string, version: integer, args: object, timeout_ms: 1 to 86400000, attempts: 1 "
                   "to 10, on_failure: \"stop\", \"continue\" or \"undo\"}");
    }
  }
  if (step.action.empty()) return wrong(where + ".action", "is missing");
  return step;
}

Result<std::vector<Step>> steps_from_json(const Json& json, const std::string& where) {
  if (!json.is_array()) return wrong(where, "must be a list of steps");
  std::vector<Step> steps;
  for (size_t i = 0; i < json.size(); ++i) {
    auto step = step_from_json(json[i], fmt::format("{}[{}]", where, i));
    if (!step) return step.error();
    steps.push_back(*std::move(step));
  }
  return steps;
}

Result<void> read_rule(const Json& json, RuleVersion& rule) {
  if (!json.is_object() || !json.contains("id") || !json.contains("version") || !json["id"].is_string() ||
      !json["version"].is_string()) {
    return wrong("rule", "must be {id: string, version: string}");
  }
  rule = {json["id"].get<std::string>(), json["version"].get<std::string>()};
  return {};
}

}  // namespace

std::vector<const Step*> Plan::effects() const {
  std::vector<const Step*> steps;
  for (const auto* list : {&isolate, &revert, &replace}) {
    for (const Step& step : *list) steps.push_back(&step);
  }
  return steps;
}

Json to_json(const Plan& plan) {
  Json json = Json::object();
  json["v"] = 1;
  json["rule"]["id"] = plan.rule.id;
  json["rule"]["version"] = plan.rule.version;
  json["target"] = plan.target;
  json["isolate"] = to_json(plan.isolate);
  json["revert"] = to_json(plan.revert);
  json["replace"] = to_json(plan.replace);
  json["confirm"] = to_json(plan.confirm);
  json["release"] = to_json(plan.release);
  json["notify"] = plan.notify;
  return json;
}

Result<Plan> plan_from_json(const Json& json) {
  if (!json.is_object() || json.value("v", 0) != 1) return wrong("plan", "must be an object with v = 1");
  Plan plan;
  const std::array<std::pair<std::string_view, std::vector<Step>*>, 5> lists = {{{"isolate", &plan.isolate},
                                                                                 {"revert", &plan.revert},
                                                                                 {"replace", &plan.replace},
                                                                                 {"confirm", &plan.confirm},
                                                                                 {"release", &plan.release}}};
  for (const auto& [key, value] : json.items()) {
    const auto* const list =
        std::find_if(lists.begin(), lists.end(), [&key = key](const auto& l) { return l.first == key; });
    if (list != lists.end()) {
      auto steps = steps_from_json(value, key);
      if (!steps) return steps.error();
      *list->second = *std::move(steps);
    } else if (key == "rule") {
      if (auto done = read_rule(value, plan.rule); !done) return done.error();
    } else if (key == "target" && value.is_string()) {
      plan.target = value.get<std::string>();
    } else if (key == "notify" && value.is_array()) {
      for (const Json& channel : value) {
        if (!channel.is_string()) return wrong("notify", "must be a list of channel names");
        plan.notify.push_back(channel.get<std::string>());
      }
    } else if (key != "v") {
      return wrong(key, "is not a member of a plan, or has the wrong type");
    }
  }
  if (!plan.revert.empty() && !plan.replace.empty()) return wrong("replace", "a plan has revert or replace, not both");
  return plan;
}

Digest digest_of(const Plan& plan) {
  const auto text = canonical_json(to_json(plan));
  return sha256(text ? *text : to_json(plan).dump());
}

}  // namespace kedge
