#include "actions/host/host_action.h"

#include <algorithm>

#include "base/json.h"

namespace kedge {
namespace {

using nlohmann::json;

// A host answers by itself, and it may be anybody's by now.
ActionError no_answer(const HostCommand& command, const char* what) {
  return {command.writes() ? ActionError::Kind::unknown : ActionError::Kind::retry,
          "no_answer",
          "what " + command.host + " answers to " + command.action + " is no answer: " + what,
          {}};
}

ActionResult<Observation> observation_in(const HostCommand& command, const json& answer) {
  const auto has = [&](const char* name, auto is) { return answer.contains(name) && (answer.at(name).*is)(); };
  if (!answer.is_object() || !has("holds", &json::is_boolean) || !has("summary", &json::is_string)) {
    return no_answer(command, "it lacks `holds` or `summary`");
  }
  if (!answer.contains("state") || !canonical_json(answer.at("state"))) {
    return no_answer(command, "its `state` cannot be kept");
  }
  Observation seen;
  seen.holds = answer.at("holds").get<bool>();
  seen.state = answer.at("state");
  seen.summary = answer.at("summary").get<std::string>();
  if (has("hold", &json::is_string)) seen.hold = answer.at("hold").get<std::string>();
  return seen;
}

ActionResult<Applied> applied_in(const HostCommand& command, const json& answer) {
  if (!answer.is_object() || !answer.contains("notes") || !answer.at("notes").is_array()) {
    return no_answer(command, "it lacks `notes`");
  }
  Applied applied;
  for (const json& note : answer.at("notes")) {
    if (!note.is_string()) return no_answer(command, "a note is no text");
    applied.notes.push_back(note.get<std::string>());
  }
  return applied;
}

class ActionOnHost final : public Action {
 public:
  explicit ActionOnHost(ActionSpec spec) : spec_(std::move(spec)) {}

  const ActionSpec& spec() const override { return spec_; }

  ActionResult<Observation> observe(Context& context, const json& args) const override {
    const HostCommand command = make(context, args, HostOperation::observe, {{"args", args}});
    const auto answer = context.hosts.call(command);
    if (!answer) return answer.error();
    return observation_in(command, *answer);
  }

  ActionResult<Applied> apply(Context& context, const json& args, const Observation& now) const override {
    return write(context, make(context, args, HostOperation::apply, {{"args", args}, {"now", now.state}}));
  }

  ActionResult<Applied> undo(Context& context, const json& args, const json& before, const json& after) const override {
    return write(context,
                 make(context, args, HostOperation::undo, {{"args", args}, {"before", before}, {"after", after}}));
  }

 private:
  HostCommand make(const Context& context, const json& args, HostOperation operation, json body) const {
    HostCommand command;
    command.host = args.value("host", "");
    command.action = spec_.name;
    command.operation = operation;
    command.body = std::move(body);
    command.timeout = context.deadline - context.clock.elapsed();
    command.remediation = context.remediation;
    command.mark = context.mark;
    return command;
  }

  static ActionResult<Applied> write(Context& context, const HostCommand& command) {
    const auto answer = context.hosts.call(command);
    if (!answer) return answer.error();
    return applied_in(command, *answer);
  }

  const ActionSpec spec_;
};

}  // namespace

std::vector<ArgumentSpec> with_host(std::vector<ArgumentSpec> own) {
  own.insert(own.begin(), {"host", ArgumentType::string, true, false, "the host's name, as its configuration has it"});
  return own;
}

Endpoint host_endpoint(const json& args) { return {"host", args.value("host", ""), ""}; }

Result<void> check_host(const json& args) {
  const std::string host = args.value("host", "");
  const bool plain = !host.empty() && std::all_of(host.begin(), host.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
           c == '_';
  });
  if (plain) return {};
  return Error{ErrorCode::invalid, "the argument 'host' must be a host's name, like web-1: '" + host + "'"};
}

std::unique_ptr<Action> make_host_action(ActionSpec spec) { return std::make_unique<ActionOnHost>(std::move(spec)); }

}  // namespace kedge
