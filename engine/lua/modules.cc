#include "lua/modules.h"

#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "lua/frozen.h"
#include "lua/libraries.h"
#include "lua/values.h"

namespace kedge::lua {
namespace {

// Pushes the compiled main function of the file.
void push_compiled(Machine& machine, const File& file) {
  lua_State* const state = machine.state;
  const auto known = machine.scripts.find(file.name);
  if (known != machine.scripts.end()) {
    lua_rawgeti(state, LUA_REGISTRYINDEX, known->second);
    return;
  }
  const Budget::Shared shared(machine.budget);
  const std::string chunk_name = "@" + file.name;
  if (luaL_loadbufferx(state, file.text.data(), file.text.size(), chunk_name.c_str(), "t") != LUA_OK) lua_error(state);
  lua_pushnil(state);  // not Lua's globals
  lua_setupvalue(state, -2, 1);
  lua_pushvalue(state, -1);
  machine.scripts[file.name] = luaL_ref(state, LUA_REGISTRYINDEX);
}

// Pushes the frozen table that a data file is.
void push_data(Machine& machine, const File& file) {
  lua_State* const state = machine.state;
  const auto known = machine.data.find(file.name);
  if (known != machine.data.end()) {
    lua_rawgeti(state, LUA_REGISTRYINDEX, known->second);
    return;
  }
  const Budget::Shared shared(machine.budget);
  const auto value = parse_json(file.text, kDepthMax);
  if (!value) luaL_error(state, "%s: %s", file.name.c_str(), value.error().message.c_str());
  push_frozen(state, *value);
  lua_pushvalue(state, -1);
  machine.data[file.name] = luaL_ref(state, LUA_REGISTRYINDEX);
}

const File& resolve(Machine& machine, const std::string& name) {
  const auto known = machine.resolved.find(name);
  if (known != machine.resolved.end()) return known->second;
  if (!machine.options.resolve) luaL_error(machine.state, "there is no module '%s'", name.c_str());
  auto file = machine.options.resolve(name);
  if (!file) luaL_error(machine.state, "%s", file.error().message.c_str());
  return machine.resolved.emplace(name, *std::move(file)).first->second;
}

// Pushes what the module is: the host's table, a data file, or what its script returns.
void push_module(Machine& machine, const std::string& name) {
  lua_State* const state = machine.state;
  const auto host = machine.host_modules.find(name);
  if (host != machine.host_modules.end()) {
    lua_rawgeti(state, LUA_REGISTRYINDEX, host->second);
    return;
  }
  const File& file = resolve(machine, name);
  machine.required.insert(name);
  if (file.kind == File::Kind::data) return push_data(machine, file);
  if (!machine.in_progress.insert(name).second) {
    luaL_error(state, "the module '%s' requires itself, by way of others or not", name.c_str());
  }
  run_script(machine, file);
  machine.in_progress.erase(name);
  if (lua_isnil(state, -1)) luaL_error(state, "the module '%s' returns nothing", name.c_str());
}

// Upvalue: the HostFunction.
int call_host(lua_State* state) {
  const auto& function = *static_cast<const HostFunction*>(lua_touserdata(state, lua_upvalueindex(1)));
  Budget& budget = budget_of(state);
  const size_t result_bytes = machine_of(state).options.limits.result_bytes;
  budget.charge(state, 100);
  Json arguments = Json::array();
  const int count = lua_gettop(state);
  for (int i = 1; i <= count; ++i) arguments.push_back(read_value(state, i, result_bytes));
  const auto result = function.call(arguments);
  if (!result) return luaL_error(state, "%s: %s", function.name.c_str(), result.error().message.c_str());
  push_value(state, *result);
  return 1;
}

// Sets the field that a dotted name means below the table on top, making the tables between.
void set_dotted(lua_State* state, const HostFunction& function) {
  const int top = lua_gettop(state);
  std::string_view path = function.name;
  for (size_t dot = path.find('.'); dot != std::string_view::npos; dot = path.find('.')) {
    const std::string part(path.substr(0, dot));
    if (lua_getfield(state, -1, part.c_str()) != LUA_TTABLE) {
      lua_pop(state, 1);
      lua_createtable(state, 0, 4);
      lua_pushvalue(state, -1);
      lua_setfield(state, -3, part.c_str());
    }
    path.remove_prefix(dot + 1);
  }
  lua_pushlightuserdata(state, const_cast<HostFunction*>(&function));
  lua_pushcclosure(state, call_host, 1);
  lua_setfield(state, -2, std::string(path).c_str());
  lua_settop(state, top);
}

// Freezes every table below the one on top. The deepest first: a frozen table shows only what it had before.
void freeze_below(lua_State* state, const std::string& name) {
  std::vector<std::string> fields;
  lua_pushnil(state);
  while (lua_next(state, -2) != 0) {
    if (lua_istable(state, -1)) fields.emplace_back(lua_tostring(state, -2));
    lua_pop(state, 1);
  }
  for (const std::string& field : fields) {
    const std::string full = name.empty() ? field : name + "." + field;
    lua_getfield(state, -1, field.c_str());
    freeze_below(state, full);
    freeze_namespace(state, full);
    lua_setfield(state, -2, field.c_str());
  }
}

// Upvalue: the word. WORD "name" gives a function that takes the fields' table.
int declare_fields(lua_State* state) {
  Machine& machine = machine_of(state);
  luaL_argexpected(state, lua_istable(state, 1), 1, "table of fields");
  if (!machine.loading) return luaL_error(state, "a declaration belongs outside of every function");
  lua_settop(state, 1);
  lua_createtable(state, 0, 4);
  lua_pushvalue(state, lua_upvalueindex(1));
  lua_setfield(state, -2, "word");
  lua_pushvalue(state, lua_upvalueindex(2));
  lua_setfield(state, -2, "name");
  lua_pushvalue(state, lua_upvalueindex(3));
  lua_setfield(state, -2, "line");
  lua_pushvalue(state, 1);
  lua_setfield(state, -2, "fields");
  machine.declared.push_back(luaL_ref(state, LUA_REGISTRYINDEX));
  return 0;
}

int declare(lua_State* state) {
  luaL_checktype(state, 1, LUA_TSTRING);
  lua_Debug caller;
  const bool known = lua_getstack(state, 1, &caller) != 0 && lua_getinfo(state, "l", &caller) != 0;
  lua_pushvalue(state, lua_upvalueindex(1));
  lua_pushvalue(state, 1);
  lua_pushinteger(state, known ? caller.currentline : 0);
  lua_pushcclosure(state, declare_fields, 3);
  return 1;
}

// The module's name and the function's, which is the last label.
std::pair<std::string, std::string> split_module(const std::string& name) {
  const size_t dot = name.rfind('.');
  return {name.substr(0, dot), name.substr(dot + 1)};
}

void build_host_modules(Machine& machine) {
  lua_State* const state = machine.state;
  for (const HostFunction& function : machine.options.modules) {
    const auto [module, name] = split_module(function.name);
    int& reference = machine.host_modules.try_emplace(module, LUA_NOREF).first->second;
    if (reference == LUA_NOREF) {
      lua_createtable(state, 0, 4);
      reference = luaL_ref(state, LUA_REGISTRYINDEX);
    }
    lua_rawgeti(state, LUA_REGISTRYINDEX, reference);
    lua_pushlightuserdata(state, const_cast<HostFunction*>(&function));
    lua_pushcclosure(state, call_host, 1);
    lua_setfield(state, -2, name.c_str());
    lua_pop(state, 1);
  }
  for (const auto& [module, reference] : machine.host_modules) {
    lua_rawgeti(state, LUA_REGISTRYINDEX, reference);
    freeze_namespace(state, module);
    lua_rawseti(state, LUA_REGISTRYINDEX, reference);
  }
}

}  // namespace

int require_module(lua_State* state) {
  Machine& machine = machine_of(state);
  const std::string name = luaL_checkstring(state, 1);
  if (!machine.loading) {
    return luaL_error(state, "require belongs outside of every function, where the file is loaded");
  }
  lua_rawgeti(state, LUA_REGISTRYINDEX, machine.loaded);
  if (lua_getfield(state, -1, name.c_str()) != LUA_TNIL) return 1;
  lua_pop(state, 1);
  push_module(machine, name);
  lua_pushvalue(state, -1);
  lua_setfield(state, -3, name.c_str());
  return 1;
}

void run_script(Machine& machine, const File& file) {
  lua_State* const state = machine.state;
  push_compiled(machine, file);
  machine.entered.push_back(machine.scripts.at(file.name));
  lua_rawgeti(state, LUA_REGISTRYINDEX, machine.globals);
  lua_setupvalue(state, -2, 1);
  lua_call(state, 0, 1);
}

void build_base(Machine& machine) {
  lua_State* const state = machine.state;
  push_base_library(state);
  // The host's tables grow apart from the libraries, which are frozen already.
  lua_createtable(state, 0, 8);
  for (const HostFunction& function : machine.options.functions) set_dotted(state, function);
  freeze_below(state, "");
  lua_pushnil(state);
  while (lua_next(state, -2) != 0) {
    lua_pushvalue(state, -2);
    lua_insert(state, -2);
    lua_rawset(state, -5);
  }
  lua_pop(state, 1);
  for (const std::string& word : machine.options.words) {
    lua_pushlstring(state, word.data(), word.size());
    lua_pushcclosure(state, declare, 1);
    lua_setfield(state, -2, word.c_str());
  }
  machine.base = luaL_ref(state, LUA_REGISTRYINDEX);
  lua_createtable(state, 0, 1);
  lua_rawgeti(state, LUA_REGISTRYINDEX, machine.base);
  lua_setfield(state, -2, "__index");
  machine.environment_metatable = luaL_ref(state, LUA_REGISTRYINDEX);
  build_host_modules(machine);
}

}  // namespace kedge::lua
