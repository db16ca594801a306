// CommandRecord: what an agent did with the commands that came to its host, for people of that host: a JSON object a
// line, the youngest in PATH, what is older in PATH.1. It is no part of what the agent decides by.
//
// Threads: one.
#pragma once

#include <string>

#include "base/descriptor.h"
#include "base/json.h"
#include "base/result.h"

namespace kedge {

class CommandRecord {
 public:
  // `bytes_max`: of either file.
  CommandRecord(std::string path, size_t bytes_max) : path_(std::move(path)), bytes_max_(bytes_max) {}

  // Synced when it returns.
  Result<void> add(const Json& line);

 private:
  Result<void> open();

  const std::string path_;
  const size_t bytes_max_;
  Descriptor file_;
  size_t bytes_ = 0;
};

}  // namespace kedge
