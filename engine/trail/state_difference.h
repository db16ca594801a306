// What changed between two states of the world, as a person would say it.
//
// (base/json_difference.h compares member by member and place by place, for programs. This one opens documents that
// are held as text, such as a bucket's policy; takes lists for sets, so that a statement that was removed does not show
// as a change of all that follow it; and compares long texts line by line.)
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace kedge {

struct StateChange {
  std::string where;                     // "policy.Statement[PublicRead].Principal"; empty: the whole
  std::optional<nlohmann::json> before;  // none: it was not there
  std::optional<nlohmann::json> after;   // none: it is not there any more

  bool operator==(const StateChange&) const = default;
};

// In the order of the members; at most kStateChangesMax, of which the last one then says how many were left out.
std::vector<StateChange> state_difference(const nlohmann::json& before, const nlohmann::json& after);
inline constexpr size_t kStateChangesMax = 100;

}  // namespace kedge
