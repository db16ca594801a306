// The functions that rules have besides Lua's own (engine/lua/libraries.h) and the host's:
//
//   re.match(text, pattern)         the match and its groups as a list, or nil; anywhere in the text; RE2's syntax
//   cidr.parse(text)                {network = "10.0.0.0/8", address = "10.1.2.3", prefix = 8, version = 4}, or nil
//   cidr.contains(network, inner)   whether the network holds the address or network `inner`
//   time.parse(text)                seconds since 1970 of an RFC 3339 time, or nil
//   action.NAME(args [, options])   a step, checked against the action's ActionSpec; options: timeout ("30s"),
//                                   attempts, on_failure ("stop", "continue", "undo")
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "base/result.h"
#include "lua/sandbox.h"
#include "plan/action_spec.h"

namespace kedge {

// For one sandbox: they keep compiled patterns and are called by one thread. `actions` must outlive them.
std::vector<lua::HostFunction> rule_functions(const ActionCatalog& actions);

// What cidr.parse and cidr.contains do.
Result<nlohmann::json> parse_cidr(const std::string& text);
Result<bool> cidr_contains(const std::string& network, const std::string& inner);

}  // namespace kedge
