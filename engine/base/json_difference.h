// The difference of two JSON values, for people and records.
#pragma once

#include <nlohmann/json_fwd.hpp>

namespace kedge {

// [{"path": "/acl/grants/0", "expected": ..., "found": ...}, ...]: the deepest places in which they differ. A member
// that only one side has is missing on the other. At most kDifferencesMax entries; more are told by a last one that
// only says {"more": n}.
nlohmann::json difference(const nlohmann::json& expected, const nlohmann::json& found);
inline constexpr size_t kDifferencesMax = 50;

}  // namespace kedge
