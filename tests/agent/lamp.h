// A host's action for tests: a lamp that can be lit, in memory.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "host/host_actions.h"

namespace kedge {

class Lamp final : public HostAction {
 public:
  struct State {
    std::atomic<int> applied = 0, observed = 0;
    std::function<void(HostCall&)> while_applying = [](HostCall&) {};
  };
  explicit Lamp(State& state) : state_(state) {}

  const std::string& name() const override { return name_; }
  Result<HostSight> observe(HostCall&, const nlohmann::json& args) override {
    ++state_.observed;
    const bool lit = state_.applied > 0;
    return HostSight{lit == args.at("lit"), {{"lit", lit}}, lit ? "lit" : "dark", std::nullopt};
  }
  Result<std::vector<std::string>> apply(HostCall& call, const nlohmann::json& args, const nlohmann::json&) override {
    if (args.contains("broken")) return Error{ErrorCode::unavailable, "the lamp is broken"};
    state_.while_applying(call);
    ++state_.applied;
    return std::vector<std::string>{"switched for " + call.mark};
  }
  Result<std::vector<std::string>> undo(HostCall&, const nlohmann::json&, const nlohmann::json&,
                                        const nlohmann::json&) override {
    return Error{ErrorCode::conflict, "somebody else switched it"};
  }

 private:
  const std::string name_ = "host.lamp";
  State& state_;
};

// Of a host that allows it.
inline HostActions lamps(Lamp::State& state) {
  std::vector<std::unique_ptr<HostAction>> actions;
  actions.push_back(std::make_unique<Lamp>(state));
  return {std::move(actions), {"host.lamp"}};
}

}  // namespace kedge
