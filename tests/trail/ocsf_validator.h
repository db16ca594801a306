// Holds an event against a compiled OCSF schema, as OCSF's own validator does, and is as strict with what that one only
// warns of: captions beside their ids, regular expressions, deprecated attributes.
#pragma once

#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <string>
#include <vector>

namespace kedge::testing {

class OcsfValidator {
 public:
  // The schema as tests/trail/ocsf has it.
  explicit OcsfValidator(nlohmann::json schema);

  // One line for each fault, "attribute_unknown: file.colour"; none: the event is valid. The names are OCSF's.
  std::vector<std::string> faults(const nlohmann::json& event) const;

 private:
  struct Check;

  nlohmann::json schema_;
  std::map<std::string, std::regex> expressions_;  // by type
};

}  // namespace kedge::testing
