#include "app/local_host.h"

#include <fmt/format.h>

namespace kedge {
namespace {

ActionError action_error(const Error& error) {
  switch (error.code) {
    case ErrorCode::invalid:
    case ErrorCode::refused:
    case ErrorCode::not_found:
      return {ActionError::Kind::refused, std::string(to_string(error.code)), error.message, {}};
    case ErrorCode::unavailable:
      return {ActionError::Kind::retry, std::string(to_string(error.code)), error.message, {}};
    case ErrorCode::conflict:
      return {ActionError::Kind::retry, "changed_meanwhile", error.message, {}};
    default:
      return {ActionError::Kind::unknown, std::string(to_string(error.code)), error.message, {}};
  }
}

}  // namespace

std::vector<std::string_view> host_action_names() { return {"host.quarantine"}; }

LocalHost::LocalHost(LocalHostOptions options, Clock& clock) : options_(std::move(options)), clock_(clock) {
  Quarantines::Options of_quarantines;
  of_quarantines.folder = options_.directory + "/quarantine";
  auto quarantines = std::make_unique<Quarantines>(clock, std::move(of_quarantines));
  quarantines_ = quarantines.get();
  std::vector<std::unique_ptr<HostAction>> actions;
  actions.push_back(std::move(quarantines));
  actions_ = std::make_unique<HostActions>(std::move(actions), options_.allow);
}

ActionResult<nlohmann::json> LocalHost::call(const HostCommand& command) {
  if (command.host != options_.name) {
    return ActionError{
        ActionError::Kind::refused,
        "no_host",
        fmt::format("{} is for the host '{}', and the only one that this engine can call is itself, '{}' "
                    "(host.name in the configuration)",
                    command.action, command.host, options_.name),
        {}};
  }
  HostCall call{clock_, clock_.elapsed() + command.timeout, command.remediation, command.mark, command.stop};
  auto answer = actions_->run(call, command.action, to_string(command.operation), command.body);
  if (!answer) return action_error(answer.error());
  return *std::move(answer);
}

Result<void> LocalHost::start_keeping(std::function<void(const QuarantineNews&)> tell) {
  QuarantineKeeper::Options options;
  options.every = options_.check_every;
  keeper_ = std::make_unique<QuarantineKeeper>(*quarantines_, clock_, options, std::move(tell));
  return keeper_->start();
}

void LocalHost::stop() {
  if (keeper_) keeper_->stop();
}

}  // namespace kedge
