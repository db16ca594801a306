// FakeHosts: hosts that answer what a test says, and remember what they were asked.
#pragma once

#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

#include "remediate/hosts.h"

namespace kedge {

// Thread-safe.
class FakeHosts final : public Hosts {
 public:
  using Answer = ActionResult<nlohmann::json>;

  // `world` answers what no luck was set for.
  explicit FakeHosts(std::function<Answer(const HostCommand&)> world) : world_(std::move(world)) {}

  enum class Luck {
    fine,
    unreachable,   // not asked
    request_lost,  // not done, and no answer
    answer_lost,   // done, and no answer
  };
  void next(std::deque<Luck> luck) {
    const std::lock_guard lock(mutex_);
    luck_ = std::move(luck);
  }

  Answer call(const HostCommand& command) override {
    const std::lock_guard lock(mutex_);
    commands_.push_back(command);
    Luck luck = Luck::fine;
    if (!luck_.empty()) {
      luck = luck_.front();
      luck_.pop_front();
    }
    if (luck == Luck::unreachable) {
      return ActionError{ActionError::Kind::retry, kHostUnreachable, "no way to " + command.host, {}};
    }
    const bool done = luck == Luck::fine || luck == Luck::answer_lost;
    auto answer = done ? world_(command) : Answer(nlohmann::json());
    if (luck == Luck::fine) return answer;
    return ActionError{ActionError::Kind::unknown, kHostSilent, "no answer of " + command.host, {}};
  }

  std::vector<HostCommand> commands() {
    const std::lock_guard lock(mutex_);
    return commands_;
  }

 private:
  const std::function<Answer(const HostCommand&)> world_;
  std::mutex mutex_;
  std::deque<Luck> luck_;
  std::vector<HostCommand> commands_;
};

}  // namespace kedge
