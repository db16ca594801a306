#include "host/host_actions.h"

#include <fmt/format.h>

#include <algorithm>

namespace kedge {
namespace {

using nlohmann::json;

Result<json> answer_of(const Result<HostSight>& seen) {
  if (!seen) return seen.error();
  json answer = {{"holds", seen->holds}, {"state", seen->state}, {"summary", seen->summary}};
  if (seen->hold) answer["hold"] = *seen->hold;
  return answer;
}

Result<json> answer_of(const Result<std::vector<std::string>>& done) {
  if (!done) return done.error();
  return json{{"notes", *done}};
}

const json& member(const json& body, const char* name) {
  static const json kNothing;
  const auto found = body.find(name);
  return found == body.end() ? kNothing : *found;
}

}  // namespace

HostActions::HostActions(std::vector<std::unique_ptr<HostAction>> actions, std::vector<std::string> allowed)
    : actions_(std::move(actions)), allowed_(std::move(allowed)) {}

Result<HostAction*> HostActions::find(std::string_view action) const {
  if (std::find(allowed_.begin(), allowed_.end(), action) == allowed_.end()) {
    return Error{ErrorCode::refused,
                 fmt::format("{} is not allowed on this host, which allows: {}", action,
                             allowed_.empty() ? "nothing" : fmt::to_string(fmt::join(allowed_, ", ")))};
  }
  const auto found = std::find_if(actions_.begin(), actions_.end(), [&](const auto& a) { return a->name() == action; });
  if (found == actions_.end()) return Error{ErrorCode::refused, fmt::format("this host does not know {}", action)};
  return found->get();
}

Result<json> HostActions::run(HostCall& call, std::string_view action, std::string_view operation, const json& body) {
  const auto found = find(action);
  if (!found) return found.error();
  if (!body.is_object() || !member(body, "args").is_object()) {
    return Error{ErrorCode::invalid, fmt::format("{}: a command without arguments", action)};
  }
  if (call.clock.elapsed() >= call.deadline) {
    return Error{ErrorCode::unavailable, fmt::format("{}: the command came when its time was over", action)};
  }
  try {
    return run(**found, call, operation, body);
  } catch (const json::exception& failure) {  // what comes from elsewhere may be anything
    return Error{ErrorCode::invalid, fmt::format("{}: {}", action, failure.what())};
  }
}

Result<json> HostActions::run(HostAction& action, HostCall& call, std::string_view operation, const json& body) {
  const json& args = member(body, "args");
  if (operation == "observe") return answer_of(action.observe(call, args));
  if (operation == "apply") return answer_of(action.apply(call, args, member(body, "now")));
  if (operation == "undo") return answer_of(action.undo(call, args, member(body, "before"), member(body, "after")));
  return Error{ErrorCode::invalid, fmt::format("{}: no operation is called '{}'", action.name(), operation)};
}

}  // namespace kedge
