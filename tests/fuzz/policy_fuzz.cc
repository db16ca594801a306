// rooms: aws base
//
// Policies are written by others, also by attackers. Whatever the bytes: no crash, and removing the statements that
// were found public leaves a policy that is not.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "aws/public_access.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const auto owner : {kedge::PolicyOwner::bucket, kedge::PolicyOwner::access_point}) {
    const auto verdict = kedge::judge_policy(text, owner);
    if (!verdict) continue;
    const auto rest = kedge::policy_without(text, verdict->public_statements());
    if (!rest) std::abort();
    if (!rest->has_value()) continue;
    const auto again = kedge::judge_policy(**rest, owner);
    if (!again || again->is_public()) std::abort();
  }
  return 0;
}
