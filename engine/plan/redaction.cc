#include "plan/redaction.h"

#include <array>
#include <set>

#include "base/hash.h"
#include "base/json.h"

namespace kedge {
namespace {

constexpr size_t kDigitsShown = 16;

void collect_strings(const Json& value, std::set<std::string>& into) {
  if (value.is_string() && !value.get_ref<const std::string&>().empty()) into.insert(value.get<std::string>());
  if (value.is_structured()) {
    for (const Json& part : value) collect_strings(part, into);
  }
}

std::set<std::string> sensitive_values(const ActionSpec& spec, const Json& args) {
  std::set<std::string> values;
  for (const ArgumentSpec& argument : spec.arguments) {
    const auto found = args.find(argument.name);
    if (argument.sensitive && found != args.end()) collect_strings(*found, values);
  }
  return values;
}

void redact_values(Json& value, const std::set<std::string>& sensitive, const std::string& salt) {
  if (value.is_string() && sensitive.contains(value.get_ref<const std::string&>())) value = redacted(value, salt);
  if (value.is_structured()) {
    for (Json& part : value) redact_values(part, sensitive, salt);
  }
}

constexpr std::array kLists = {&Plan::isolate, &Plan::revert, &Plan::replace, &Plan::confirm, &Plan::release};

// Changes the step's arguments. True when there was something to redact.
bool redact_arguments(Step& step, const ActionCatalog& catalog, const std::string& salt) {
  const ActionSpec* const spec = catalog.find(step.action);
  bool any = false;
  for (const ArgumentSpec& argument : spec == nullptr ? std::vector<ArgumentSpec>{} : spec->arguments) {
    const auto found = step.args.find(argument.name);
    if (!argument.sensitive || found == step.args.end()) continue;
    *found = redacted(*found, salt);
    any = true;
  }
  return any;
}

}  // namespace

std::string redacted(const nlohmann::json& value, const std::string& salt) {
  return "hmac-sha256:" + hmac_sha256(salt, value.dump()).hex().substr(0, kDigitsShown);
}

nlohmann::json redacted_state(const ActionSpec& spec, const nlohmann::json& args, nlohmann::json state,
                              const std::string& salt) {
  if (state.is_object()) {
    for (const std::string& member : spec.sensitive_state) {
      const auto found = state.find(member);
      if (found != state.end() && !found->is_null()) *found = redacted(*found, salt);
    }
  }
  const auto sensitive = sensitive_values(spec, args);
  if (!sensitive.empty()) redact_values(state, sensitive, salt);
  return state;
}

nlohmann::json redacted_plan(const Plan& plan, const ActionCatalog& catalog, const std::string& salt) {
  Plan shown = plan;
  bool any = false;
  for (const auto list : kLists) {
    for (Step& step : shown.*list) any = redact_arguments(step, catalog, salt) || any;
  }
  return any ? to_json(shown) : Json();
}

}  // namespace kedge
