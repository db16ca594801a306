#include "remediate/redaction.h"

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

}  // namespace

std::string redacted(const nlohmann::json& value, const std::string& salt) {
  return "hmac-sha256:" + hmac_sha256(salt, value.dump()).hex().substr(0, kDigitsShown);
}

CapturedState capture(const ActionSpec& spec, const nlohmann::json& args, nlohmann::json state,
                      const std::string& salt) {
  CapturedState captured;
  captured.shown = state;
  captured.full = std::move(state);
  if (captured.shown.is_object()) {
    for (const std::string& member : spec.sensitive_state) {
      const auto found = captured.shown.find(member);
      if (found != captured.shown.end() && !found->is_null()) *found = redacted(*found, salt);
    }
  }
  const auto sensitive = sensitive_values(spec, args);
  if (!sensitive.empty()) redact_values(captured.shown, sensitive, salt);
  return captured;
}

}  // namespace kedge
