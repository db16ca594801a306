// The records that RECORDS.md shows, one of each kind.
#pragma once

#include <map>
#include <string>

#include "base/files.h"
#include "base/json.h"

namespace kedge::testing {

// The text of each, by its kind. `tree`: where the sources lie.
inline std::map<std::string, std::string> record_examples(const std::string& tree) {
  std::map<std::string, std::string> examples;
  const std::string text = *read_file(tree + "/engine/ledger/RECORDS.md");
  for (size_t at = 0; (at = text.find("```json\n", at)) != std::string::npos;) {
    at += 8;
    const std::string example = text.substr(at, text.find('\n', at) - at);
    examples[parse_json(example)->at("kind")] = example;
  }
  return examples;
}

}  // namespace kedge::testing
