// What a RuleSet is made of. Inside this folder only.
#pragma once

#include <string>
#include <vector>

#include "rule/rule_files.h"
#include "rule/rule_set.h"

namespace kedge {

struct RuleSet::Parts {
  // Where a rule's functions are found, and what belongs to its bundle.
  struct Origin {
    size_t declaration = 0;          // among those of its file
    std::vector<std::string> paths;  // the file, and the modules, data files and lists that it reaches; sorted
    bool has_when = false;
    bool has_title = false;  // as functions
    bool has_severity = false;
    bool has_tests = false;
    bool has_approval = false;  // it says by how many people
  };

  Options options;
  RuleFiles files;
  std::vector<Rule> rules;
  std::vector<Origin> origins;  // by the rule's index
  Matcher matcher;
  std::string digest;
};

}  // namespace kedge
