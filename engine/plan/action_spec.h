// ActionSpec: what an action declares about itself. Rules are checked against it when they load, plans when they are
// made, and the executor and the guards rely on it. The code that does the work is elsewhere (remediate/action.h).
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace kedge {

enum class ArgumentType { string, integer, boolean, string_list, object };
std::string_view to_string(ArgumentType);

struct ArgumentSpec {
  std::string name;
  ArgumentType type = ArgumentType::string;
  bool required = false;
  bool sensitive = false;  // enters records and notices only as a salted digest
  std::string meaning;     // one line for people
};

// How an action may be repeated after an attempt whose outcome is unknown.
enum class Repetition {
  absolute,  // it writes whole state, built from a fresh observation
  exact,     // it adds or removes named things
  token,     // the endpoint de-duplicates, or checks a precondition
  once,      // it may not be: held for a person
};
std::string_view to_string(Repetition);

// Where an action calls: its concurrency and circuit breaker are shared by all that call there.
struct Endpoint {
  std::string service;  // "aws.s3", "host"
  std::string account;  // or the host's name
  std::string region;

  std::string name() const;  // "aws.s3/123456789012/eu-west-1"; empty without a service
  bool operator==(const Endpoint&) const = default;
};

struct ActionSpec {
  std::string name;     // "aws.s3.block_public_access"
  int version = 1;      // of the arguments
  std::string summary;  // one line for people: the desired state
  std::vector<ArgumentSpec> arguments;
  bool undoable = true;
  bool lease = false;  // an isolation that is released again; only these may stand in `isolate`
  Repetition repetition = Repetition::absolute;
  std::string mark;  // how our own change is recognised when it comes back as an event, for people

  // Pure. The canonical keys of what the action writes: locks, budgets and self-protection use them.
  std::function<std::vector<std::string>(const nlohmann::json& args)> touches;
  std::function<Endpoint(const nlohmann::json& args)> endpoint;

  // Pure. Checks beyond the types ("bucket" looks like a bucket's name); may be empty.
  std::function<Result<void>(const nlohmann::json& args)> check;

  // Top-level members of observed states that enter records and notices only as salted digests.
  std::vector<std::string> sensitive_state = {};
};

// All actions that an engine has. Immutable; made by app and borrowed by everybody else, whom it outlives.
class ActionCatalog {
 public:
  explicit ActionCatalog(std::vector<ActionSpec> specs);

  const ActionSpec* find(std::string_view name) const;
  const std::vector<ActionSpec>& all() const { return specs_; }  // sorted by name

  // Checks the arguments of a call: unknown action (with the nearest name), unknown or missing argument, wrong type.
  // The error names the argument and what would be right.
  Result<void> check(std::string_view action, const nlohmann::json& args) const;

 private:
  std::vector<ActionSpec> specs_;
};

}  // namespace kedge
