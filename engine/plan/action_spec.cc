#include "plan/action_spec.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/nearest.h"

namespace kedge {
namespace {

constexpr std::array<std::string_view, 5> kTypes = {"string", "integer", "boolean", "list of strings", "object"};
constexpr std::array<std::string_view, 4> kRepetitions = {"absolute", "exact", "token", "once"};

bool has_type(const nlohmann::json& value, ArgumentType type) {
  switch (type) {
    case ArgumentType::string:
      return value.is_string() && !value.get_ref<const std::string&>().empty();
    case ArgumentType::integer:
      return value.is_number_integer();
    case ArgumentType::boolean:
      return value.is_boolean();
    case ArgumentType::string_list:
      return value.is_array() && !value.empty() &&
             std::all_of(value.begin(), value.end(), [](const auto& item) { return item.is_string(); });
    case ArgumentType::object:
      return value.is_object();
  }
  return false;
}

Error invalid(std::string message) { return {ErrorCode::invalid, std::move(message)}; }

Result<void> check_argument(const ActionSpec& spec, const std::string& name, const nlohmann::json& value) {
  const auto found =
      std::find_if(spec.arguments.begin(), spec.arguments.end(), [&](const auto& a) { return a.name == name; });
  if (found == spec.arguments.end()) {
    std::vector<std::string_view> names;
    for (const ArgumentSpec& argument : spec.arguments) names.push_back(argument.name);
    return invalid(fmt::format("{} has no argument '{}'{}; it takes: {}", spec.name, name, did_you_mean(name, names),
                               fmt::join(names, ", ")));
  }
  if (has_type(value, found->type)) return {};
  return invalid(fmt::format(
      "{}: the argument '{}' must be a {}{}: {}", spec.name, name, to_string(found->type),
      found->type == ArgumentType::string || found->type == ArgumentType::string_list ? " that is not empty" : "",
      found->meaning));
}

}  // namespace

std::string_view to_string(ArgumentType type) { return kTypes[static_cast<size_t>(type)]; }
std::string_view to_string(Repetition repetition) { return kRepetitions[static_cast<size_t>(repetition)]; }

std::string Endpoint::name() const { return service.empty() ? "" : service + "/" + account + "/" + region; }

ActionCatalog::ActionCatalog(std::vector<ActionSpec> specs) : specs_(std::move(specs)) {
  std::sort(specs_.begin(), specs_.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
}

const ActionSpec* ActionCatalog::find(std::string_view name) const {
  const auto found = std::find_if(specs_.begin(), specs_.end(), [&](const auto& spec) { return spec.name == name; });
  return found == specs_.end() ? nullptr : &*found;
}

Result<void> ActionCatalog::check(std::string_view action, const nlohmann::json& args) const {
  const ActionSpec* const spec = find(action);
  if (spec == nullptr) {
    std::vector<std::string_view> names;
    for (const ActionSpec& known : specs_) names.push_back(known.name);
    return invalid(
        fmt::format("there is no action '{}'{}; `kedge actions` lists all", action, did_you_mean(action, names)));
  }
  if (!args.is_object()) return invalid(fmt::format("{}: the arguments must be a table of named values", spec->name));
  for (const auto& [name, value] : args.items()) {
    if (auto done = check_argument(*spec, name, value); !done) return done;
  }
  for (const ArgumentSpec& argument : spec->arguments) {
    if (argument.required && !args.contains(argument.name)) {
      return invalid(fmt::format("{}: the argument '{}' is missing: {}", spec->name, argument.name, argument.meaning));
    }
  }
  return spec->check ? spec->check(args) : Result<void>{};
}

}  // namespace kedge
