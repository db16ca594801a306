// Sandbox runs Lua text that is not trusted to be right: pure functions of their arguments, within limits.
//
// What a script has: the language without metatables, coroutines, code loading and I/O; `assert error get ipairs pairs
// require select tonumber tostring type`; the tables `string table math json` (libraries.h lists them) and what the
// host adds. `pairs` goes in key order (numbers, then strings by byte). Nothing shows an address, a clock, a random
// number or the order of a hash: the same input gives the same bytes in any process.
//
// Each run has a fresh set of globals (Environment), and nothing else survives from one run to the next: the shared
// tables (libraries, data files) are frozen.
//
// Ownership: owns its Lua state. The environment made by open() borrows the sandbox and must be gone before it.
// Threads:   one at a time; there is one sandbox for each lane.
// Failure:   an error of the script, and one over a limit (ErrorCode::limit), is an Error that begins with
//            "FILE:LINE: ". The sandbox remains usable after it.
#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "lua/limits.h"

namespace kedge::lua {

// A pure function given by the host. It takes the list of its arguments (nil is null) and its error becomes an error
// of the script, at the line that called it.
struct HostFunction {
  std::string name;  // "re.match" is the function `match` of the table `re`
  std::function<Result<nlohmann::json>(const nlohmann::json& arguments)> call;
};

// A file that scripts can name. Equal names always stand for equal text during a sandbox's life.
struct File {
  enum class Kind { script, data };  // data: JSON; scripts see it as a frozen table
  Kind kind = Kind::script;
  std::string name;  // as errors show it
  std::string text;
};

// What a script declared, by `WORD "name" { field = value, ... }`.
struct Declaration {
  std::string word;
  std::string name;
  int line = 0;                        // of the declaration
  nlohmann::json data;                 // its fields, without those that are functions
  std::vector<std::string> functions;  // the names of the fields that are functions, sorted
};

struct Machine;

// One run of a file, with the modules that it requires, in a fresh set of globals. A sandbox has at most one
// Environment at a time.
class Environment {
 public:
  ~Environment();
  Environment(Environment&&) noexcept;
  Environment& operator=(Environment&&) = delete;

  // The module names that were required, sorted.
  std::vector<std::string> modules() const;

  size_t declarations() const;
  Result<Declaration> declaration(size_t index) const;

  // A value made for the scripts once, to be given to several calls.
  struct Handle {
    int slot = 0;
  };
  Result<Handle> keep(const nlohmann::json& value);
  // The same for the text of a document, which costs less than building it first.
  Result<Handle> keep_text(std::string_view json);

  // Calls a function of a declaration. The result is what it returned first: tables with the keys 1 to n are lists,
  // with strings as keys they are objects; an empty table is a list, unless it came in as an object.
  Result<nlohmann::json> call(size_t declaration, std::string_view function, std::span<const Handle> arguments);

 private:
  friend class Sandbox;
  explicit Environment(Machine& machine) : machine_(&machine) {}
  Machine* machine_;
};

class Sandbox {
 public:
  struct Options {
    Limits limits;
    std::vector<std::string> words;       // the declarators offered: "rule"
    std::vector<HostFunction> functions;  // offered as globals; "a.b.c" is the field `c` of the table `a.b`
    std::vector<HostFunction> modules;    // offered by require: "aws.policy.is_public" is in the module "aws.policy"
    // Finds what `require "name"` means. Empty: there is nothing to require but `modules`.
    std::function<Result<File>(std::string_view name)> resolve;
  };

  static Result<std::unique_ptr<Sandbox>> create(Options);
  ~Sandbox();
  Sandbox(const Sandbox&) = delete;
  Sandbox& operator=(const Sandbox&) = delete;

  // Runs `file` from its beginning. It is compiled when it is first seen; binary chunks are refused.
  Result<Environment> open(const File& file);

  // Bytes that Lua holds now.
  size_t memory_bytes() const;

 private:
  explicit Sandbox(std::unique_ptr<Machine>);
  std::unique_ptr<Machine> machine_;
};

}  // namespace kedge::lua
