#include "base/json.h"

#include <array>

#include "lua/libraries.h"
#include "lua/machine.h"
#include "lua/values.h"

namespace kedge::lua {
namespace {

// json.decode(text): what it holds; an error when it is not JSON.
int decode(lua_State* state) {
  size_t size = 0;
  const char* const text = luaL_checklstring(state, 1, &size);
  budget_of(state).charge_bytes(state, size * 8);
  const auto value = parse_json({text, size}, kDepthMax);
  if (!value) return luaL_error(state, "json.decode: %s", value.error().message.c_str());
  push_value(state, *value);
  return 1;
}

// json.encode(value): its text, keys in order, no spaces.
int encode(lua_State* state) {
  luaL_checkany(state, 1);
  const Json value = read_value(state, 1, machine_of(state).options.limits.result_bytes);
  const std::string text = value.dump();  // read_value has seen to it that every string is UTF-8
  lua_pushlstring(state, text.data(), text.size());
  return 1;
}

}  // namespace

void push_json_library(lua_State* state) {
  static constexpr std::array<luaL_Reg, 3> kFunctions = {{{"decode", decode}, {"encode", encode}, {nullptr, nullptr}}};
  lua_createtable(state, 0, 3);
  luaL_setfuncs(state, kFunctions.data(), 0);
  lua_pushlightuserdata(state, nullptr);
  lua_setfield(state, -2, "null");
}

}  // namespace kedge::lua
