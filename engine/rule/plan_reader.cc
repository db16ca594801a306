#include "rule/plan_reader.h"

#include <fmt/format.h>

#include <array>

#include "base/json.h"
#include "base/nearest.h"

namespace kedge {
namespace {

constexpr std::array<const char*, 5> kSteps = {"isolate", "revert", "replace", "confirm", "release"};

Error invalid(std::string message) { return {ErrorCode::invalid, std::move(message)}; }

Result<void> check_members(const Json& answer) {
  static const std::vector<std::string_view> kMembers = {"isolate", "revert",  "replace",
                                                         "confirm", "release", "notify"};
  for (const auto& [name, value] : answer.items()) {
    if (std::find(kMembers.begin(), kMembers.end(), name) == kMembers.end()) {
      return invalid(fmt::format("{}: is no part of a plan{}; there are: {}", name, did_you_mean(name, kMembers),
                                 fmt::join(kMembers, ", ")));
    }
    if (!value.is_array()) return invalid(fmt::format("{}: must be a list", name));
  }
  return {};
}

// An empty table of Lua is a list; as arguments it is an object. A step written without its constructor has no version.
void complete_step(Json& step, const ActionCatalog& actions) {
  if (!step.is_object()) return;
  if (!step.contains("args") || (step["args"].is_array() && step["args"].empty())) step["args"] = Json::object();
  if (step.contains("version") || !step.contains("action") || !step["action"].is_string()) return;
  const ActionSpec* const spec = actions.find(step["action"].get<std::string>());
  if (spec != nullptr) step["version"] = spec->version;
}

Result<void> check_steps(const std::vector<Step>& steps, const char* where, const ActionCatalog& actions) {
  for (size_t i = 0; i < steps.size(); ++i) {
    const std::string path = fmt::format("{}[{}]", where, i);
    if (auto checked = actions.check(steps[i].action, steps[i].args); !checked) return checked.error().with(path);
    if (auto text = canonical_json(steps[i].args); !text) return text.error().with(path + ".args");
    if (std::string_view(where) != "isolate") continue;
    const ActionSpec& spec = *actions.find(steps[i].action);
    if (!spec.lease || !spec.undoable) {
      return invalid(
          fmt::format("{}: {} is no lease: it would not be released again; put it into revert", path, steps[i].action));
    }
  }
  return {};
}

}  // namespace

Result<Plan> read_plan(const Json& answer, const RuleVersion& rule, const std::string& target,
                       const ActionCatalog& actions) {
  if (!answer.is_object()) return invalid("must return a plan: a table such as { revert = { action.NAME { ... } } }");
  if (auto checked = check_members(answer); !checked) return checked.error();
  Json json = answer;
  json["v"] = 1;
  json["rule"] = {{"id", rule.id}, {"version", rule.version}};
  json["target"] = target;
  for (const char* const list : kSteps) {
    if (!json.contains(list)) continue;
    for (Json& step : json[list]) complete_step(step, actions);
  }
  auto plan = plan_from_json(json);
  if (!plan) return plan.error();
  const std::array<const std::vector<Step>*, 5> lists = {&plan->isolate, &plan->revert, &plan->replace, &plan->confirm,
                                                         &plan->release};
  for (size_t i = 0; i < lists.size(); ++i) {
    if (auto checked = check_steps(*lists[i], kSteps[i], actions); !checked) return checked.error();
  }
  if (!plan->release.empty()) {
    return invalid("release: leave it out: what isolates is released by undoing it, the last step first");
  }
  if (plan->effects().empty() && plan->notify.empty()) {
    return invalid("the plan does nothing: isolate, revert, replace and notify are empty; `when` is where to say so");
  }
  if (plan->effects().empty() && !plan->confirm.empty()) {
    return invalid("confirm: there is nothing to confirm: isolate, revert and replace are empty");
  }
  return plan;
}

}  // namespace kedge
