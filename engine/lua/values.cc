#include "lua/values.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "lua/budget.h"
#include "lua/frozen.h"

namespace kedge::lua {
namespace {

using nlohmann::json;

// The metatable of a table that came in as an empty object, so that it can go out as one. It has no other effect.
char empty_object_key;

}  // namespace

void mark_as_object(lua_State* state) {
  if (lua_rawgetp(state, LUA_REGISTRYINDEX, &empty_object_key) != LUA_TTABLE) {
    lua_pop(state, 1);
    lua_createtable(state, 0, 0);
    lua_pushvalue(state, -1);
    lua_rawsetp(state, LUA_REGISTRYINDEX, &empty_object_key);
  }
  lua_setmetatable(state, -2);
}

namespace {

bool is_marked_as_object(lua_State* state, int index) {
  if (lua_getmetatable(state, index) == 0) return false;
  lua_rawgetp(state, LUA_REGISTRYINDEX, &empty_object_key);
  const bool same = lua_rawequal(state, -1, -2) != 0;
  lua_pop(state, 2);
  return same;
}

void push(lua_State* state, const json& value, bool frozen);

void push_list(lua_State* state, const json::array_t& list, bool frozen) {
  lua_createtable(state, static_cast<int>(list.size()), 0);
  for (size_t i = 0; i < list.size(); ++i) {
    push(state, list[i], frozen);
    lua_rawseti(state, -2, static_cast<lua_Integer>(i) + 1);
  }
}

void push_object(lua_State* state, const json::object_t& object, bool frozen) {
  bool is_empty = true;
  lua_createtable(state, 0, static_cast<int>(object.size()));
  for (const auto& [key, value] : object) {
    if (value.is_null()) continue;
    is_empty = false;
    lua_pushlstring(state, key.data(), key.size());
    push(state, value, frozen);
    lua_rawset(state, -3);
  }
  if (is_empty) mark_as_object(state);
}

void push(lua_State* state, const json& value, bool frozen) {
  luaL_checkstack(state, 6, "a document is nested too deep");
  switch (value.type()) {
    case json::value_t::boolean:
      return lua_pushboolean(state, value.get<bool>() ? 1 : 0);
    case json::value_t::number_integer:
      return lua_pushinteger(state, value.get<lua_Integer>());
    case json::value_t::number_float:
      return lua_pushnumber(state, value.get<lua_Number>());
    case json::value_t::number_unsigned:
      if (const auto number = value.get<uint64_t>(); number <= INT64_MAX) {
        return lua_pushinteger(state, static_cast<lua_Integer>(number));
      }
      return lua_pushnumber(state, value.get<lua_Number>());
    case json::value_t::string: {
      const auto& text = value.get_ref<const std::string&>();
      lua_pushlstring(state, text.data(), text.size());
      return;
    }
    case json::value_t::array:
      push_list(state, value.get_ref<const json::array_t&>(), frozen);
      break;
    case json::value_t::object:
      push_object(state, value.get_ref<const json::object_t&>(), frozen);
      break;
    default:
      return lua_pushlightuserdata(state, nullptr);  // null; JSON text has no other types
  }
  if (frozen) freeze(state);
}

// Reads one value and what hangs from it, counting bytes. Keys are taken in their order, so that the first error is
// the same in every process.
class Reader {
 public:
  Reader(lua_State* state, size_t bytes_max, Functions on_function)
      : state_(state), bytes_left_(bytes_max), bytes_max_(bytes_max), on_function_(on_function) {}

  json read(int index, int depth) {
    spend(2);
    switch (lua_type(state_, index)) {
      case LUA_TNIL:
        return nullptr;
      case LUA_TBOOLEAN:
        return lua_toboolean(state_, index) != 0;
      case LUA_TNUMBER:
        return read_number(index);
      case LUA_TSTRING:
        return std::string(read_string(index));
      case LUA_TTABLE:
        return read_table(index, depth);
      case LUA_TLIGHTUSERDATA:
        return nullptr;
      default:
        fail(std::string("a ") + luaL_typename(state_, index) + " is not data");
    }
  }

 private:
  [[noreturn]] void fail(const std::string& what) {
    const std::string where = path_.empty() ? "" : path_ + ": ";
    luaL_error(state_, "%s%s", where.c_str(), what.c_str());
    std::abort();  // luaL_error does not come back
  }

