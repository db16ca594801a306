// Machine: what the parts of the sandbox share. Inside this folder only.
//
// Lua is linked in its C++ build (Debian's liblua5.4-c++): an error in Lua is a C++ exception, so destructors run when
// one passes through our functions. Every use of the state that can raise stands inside protect().
#pragma once

#include <lua.hpp>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "lua/budget.h"
#include "lua/sandbox.h"

namespace kedge::lua {

struct Machine {
  explicit Machine(Sandbox::Options given) : options(std::move(given)) {}
  ~Machine() {
    if (state != nullptr) lua_close(state);
  }
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  const Sandbox::Options options;  // the host functions' addresses are known to Lua
  Budget budget;                   // before `state`: it serves its allocations until the end
  lua_State* state = nullptr;

  // References into Lua's registry.
  int base = LUA_NOREF;  // what every environment inherits
  int environment_metatable = LUA_NOREF;
  std::map<std::string, int> scripts;  // a file's name → its compiled main function
  std::map<std::string, int> data;     // a data file's name → its frozen table
  std::map<std::string, int> host_modules;

  // The environment that is open.
  bool is_open = false;
  bool loading = false;  // its files are being run: `require` and declarations are allowed
  int globals = LUA_NOREF;
  int loaded = LUA_NOREF;    // the modules' values by name
  std::vector<int> entered;  // the compiled files that were run in it
  std::set<std::string> required;
  std::set<std::string> in_progress;  // modules that are being run: requiring one of them is a cycle
  std::vector<int> declared;          // each a table {word, name, line, fields}
  std::vector<int> kept;              // values kept for calls

  std::map<std::string, File> resolved;  // what `resolve` said, by module name
};

Machine& machine_of(lua_State* state);

// Runs `body(state)` so that an error in Lua becomes an Error. Leaves the stack as it was.
using Body = void (*)(lua_State* state, void* context);
Result<void> protect(Machine& machine, Body body, void* context);

template <class F>
Result<void> protect(Machine& machine, F&& body) {
  const auto invoke = [](lua_State* state, void* context) {
    (*static_cast<std::remove_reference_t<F>*>(context))(state);
  };
  return protect(machine, invoke, &body);
}

// The same, within the limits of one call.
template <class F>
Result<void> protect_within_limits(Machine& machine, F&& body) {
  machine.budget.start(machine.state, machine.options.limits);
  auto done = protect(machine, std::forward<F>(body));
  machine.budget.stop(machine.state);
  return done;
}

}  // namespace kedge::lua
