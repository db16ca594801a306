#include <algorithm>
#include <array>
#include <bit>
#include <string_view>
#include <vector>

#include "lua/budget.h"
#include "lua/frozen.h"
#include "lua/libraries.h"

namespace kedge::lua {
namespace {

constexpr lua_Integer kUnpackMax = 250;  // values: what a call with written-out arguments can have too

// A key that has an order. The text is held by the table that has the key.
struct Key {
  int kind;  // 0: a number, 1: a string, 2: a boolean
  lua_Number number;
  lua_Integer integer;
  bool is_integer;
  std::string_view text;
};

// Integers and other numbers are compared exactly, as Lua does: a double cannot tell large integers apart.
bool less(const Key& a, const Key& b) {
  if (a.kind != b.kind) return a.kind < b.kind;
  if (a.kind == 1) return a.text < b.text;
  if (a.is_integer && b.is_integer) return a.integer < b.integer;
  if (a.number != b.number) return a.number < b.number;
  return a.is_integer && !b.is_integer;
}

Key read_key(lua_State* state) {
  switch (lua_type(state, -1)) {
    case LUA_TNUMBER:
      return {0, lua_tonumber(state, -1), lua_tointeger(state, -1), lua_isinteger(state, -1) != 0, {}};
    case LUA_TSTRING: {
      size_t size = 0;
      const char* const text = lua_tolstring(state, -1, &size);
      return {1, 0, 0, false, {text, size}};
    }
    case LUA_TBOOLEAN:
      return {2, 0, lua_toboolean(state, -1), true, {}};
    default:
      luaL_error(state, "pairs: a key that is a %s has no order", luaL_typename(state, -1));
      return {};
  }
}

void push_key(lua_State* state, const Key& key) {
  if (key.kind == 1) {
    lua_pushlstring(state, key.text.data(), key.text.size());
  } else if (key.kind == 2) {
    lua_pushboolean(state, static_cast<int>(key.integer));
  } else if (key.is_integer) {
    lua_pushinteger(state, key.integer);
  } else {
    lua_pushnumber(state, key.number);
  }
}

// Upvalues: the sorted keys, the place in them, the real table.
int next_pair(lua_State* state) {
  lua_Integer place = lua_tointeger(state, lua_upvalueindex(2));
  while (lua_rawgeti(state, lua_upvalueindex(1), ++place) != LUA_TNIL) {
    lua_pushvalue(state, -1);
    if (lua_rawget(state, lua_upvalueindex(3)) != LUA_TNIL) {
      lua_pushinteger(state, place);
      lua_replace(state, lua_upvalueindex(2));
      return 2;
    }
    lua_pop(state, 2);  // removed since the loop began
    budget_of(state).charge(state, 1);
  }
  lua_pushnil(state);
  return 1;
}

size_t cost_of_sorting(size_t count) { return count * static_cast<size_t>(std::bit_width(count)); }

// table.sort(list [, less]): stable, so that equal items keep their order.
class Sorter {
 public:
  explicit Sorter(lua_State* state) : state_(state), has_less_(!lua_isnoneornil(state, 2)) {}

  // Bottom-up merge sort between the list (index 1) and a second table (index 3).
  void sort() {
    const auto count = static_cast<lua_Integer>(luaL_len(state_, 1));
    budget_of(state_).charge(state_, cost_of_sorting(static_cast<size_t>(std::max<lua_Integer>(count, 0))));
    lua_settop(state_, 2);
    lua_createtable(state_, static_cast<int>(count), 0);
    int from = 1;
    int to = 3;
    for (lua_Integer width = 1; width < count; width *= 2) {
      for (lua_Integer low = 1; low <= count; low += 2 * width) {
        merge(from, to, low, std::min(low + width, count + 1), std::min(low + 2 * width, count + 1));
      }
      std::swap(from, to);
    }
    for (lua_Integer i = 1; from != 1 && i <= count; ++i) move(from, i, 1, i);
  }

 private:
  void move(int from, lua_Integer i, int to, lua_Integer j) {
    lua_geti(state_, from, i);
    lua_seti(state_, to, j);
  }

