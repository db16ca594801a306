// HostsByName: this machine itself where it is the one that is called, and all others over Kafka.
#pragma once

#include <string>
#include <utility>

#include "remediate/hosts.h"

namespace kedge {

// Borrows both, of which either may be missing. Where nobody can be called the refusal says what would be right.
class HostsByName final : public Hosts {
 public:
  HostsByName(std::string own, Hosts* local, Hosts* remote) : own_(std::move(own)), local_(local), remote_(remote) {}

  ActionResult<nlohmann::json> call(const HostCommand& command) override {
    const bool is_own = local_ != nullptr && command.host == own_;
    if (remote_ != nullptr && !is_own) return remote_->call(command);
    return local_ != nullptr ? local_->call(command) : NoHosts().call(command);
  }

 private:
  const std::string own_;
  Hosts* const local_;
  Hosts* const remote_;
};

}  // namespace kedge
