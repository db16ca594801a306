#include <array>
#include <string_view>

#include "lua/budget.h"
#include "lua/frozen.h"
#include "lua/libraries.h"

namespace kedge::lua {
namespace {

// ipairs(list): 1 to the first nil. Works on frozen tables too.
int next_item(lua_State* state) {
  const lua_Integer i = luaL_checkinteger(state, 2) + 1;
  lua_pushinteger(state, i);
  return lua_geti(state, 1, i) == LUA_TNIL ? 1 : 2;
}

int ipairs(lua_State* state) {
  luaL_checktype(state, 1, LUA_TTABLE);
  lua_pushcfunction(state, next_item);
  lua_pushvalue(state, 1);
  lua_pushinteger(state, 0);
  return 3;
}

bool is_index(std::string_view part) {
  return !part.empty() && part.size() <= 9 && part.find_first_not_of("0123456789") == std::string_view::npos;
}

// Replaces the value on top by its member `part`, or by nil.
void descend(lua_State* state, std::string_view part) {
  if (!lua_istable(state, -1)) {
    lua_pushnil(state);
  } else {
    push_thawed(state, -1);
    lua_pushlstring(state, part.data(), part.size());
    if (lua_rawget(state, -2) == LUA_TNIL && is_index(part)) {
      lua_rawgeti(state, -2, static_cast<lua_Integer>(std::stoll(std::string(part))));
      lua_replace(state, -2);
    }
    lua_replace(state, -2);
  }
  lua_replace(state, -2);
}

// get(value, "a.b.2.c"): what is there, or nil. It never fails, whatever the value is.
int get(lua_State* state) {
  size_t size = 0;
  const char* const text = luaL_checklstring(state, 2, &size);
  budget_of(state).charge_bytes(state, size);
  std::string_view path(text, size);
  lua_pushvalue(state, 1);
  while (true) {
    const size_t dot = path.find('.');
    descend(state, path.substr(0, dot));
    if (dot == std::string_view::npos) return 1;
    path.remove_prefix(dot + 1);
  }
}

}  // namespace

int plain_tostring(lua_State* state) {
  luaL_checkany(state, 1);
  switch (lua_type(state, 1)) {
    case LUA_TNUMBER:
    case LUA_TSTRING:
      lua_pushvalue(state, 1);
      lua_tolstring(state, -1, nullptr);
      return 1;
    case LUA_TBOOLEAN:
      lua_pushstring(state, lua_toboolean(state, 1) != 0 ? "true" : "false");
      return 1;
    case LUA_TLIGHTUSERDATA:
      lua_pushliteral(state, "null");
      return 1;
    default:
      lua_pushstring(state, luaL_typename(state, 1));
      return 1;
  }
}

void copy_from_library(lua_State* state, lua_CFunction open, const char* const* names) {
  lua_pushcfunction(state, open);
  lua_call(state, 0, 1);
  for (; *names != nullptr; ++names) {
    lua_getfield(state, -1, *names);
    lua_setfield(state, -3, *names);
  }
  lua_pop(state, 1);
}

void push_base_library(lua_State* state) {
  static constexpr std::array<const char*, 6> kAsTheyAre = {"assert", "error", "select", "tonumber", "type", nullptr};
  lua_createtable(state, 0, 20);
  copy_from_library(state, luaopen_base, kAsTheyAre.data());
  static constexpr std::array<luaL_Reg, 6> kOurs = {{{"get", get},
                                                     {"ipairs", ipairs},
                                                     {"pairs", ordered_pairs},
                                                     {"require", require_module},
                                                     {"tostring", plain_tostring},
                                                     {nullptr, nullptr}}};
  luaL_setfuncs(state, kOurs.data(), 0);
  using Push = void (*)(lua_State*);
  static constexpr std::array<std::pair<const char*, Push>, 4> kLibraries = {{{"string", push_string_library},
                                                                              {"table", push_table_library},
                                                                              {"math", push_math_library},
                                                                              {"json", push_json_library}}};
  for (const auto& [name, push] : kLibraries) {
    push(state);
    freeze_namespace(state, name);
    lua_setfield(state, -2, name);
  }
  lua_pushliteral(state, "");  // any string: they share one metatable
  lua_getmetatable(state, -1);
  lua_getfield(state, -3, "string");
  lua_setfield(state, -2, "__index");
  lua_pop(state, 2);
  // Lua's libraries have filled the table of globals, which compiled files see until they are given an environment.
  lua_createtable(state, 0, 0);
  lua_rawseti(state, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
}

}  // namespace kedge::lua
