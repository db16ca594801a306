#include "app/local_host.h"

#include <fmt/format.h>

#include "host/evidence_action.h"
#include "host/replace_action.h"

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

std::vector<std::string_view> host_action_names() {
  return {"host.quarantine", "host.capture_evidence", "host.replace"};
}

LocalHost::LocalHost(LocalHostOptions options, Clock& clock) : options_(std::move(options)), clock_(clock) {
  for (const HostRootOptions& of_root : options_.roots) {
    auto root = HostRoot::open(of_root, clock);  // the configuration has told of what is wrong
    if (root) roots_[of_root.host] = *std::move(root);
  }
  Quarantines::Options of_quarantines;
  of_quarantines.folder = options_.directory + "/quarantine";
  auto quarantines = std::make_unique<Quarantines>(clock, std::move(of_quarantines));
  quarantines_ = quarantines.get();
  std::vector<std::unique_ptr<HostAction>> actions;
  actions.push_back(std::move(quarantines));
  EvidenceCapture::Options of_evidence{options_.name, options_.directory + "/evidence"};
  actions.push_back(std::make_unique<EvidenceCapture>(std::move(of_evidence), roots_));
  actions.push_back(std::make_unique<RootReplacement>(roots_));
  actions_ = std::make_unique<HostActions>(std::move(actions), options_.allow);
}

LocalHost::~LocalHost() { stop_starting(); }

ActionResult<nlohmann::json> LocalHost::call(const HostCommand& command) {
  if (command.host != options_.name) {
    return ActionError{
        ActionError::Kind::refused,
        "no_host",
        fmt::format("{} is for the host '{}', and the only one that this engine can call is itself, '{}' "
                    "(host.name in the configuration); `hosts` names those that have an agent",
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

void LocalHost::start_roots(std::function<void(const std::string& root, const Error&)> tell) {
  if (roots_.empty()) return;
  starting_ = Thread("roots", [this, tell = std::move(tell)] {
    for (const auto& [name, root] : roots_) {
      if (stops_) return;
      if (const auto started = root->start(); !started) tell(name, started.error());
    }
  });
}

void LocalHost::stop_starting() {
  stops_ = true;
  if (starting_.joinable()) starting_.join();
}

void LocalHost::stop() {
  stop_starting();
  if (keeper_) keeper_->stop();
}

}  // namespace kedge
