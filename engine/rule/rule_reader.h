// From a declaration, `rule "id" { ... }`, to a Rule: every field is checked, and every mistake is told.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "lua/sandbox.h"
#include "rule/rule_set.h"

namespace kedge {

// What a rule is read against.
struct RuleSurroundings {
  const PatternExtras& extras;  // what its pattern may have beyond the grammar of event patterns
  const Limits& limits;         // the engine's, which it may only tighten
};

// The rule without its version. None when there are problems, which are added to `problems`. `text` is the file's: it
// gives problems the line of their field.
std::optional<Rule> read_rule(const lua::Declaration& declaration, const std::string& file, std::string_view text,
                              const RuleSurroundings& around, std::vector<RuleProblem>& problems);

// From the text of an error that begins with "FILE:LINE: ", as Lua's do.
RuleProblem problem_from_lua(const std::string& file, const std::string& message);

}  // namespace kedge