  void spend(size_t bytes) {
    budget_of(state_).charge_bytes(state_, bytes);
    if (bytes > bytes_left_) fail("more than " + std::to_string(bytes_max_) + " bytes in one value");
    bytes_left_ -= bytes;
  }

  json read_number(int index) {
    spend(8);
    if (lua_isinteger(state_, index) != 0) return static_cast<int64_t>(lua_tointeger(state_, index));
    const lua_Number number = lua_tonumber(state_, index);
    if (!std::isfinite(number)) fail("a number that JSON cannot hold (infinite or not a number)");
    return number;
  }

  std::string_view read_string(int index) {
    size_t size = 0;
    const char* const text = lua_tolstring(state_, index, &size);
    spend(size);
    if (!is_utf8({text, size})) fail("a string that is not UTF-8");
    return {text, size};
  }

  json read_table(int index, int depth) {
    if (depth >= kDepthMax) fail("nested deeper than " + std::to_string(kDepthMax) + " levels, or holding itself");
    luaL_checkstack(state_, 6, "a table is nested too deep");
    push_thawed(state_, index);
    const int table = lua_gettop(state_);
    json result = is_list(table) ? read_list(table, depth) : read_object(table, depth);
    if (result.empty() && result.is_object() && !is_marked_as_object(state_, table)) result = json::array();
    lua_settop(state_, table - 1);
    return result;
  }

  // A list has exactly the keys 1 to n, n > 0.
  bool is_list(int table) {
    const auto length = static_cast<lua_Integer>(lua_rawlen(state_, table));
    lua_Integer count = 0;
    lua_pushnil(state_);
    while (lua_next(state_, table) != 0) {
      lua_pop(state_, 1);
      const bool in_list =
          lua_isinteger(state_, -1) != 0 && lua_tointeger(state_, -1) >= 1 && lua_tointeger(state_, -1) <= length;
      if (!in_list) {
        lua_pop(state_, 1);
        return false;
      }
      ++count;
    }
    return count == length && count > 0;
  }

  json read_list(int table, int depth) {
    json list = json::array();
    const size_t path_size = path_.size();
    const auto length = static_cast<lua_Integer>(lua_rawlen(state_, table));
    for (lua_Integer i = 1; i <= length; ++i) {
      path_ += '[' + std::to_string(i) + ']';
      lua_rawgeti(state_, table, i);
      list.push_back(read(lua_gettop(state_), depth + 1));
      lua_pop(state_, 1);
      path_.resize(path_size);
    }
    return list;
  }

  json read_object(int table, int depth) {
    json object = json::object();
    const size_t path_size = path_.size();
    for (const std::string_view key : sorted_keys(table)) {
      path_ += (path_.empty() ? "" : ".") + std::string(utf8_prefix(key, 100));
      lua_pushlstring(state_, key.data(), key.size());
      lua_rawget(state_, table);
      const bool skipped = depth == 0 && on_function_ == Functions::skip && lua_isfunction(state_, -1);
      if (!skipped) object[std::string(key)] = read(lua_gettop(state_), depth + 1);
      lua_pop(state_, 1);
      path_.resize(path_size);
    }
    return object;
  }

  // The views live as long as the table keeps its keys.
  std::vector<std::string_view> sorted_keys(int table) {
    std::vector<std::string_view> keys;
    bool all_strings = true;
    lua_pushnil(state_);
    while (lua_next(state_, table) != 0) {
      lua_pop(state_, 1);
      all_strings = all_strings && lua_type(state_, -1) == LUA_TSTRING;
      if (all_strings) keys.push_back(read_string(lua_gettop(state_)));
    }
    if (!all_strings) fail("a table that is neither a list (keys 1 to n) nor a map (strings as keys)");
    std::sort(keys.begin(), keys.end());
    return keys;
  }

  lua_State* state_;
  size_t bytes_left_;
  size_t bytes_max_;
  Functions on_function_;
  std::string path_;  // of the value being read, for errors
};

}  // namespace

void push_value(lua_State* state, const json& value) {
  if (value.is_null()) return lua_pushnil(state);
  push(state, value, false);
}

void push_frozen(lua_State* state, const json& value) {
  if (value.is_null()) return lua_pushnil(state);
  push(state, value, true);
}

json read_value(lua_State* state, int index, size_t bytes_max, Functions on_function) {
  return Reader(state, bytes_max, on_function).read(lua_absindex(state, index), 0);
}

}  // namespace kedge::lua
