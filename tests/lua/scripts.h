// Running a few lines of Lua in a test.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "lua/sandbox.h"

namespace kedge::lua {

inline std::unique_ptr<Sandbox> make_sandbox(Sandbox::Options options = {}) {
  options.words.emplace_back("thing");
  auto sandbox = Sandbox::create(std::move(options));
  return sandbox ? std::move(*sandbox) : nullptr;
}

// Runs `body` as the body of a function that is called with `argument` as `x`. A sandbox takes equal names for equal
// texts: each body has a name of its own.
inline Result<Json> run(Sandbox& sandbox, const std::string& body, const Json& argument = nullptr,
                        std::string name = "") {
  if (name.empty()) name = "test" + std::to_string(std::hash<std::string>{}(body)) + ".lua";
  const File file{File::Kind::script, name, "thing 'it' { run = function(x) " + body + "\nend }"};
  auto environment = sandbox.open(file);
  if (!environment) return environment.error();
  const auto handle = environment->keep(argument);
  if (!handle) return handle.error();
  const std::vector<Environment::Handle> arguments = {*handle};
  return environment->call(0, "run", arguments);
}

inline Result<Json> run(const std::string& body, const Json& argument = nullptr, Limits limits = {}) {
  Sandbox::Options options;
  options.limits = limits;
  auto sandbox = make_sandbox(std::move(options));
  return run(*sandbox, body, argument, "test.lua");
}

// The value as text, or "error: MESSAGE".
inline std::string answer(const Result<Json>& result) {
  return result ? result->dump() : "error: " + result.error().message;
}
inline std::string answer(const std::string& body, const Json& argument = nullptr) {
  return answer(run(body, argument));
}

}  // namespace kedge::lua
