// Rules for the commands that only look at rules (test, explain, replay): from the configuration (-c), or straight from
// a directory (--rules), for which no configuration is needed.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "app/command.h"
#include "app/engine_room.h"

namespace kedge {

struct RuleDirectory {
  std::string configuration;       // the file
  std::string directory;           // not empty: this directory, whatever the configuration says
  std::string option = "--rules";  // that gave the directory
};

void add_rule_directory_options(CLI::App& command, RuleDirectory& where);

// A loaded rule set, with the catalog of actions that it borrows.
struct RulesToLookAt {
  std::unique_ptr<EngineRoom> room;
  std::shared_ptr<const RuleSet> set;
  Configuration configuration;  // defaults where only a directory was given
};

// A problem with its place: file and line of the rule, or of rules.directory where it is about the whole directory.
std::string to_line(const Configuration&, const RuleProblem&);

// not_found: the configuration's rule directory has no such rule. unavailable: it cannot be read.
Result<void> find_rule(const Configuration&, const std::string& rule, const Environment&);

// On mistakes says them all, and gives none.
std::optional<RulesToLookAt> load_rules(const RuleDirectory& where, Shell& shell);

}  // namespace kedge
