// RootReplacement: the host's end of host.replace. A root of this machine runs, and is what its golden image is.
#pragma once

#include <string>
#include <vector>

#include "host/host_actions.h"
#include "host/host_root.h"

namespace kedge {

class RootReplacement final : public HostAction {
 public:
  // Borrows the roots, which outlive it.
  explicit RootReplacement(const HostRoots& roots) : roots_(roots) {}

  // "root"; "made_after": RFC 3339, a root that was made of its image earlier does not do.
  static Result<void> check(const nlohmann::json& args);

  const std::string& name() const override { return name_; }
  Result<HostSight> observe(HostCall&, const nlohmann::json& args) override;
  Result<std::vector<std::string>> apply(HostCall&, const nlohmann::json& args, const nlohmann::json& now) override;
  // Goes back to the root that ran before, as it was left, if it is kept still.
  Result<std::vector<std::string>> undo(HostCall&, const nlohmann::json& args, const nlohmann::json& before,
                                        const nlohmann::json& after) override;

 private:
  Result<HostRoot*> root_of(const nlohmann::json& args) const;

  const HostRoots& roots_;
  const std::string name_ = "host.replace";
};

}  // namespace kedge
