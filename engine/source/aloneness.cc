#include "source/aloneness.h"

namespace kedge {

std::string why_not_alone(const AlonenessFacts& facts) {
  // While we are not in the group we cannot tell a member that is ours from one that is not.
  if (facts.members && !facts.own_member.empty()) {
    for (const GroupMember& member : *facts.members) {
      if (member.id == facts.own_member) continue;
      return "another member is in the group `" + facts.group + "`: " + member.id + " (client " + member.client +
             " at " + member.host + "). Stop it, or give each engine a group of its own";
    }
  }
  if (facts.incomplete_for >= 2 * facts.session_timeout) {
    const std::string total = facts.total == 0 ? "an unknown number of" : std::to_string(facts.total);
    return "only " + std::to_string(facts.assigned) + " of " + total + " partitions have been ours for " +
           format_duration(std::chrono::floor<std::chrono::seconds>(facts.incomplete_for)) +
           ": somebody else may read the others, or the broker cannot be reached";
  }
  return {};
}

}  // namespace kedge
