#include <cstring>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "lua/budget.h"
#include "lua/frozen.h"
#include "lua/libraries.h"

namespace kedge::lua {
namespace {

std::string_view text_at(lua_State* state, int index) {
  size_t size = 0;
  const char* const text = luaL_checklstring(state, index, &size);
  return {text, size};
}

// The text at `index`, its bytes counted as work.
std::string_view counted_text(lua_State* state, int index) {
  const std::string_view text = text_at(state, index);
  budget_of(state).charge_bytes(state, text.size());
  return text;
}

void push_text(lua_State* state, std::string_view text) { lua_pushlstring(state, text.data(), text.size()); }

// Linear in both lengths (memmem is the two-way algorithm).
size_t find_text(std::string_view text, std::string_view wanted, size_t from) {
  if (from > text.size()) return std::string_view::npos;
  const void* const found = memmem(text.data() + from, text.size() - from, wanted.data(), wanted.size());
  return found == nullptr ? std::string_view::npos : static_cast<size_t>(static_cast<const char*>(found) - text.data());
}

int contains(lua_State* state) {
  lua_pushboolean(state, find_text(counted_text(state, 1), text_at(state, 2), 0) != std::string_view::npos ? 1 : 0);
  return 1;
}

int starts_with(lua_State* state) {
  lua_pushboolean(state, text_at(state, 1).starts_with(text_at(state, 2)) ? 1 : 0);
  return 1;
}

int ends_with(lua_State* state) {
  lua_pushboolean(state, text_at(state, 1).ends_with(text_at(state, 2)) ? 1 : 0);
  return 1;
}

// string.find(text, wanted [, from [, plain]]): as Lua's, but plain. Somebody who thinks of Lua's patterns is told.
int find(lua_State* state) {
  const std::string_view text = counted_text(state, 1);
  const std::string_view wanted = text_at(state, 2);
  lua_Integer from = luaL_optinteger(state, 3, 1);
  if (lua_toboolean(state, 4) == 0 && wanted.find_first_of("^$*+?.([%-") != std::string_view::npos) {
    return luaL_error(state, "string.find takes plain text: pass true as its fourth argument, or use re.match");
  }
  if (from < 0) from = std::max<lua_Integer>(static_cast<lua_Integer>(text.size()) + from + 1, 1);
  const size_t found = find_text(text, wanted, static_cast<size_t>(std::max<lua_Integer>(from, 1)) - 1);
  if (found == std::string_view::npos) return lua_pushnil(state), 1;
  lua_pushinteger(state, static_cast<lua_Integer>(found) + 1);
  lua_pushinteger(state, static_cast<lua_Integer>(found) + static_cast<lua_Integer>(wanted.size()));
  return 2;
}

// string.split(text, separator): the parts between separators, also the empty ones.
int split(lua_State* state) {
  std::string_view text = counted_text(state, 1);
  const std::string_view separator = text_at(state, 2);
  if (separator.empty()) return luaL_error(state, "string.split: the separator is empty");
  lua_createtable(state, 4, 0);
  for (lua_Integer i = 1;; ++i) {
    budget_of(state).charge(state, 2);
    const size_t end = find_text(text, separator, 0);
    push_text(state, text.substr(0, end));
    lua_rawseti(state, -2, i);
    if (end == std::string_view::npos) return 1;
    text.remove_prefix(end + separator.size());
  }
}

// string.replace(text, old, new): every `old`, from left to right; plain text.
int replace(lua_State* state) {
  std::string_view text = counted_text(state, 1);
  const std::string_view old = text_at(state, 2);
  const std::string_view fresh = text_at(state, 3);
  if (old.empty()) return luaL_error(state, "string.replace: nothing to look for");
  luaL_Buffer result;
  luaL_buffinit(state, &result);
  while (true) {
    const size_t end = find_text(text, old, 0);
    luaL_addlstring(&result, text.data(), std::min(end, text.size()));
    if (end == std::string_view::npos) break;
    budget_of(state).charge_bytes(state, fresh.size());
    luaL_addlstring(&result, fresh.data(), fresh.size());
    text.remove_prefix(end + old.size());
  }
  luaL_pushresult(&result);
  return 1;
}

int trim(lua_State* state) {
  constexpr std::string_view kSpace = " \t\r\n\v\f";
  std::string_view text = counted_text(state, 1);
  text.remove_prefix(std::min(text.find_first_not_of(kSpace), text.size()));
  push_text(state, text.substr(0, text.find_last_not_of(kSpace) + 1));
  return 1;
}

// string.byte(text [, from [, to]]): at most kBytesMax of them.
int byte(lua_State* state) {
  constexpr lua_Integer kBytesMax = 250;
  const lua_Integer from = luaL_optinteger(state, 2, 1);
  const lua_Integer to = luaL_optinteger(state, 3, from);
  if (to - from >= kBytesMax && from > 0) return luaL_error(state, "string.byte: more than 250 bytes");
  if (from < 0 || to < 0) return luaL_error(state, "string.byte: a place counted from the end");
  const std::string_view text = text_at(state, 1);
  int count = 0;
  for (lua_Integer i = std::max<lua_Integer>(from, 1); i <= to && i <= static_cast<lua_Integer>(text.size()); ++i) {
    luaL_checkstack(state, 1, nullptr);
    lua_pushinteger(state, static_cast<unsigned char>(text[static_cast<size_t>(i - 1)]));
    ++count;
  }
  return count;
}

int call_original(lua_State* state) {
  lua_pushvalue(state, lua_upvalueindex(1));
  lua_insert(state, 1);
  lua_call(state, lua_gettop(state) - 1, LUA_MULTRET);
  return lua_gettop(state);
}

// Lua's own function (upvalue 1), with its text counted.
int counted(lua_State* state) {
  counted_text(state, 1);
  return call_original(state);
}

int rep(lua_State* state) {
  const size_t size = text_at(state, 1).size() + (lua_isnoneornil(state, 3) ? 0 : text_at(state, 3).size());
  const auto count = static_cast<size_t>(std::max<lua_Integer>(luaL_checkinteger(state, 2), 0));
  size_t bytes = 0;
  if (__builtin_mul_overflow(size, count, &bytes)) bytes = SIZE_MAX;
  budget_of(state).charge(state, 1 + count / 8);
  budget_of(state).charge_bytes(state, bytes);
  return call_original(state);
}

// Lua's own, but for %p (an address), and for values other than numbers and strings, which are written as tostring
// does.
int format(lua_State* state) {
  const std::string_view text = counted_text(state, 1);
  for (size_t i = text.find('%'); i < text.size(); i = text.find('%', i + 1)) {
    i = text.find_first_not_of("0123456789.-+ #", i + 1);  // what may stand between % and the letter
    if (i == std::string_view::npos) break;                // Lua says what is wrong with it
    if (text[i] == 'p') return luaL_error(state, "string.format: %%p is not offered");
  }
  const int arguments = lua_gettop(state);
  for (int i = 2; i <= arguments; ++i) {
    if (lua_type(state, i) == LUA_TNUMBER) continue;
    if (lua_type(state, i) != LUA_TSTRING) {
      lua_pushcfunction(state, plain_tostring);
      lua_pushvalue(state, i);
      lua_call(state, 1, 1);
      lua_replace(state, i);
    }
    counted_text(state, i);
  }
  return call_original(state);
}

}  // namespace

void push_string_library(lua_State* state) {
  static constexpr std::array<const char*, 9> kNames = {"char",    "format", "len",   "lower", "rep",
                                                        "reverse", "sub",    "upper", nullptr};
  static constexpr std::array<luaL_Reg, 9> kOurs = {{{"byte", byte},
                                                     {"contains", contains},
                                                     {"ends_with", ends_with},
                                                     {"find", find},
                                                     {"replace", replace},
                                                     {"split", split},
                                                     {"starts_with", starts_with},
                                                     {"trim", trim},
                                                     {nullptr, nullptr}}};
  static constexpr std::array<luaL_Reg, 5> kAround = {
      {{"format", format}, {"lower", counted}, {"rep", rep}, {"reverse", counted}, {"upper", counted}}};
  lua_createtable(state, 0, 16);
  copy_from_library(state, luaopen_string, kNames.data());
  luaL_setfuncs(state, kOurs.data(), 0);
  for (const auto& [name, around] : kAround) {
    lua_getfield(state, -1, name);
    lua_pushcclosure(state, around, 1);
    lua_setfield(state, -2, name);
  }
}

void push_math_library(lua_State* state) {
  static constexpr std::array<const char*, 17> kNames = {
      "abs",  "ceil", "floor", "fmod",      "huge", "maxinteger", "max",   "mininteger", "min",
      "modf", "pi",   "sqrt",  "tointeger", "type", "ult",        nullptr, nullptr};
  lua_createtable(state, 0, 16);
  copy_from_library(state, luaopen_math, kNames.data());
}

}  // namespace kedge::lua
