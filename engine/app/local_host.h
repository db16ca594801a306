// LocalHost: this machine as a host that actions are carried out on, within the process.
//
// Ownership:  owns what is done here; borrows the clock.
// Threads:    call() from any; start_keeping and stop from one.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "app/local_host_options.h"
#include "base/clock.h"
#include "base/thread.h"
#include "host/host_actions.h"
#include "host/host_root.h"
#include "host/quarantine_keeper.h"
#include "host/quarantines.h"
#include "remediate/hosts.h"

namespace kedge {

// Of the actions that a host can allow.
std::vector<std::string_view> host_action_names();

class LocalHost final : public Hosts {
 public:
  LocalHost(LocalHostOptions options, Clock& clock);
  ~LocalHost() override;

  ActionResult<nlohmann::json> call(const HostCommand&) override;
  HostActions& actions() { return *actions_; }  // for whoever is asked in another way (agent/)

  // Keeps what was done as it should be, from now on; to be called once effects may happen. It goes on while effects
  // are stopped: it holds what was decided, and ends what is over.
  Result<void> start_keeping(std::function<void(const QuarantineNews&)> tell);
  void stop();

  // Starts the roots that do not run, in a thread of its own; of those that could not be it tells from there. Until
  // stop().
  void start_roots(std::function<void(const std::string& root, const Error&)> tell);

 private:
  void stop_starting();

  const LocalHostOptions options_;
  Clock& clock_;
  HostRoots roots_;                     // before actions_, which borrow them
  Quarantines* quarantines_ = nullptr;  // one of actions_
  std::unique_ptr<HostActions> actions_;
  std::unique_ptr<QuarantineKeeper> keeper_;
  std::atomic<bool> stops_ = false;
  Thread starting_;
};

}  // namespace kedge
