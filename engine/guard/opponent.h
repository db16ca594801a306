// Opponents: who changes a target back each time it was put right. Pure functions of values.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/time.h"

namespace kedge {

// Who caused a change: the principal, and the agent that it used.
struct Actor {
  std::string principal;
  std::string agent;

  bool operator==(const Actor&) const = default;
};

// The tool that an agent names: "Terraform", "the console"; empty where it is none that we know.
std::string tool_of(const std::string& agent);

// With whom to talk: each once, whoever did it most often first: "arn:...:role/ci (Terraform), arn:...:user/bob".
std::string names_of(const std::vector<Actor>&);
// The same for programs: [{"principal","agent","tool","times"}].
nlohmann::json counts_of(const std::vector<Actor>&);

}  // namespace kedge
