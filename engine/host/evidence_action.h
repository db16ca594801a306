// EvidenceCapture: the host's end of host.capture_evidence. What is captured for a remediation is captured once, and
// lies on the host until a person removes it.
#pragma once

#include <string>
#include <vector>

#include "host/evidence.h"
#include "host/host_actions.h"
#include "host/host_root.h"

namespace kedge {

class EvidenceCapture final : public HostAction {
 public:
  struct Options {
    std::string host;
    std::string directory;  // of the evidence of all remediations
    EvidenceLimits limits = {};
  };
  // Borrows the roots, which outlive it.
  EvidenceCapture(Options options, const HostRoots& roots) : options_(std::move(options)), roots_(roots) {}

  // Names, for the other end: "root" (none: the machine itself), "paths".
  static Result<void> check(const nlohmann::json& args);

  const std::string& name() const override { return name_; }
  Result<HostSight> observe(HostCall&, const nlohmann::json& args) override;
  Result<std::vector<std::string>> apply(HostCall&, const nlohmann::json& args, const nlohmann::json& now) override;
  // Evidence is not taken back: nothing on the host was changed by it.
  Result<std::vector<std::string>> undo(HostCall&, const nlohmann::json& args, const nlohmann::json& before,
                                        const nlohmann::json& after) override;

 private:
  std::string id_of(const HostCall&, const nlohmann::json& args) const;
  Result<EvidenceRequest> request_of(HostCall&, const nlohmann::json& args) const;

  const Options options_;
  const HostRoots& roots_;
  const std::string name_ = "host.capture_evidence";
};

// Whether a machine's root may have that name: letters, digits, '-' and '_'.
bool is_root_name(std::string_view name);

}  // namespace kedge
