// RuleFiles: the files of a rule directory, read once.
//
//   *.lua            rules, in any folder below the directory; not *.test.lua
//   *.test.lua       tests, beside the rules
//   lib/**.lua       modules: require "aws.s3" is lib/aws/s3.lua
//   lib/**.json      data files, required in the same way
//   lib/**.txt       lists of networks, for patterns: { cidr = { file = "lib/office.txt" } }
//
// Names that begin with a dot are passed over. A value: nothing is read later.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace kedge {

struct RuleFiles {
  std::string directory;
  std::map<std::string, std::string> texts;  // by path below the directory: every .lua; every .json and .txt below lib/

  std::vector<std::string> rules() const;  // sorted
  std::vector<std::string> tests() const;  // sorted

  // The path of the module; an error names where it was looked for, and what was probably meant.
  Result<std::string> module_path(std::string_view name) const;
};

// Refused: a directory that cannot be read, a file over `file_bytes_max`, a text that is not UTF-8.
Result<RuleFiles> read_rule_files(const std::string& directory, size_t file_bytes_max);

}  // namespace kedge
