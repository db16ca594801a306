#include "rule/functions.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <map>
#include <memory>
#include <string>

#include "base/json.h"
#include "base/time.h"

namespace kedge {
namespace {

Error invalid(std::string message) { return {ErrorCode::invalid, std::move(message)}; }

// The argument at `index` when it is a string.
const std::string* string_at(const Json& arguments, size_t index) {
  return index < arguments.size() && arguments[index].is_string() ? arguments[index].get_ptr<const std::string*>()
                                                                  : nullptr;
}

// Compiled patterns of one sandbox. Rules hold few of them; where a rule makes them from events, the map is emptied
// from time to time.
class Patterns {
 public:
  Result<const RE2*> compiled(const std::string& text) {
    const auto known = patterns_.find(text);
    if (known != patterns_.end()) return known->second.get();
    RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(kBytesMax);
    auto pattern = std::make_unique<RE2>(text, options);
    if (!pattern->ok()) return invalid(fmt::format("the pattern '{}' is not RE2: {}", text, pattern->error()));
    if (patterns_.size() >= kPatternsMax) patterns_.clear();
    return (patterns_[text] = std::move(pattern)).get();
  }

 private:
  static constexpr int64_t kBytesMax = 1 << 20;  // of one compiled pattern
  static constexpr size_t kPatternsMax = 256;
  std::map<std::string, std::unique_ptr<RE2>> patterns_;
};

Result<Json> match(Patterns& patterns, const Json& arguments) {
  const std::string* const text = string_at(arguments, 0);
  const std::string* const wanted = string_at(arguments, 1);
  if (text == nullptr || wanted == nullptr) return invalid("takes a text and a pattern");
  const auto pattern = patterns.compiled(*wanted);
  if (!pattern) return pattern.error();
  std::vector<re2::StringPiece> groups(static_cast<size_t>((*pattern)->NumberOfCapturingGroups()) + 1);
  if (!(*pattern)->Match(*text, 0, text->size(), RE2::UNANCHORED, groups.data(), static_cast<int>(groups.size()))) {
    return Json();
  }
  Json result = Json::array();
  for (const re2::StringPiece& group : groups) {
    result.push_back(group.data() == nullptr ? Json() : Json(std::string(group)));
  }
  return result;
}

Result<Json> cidr_parse(const Json& arguments) {
  const std::string* const text = string_at(arguments, 0);
  const auto parsed = text == nullptr ? Result<Json>(Json()) : parse_cidr(*text);
  return parsed ? *parsed : Json();
}

Result<Json> contains(const Json& arguments) {
  const std::string* const network = string_at(arguments, 0);
  const std::string* const inner = string_at(arguments, 1);
  if (network == nullptr || inner == nullptr) return invalid("takes a network and an address or network, as texts");
  const auto result = cidr_contains(*network, *inner);
  if (!result) return result.error();
  return Json(*result);
}

Result<Json> time_parse(const Json& arguments) {
  const std::string* const text = string_at(arguments, 0);
  if (text == nullptr) return Json();
  const auto time = parse_time(*text);
  if (!time) return Json();
  const int64_t microseconds = time->time_since_epoch().count();
  constexpr int64_t kSecond = 1'000'000;
  if (microseconds % kSecond == 0) return Json(microseconds / kSecond);
  return Json(static_cast<double>(microseconds) / static_cast<double>(kSecond));
}

// Adds what the second argument of an action's constructor says about how the step is run.
Result<void> add_option(Json& step, const std::string& name, const Json& value) {
  if (name == "timeout" && value.is_string()) {
    const auto timeout = parse_duration(value.get<std::string>());
    if (!timeout) return timeout.error().with("timeout");
    step["timeout_ms"] = std::chrono::duration_cast<std::chrono::milliseconds>(*timeout).count();
  } else if (name == "attempts" || name == "on_failure") {
    step[name] = value;  // the plan's reader knows what is right
  } else {
    return invalid(
        fmt::format("'{}' is no option of a step; there are: timeout (such as \"30s\"), attempts, "
                    "on_failure (\"stop\", \"continue\" or \"undo\")",
                    name));
  }
  return {};
}

Result<Json> make_step(const ActionCatalog& actions, const ActionSpec& spec, const Json& arguments) {
  Json args = arguments.empty() || arguments[0].empty() ? Json::object() : arguments[0];
  if (auto checked = actions.check(spec.name, args); !checked) return checked.error();
  Json step = {{"action", spec.name}, {"version", spec.version}, {"args", std::move(args)}};
  if (arguments.size() < 2 || arguments[1].empty()) return step;
  if (!arguments[1].is_object()) return invalid("the options of a step are a table of named values");
  for (const auto& [name, value] : arguments[1].items()) {
    if (auto added = add_option(step, name, value); !added) return added.error();
  }
  return step;
}

}  // namespace

std::vector<lua::HostFunction> rule_functions(const ActionCatalog& actions) {
  const auto patterns = std::make_shared<Patterns>();
  std::vector<lua::HostFunction> functions = {
      {"re.match", [patterns](const Json& arguments) { return match(*patterns, arguments); }},
      {"cidr.parse", cidr_parse},
      {"cidr.contains", contains},
      {"time.parse", time_parse},
  };
  for (const ActionSpec& spec : actions.all()) {
    functions.push_back({"action." + spec.name,
                         [&actions, &spec](const Json& arguments) { return make_step(actions, spec, arguments); }});
  }
  return functions;
}

}  // namespace kedge
