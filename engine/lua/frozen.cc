#include "lua/frozen.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "base/nearest.h"
#include "lua/budget.h"

namespace kedge::lua {
namespace {

char thawed_key;  // in the metatable of a frozen table: the real one

int refuse_writing(lua_State* state) { return luaL_error(state, "this table is shared and cannot be changed"); }

int length(lua_State* state) {
  push_thawed(state, 1);
  lua_pushinteger(state, static_cast<lua_Integer>(lua_rawlen(state, -1)));
  return 1;
}

// What replaces the removed functions of Lua's own libraries.
std::string_view remedy(std::string_view table, std::string_view name) {
  if (table == "string" && (name == "match" || name == "gmatch")) return "; use re.match";
  if (table == "string" && name == "gsub") return "; use string.replace (plain text)";
  return "";
}

// Upvalues: the namespace's name, its real table.
int refuse_unknown(lua_State* state) {
  const std::string name = lua_tostring(state, lua_upvalueindex(1));
  const std::string key = lua_type(state, 2) == LUA_TSTRING ? lua_tostring(state, 2) : luaL_typename(state, 2);
  std::vector<std::string_view> known;
  lua_pushnil(state);
  while (lua_next(state, lua_upvalueindex(2)) != 0) {
    known.emplace_back(lua_tostring(state, -2));
    lua_pop(state, 1);
  }
  std::sort(known.begin(), known.end());  // two can be equally near
  budget_of(state).charge(state, known.size() * 100);
  std::string hint{remedy(name, key)};
  if (hint.empty()) hint = did_you_mean(key, known);
  return luaL_error(state, "%s has no '%s'%s", name.c_str(), key.c_str(), hint.c_str());
}

}  // namespace

void freeze(lua_State* state) {
  luaL_checkstack(state, 4, nullptr);
  lua_createtable(state, 0, 0);  // the frozen view
  lua_createtable(state, 0, 4);  // its metatable
  lua_pushvalue(state, -3);
  lua_setfield(state, -2, "__index");
  lua_pushcfunction(state, refuse_writing);
  lua_setfield(state, -2, "__newindex");
  lua_pushcfunction(state, length);
  lua_setfield(state, -2, "__len");
  lua_pushvalue(state, -3);
  lua_rawsetp(state, -2, &thawed_key);
  lua_setmetatable(state, -2);
  lua_replace(state, -2);
}

void freeze_namespace(lua_State* state, const std::string& name) {
  lua_createtable(state, 0, 1);
  lua_pushlstring(state, name.data(), name.size());
  lua_pushvalue(state, -3);
  lua_pushcclosure(state, refuse_unknown, 2);
  lua_setfield(state, -2, "__index");
  lua_setmetatable(state, -2);
  freeze(state);
}

void push_thawed(lua_State* state, int index) {
  lua_pushvalue(state, index);
  if (lua_getmetatable(state, -1) == 0) return;
  if (lua_rawgetp(state, -1, &thawed_key) == LUA_TTABLE) {
    lua_replace(state, -3);
    lua_pop(state, 1);
  } else {
    lua_pop(state, 2);
  }
}

}  // namespace kedge::lua