  bool right_is_less(int from, lua_Integer left, lua_Integer right) {
    if (has_less_) lua_pushvalue(state_, 2);
    lua_geti(state_, from, right);
    lua_geti(state_, from, left);
    bool result;
    if (has_less_) {
      lua_call(state_, 2, 1);
      result = lua_toboolean(state_, -1) != 0;
      lua_pop(state_, 1);
    } else {
      result = lua_compare(state_, -2, -1, LUA_OPLT) != 0;
      lua_pop(state_, 2);
    }
    return result;
  }

  void merge(int from, int to, lua_Integer low, lua_Integer middle, lua_Integer high) {
    lua_Integer left = low;
    lua_Integer right = middle;
    for (lua_Integer i = low; i < high; ++i) {
      const bool take_right = left >= middle || (right < high && right_is_less(from, left, right));
      move(from, take_right ? right++ : left++, to, i);
    }
  }

  lua_State* state_;
  bool has_less_;
};

int sort(lua_State* state) {
  luaL_checktype(state, 1, LUA_TTABLE);
  if (!lua_isnoneornil(state, 2)) luaL_checktype(state, 2, LUA_TFUNCTION);
  Sorter(state).sort();
  return 0;
}

int unpack(lua_State* state) {
  const lua_Integer first = luaL_optinteger(state, 2, 1);
  const lua_Integer last = lua_isnoneornil(state, 3) ? luaL_len(state, 1) : luaL_checkinteger(state, 3);
  if (first > last) return 0;
  const auto count = static_cast<lua_Unsigned>(last) - static_cast<lua_Unsigned>(first);
  if (count >= kUnpackMax) return luaL_error(state, "table.unpack: more than %d values", static_cast<int>(kUnpackMax));
  luaL_checkstack(state, static_cast<int>(count) + 1, nullptr);
  for (lua_Integer i = first; i < last; ++i) lua_geti(state, 1, i);
  lua_geti(state, 1, last);
  return static_cast<int>(count) + 1;
}

// Calls Lua's own function (upvalue 1), having counted the items that it may move.
int counted(lua_State* state) {
  luaL_checktype(state, 1, LUA_TTABLE);
  const bool at_the_end = lua_tointeger(state, lua_upvalueindex(2)) >= lua_gettop(state);
  budget_of(state).charge(state, at_the_end ? 1 : static_cast<size_t>(std::max<lua_Integer>(luaL_len(state, 1), 0)));
  lua_pushvalue(state, lua_upvalueindex(1));
  lua_insert(state, 1);
  lua_call(state, lua_gettop(state) - 1, LUA_MULTRET);
  return lua_gettop(state);
}

}  // namespace

int ordered_pairs(lua_State* state) {
  luaL_checktype(state, 1, LUA_TTABLE);
  push_thawed(state, 1);
  const int table = lua_gettop(state);
  std::vector<Key> keys;
  lua_pushnil(state);
  while (lua_next(state, table) != 0) {
    lua_pop(state, 1);
    keys.push_back(read_key(state));
  }
  budget_of(state).charge(state, cost_of_sorting(keys.size()));
  std::sort(keys.begin(), keys.end(), less);
  lua_createtable(state, static_cast<int>(keys.size()), 0);
  for (size_t i = 0; i < keys.size(); ++i) {
    push_key(state, keys[i]);
    lua_rawseti(state, -2, static_cast<lua_Integer>(i) + 1);
  }
  lua_pushinteger(state, 0);
  lua_pushvalue(state, table);
  lua_pushcclosure(state, next_pair, 3);
  return 1;
}

void push_table_library(lua_State* state) {
  // The number: with at most so many arguments the function works at the list's end and moves nothing.
  static constexpr std::array<std::pair<const char*, int>, 3> kCounted = {
      {{"concat", 0}, {"insert", 2}, {"remove", 1}}};
  static constexpr std::array<const char*, 5> kNames = {"concat", "insert", "pack", "remove", nullptr};
  lua_createtable(state, 0, 8);
  copy_from_library(state, luaopen_table, kNames.data());
  for (const auto& [name, arguments] : kCounted) {
    lua_getfield(state, -1, name);
    lua_pushinteger(state, arguments);
    lua_pushcclosure(state, counted, 2);
    lua_setfield(state, -2, name);
  }
  lua_pushcfunction(state, sort);
  lua_setfield(state, -2, "sort");
  lua_pushcfunction(state, unpack);
  lua_setfield(state, -2, "unpack");
}

}  // namespace kedge::lua
