// The sandbox that rules run in: their functions, the host's, and `require` of what lies in the rule directory.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "lua/sandbox.h"
#include "rule/rule_files.h"
#include "rule/rule_set.h"

namespace kedge {

// `files` and what `options` borrows must outlive the sandbox. `word`: what the files declare: "rule" or "test".
Result<std::unique_ptr<lua::Sandbox>> make_rule_sandbox(const RuleFiles& files, const RuleSet::Options& options,
                                                        const std::string& word);

// A file of the directory as the sandbox takes it.
lua::File lua_file(const RuleFiles& files, const std::string& path);

}  // namespace kedge
