// The functions that every script has. Inside this folder only.
//
//   globals  assert error get ipairs pairs require select tonumber tostring type
//   string   byte char contains ends_with find format len lower replace rep reverse split starts_with sub trim upper
//   table    concat insert pack remove sort unpack
//   math     abs ceil floor fmod huge maxinteger max min mininteger modf pi sqrt tointeger type ult
//   json     decode encode null
//
// Not there, and why: pattern functions (no bound on their time: re.match is linear), load, dofile and string.dump
// (text that nobody reviewed), io, os, debug, package, print (effects), pcall and coroutine (they could outlive a
// limit), metatables and raw access (they would open frozen tables), next (no order), math.random, and math's
// transcendental functions (their last bit depends on the machine).
#pragma once

#include <lua.hpp>

namespace kedge::lua {

// Pushes the table that environments inherit from, and points the strings' metatable at our `string`.
void push_base_library(lua_State* state);

// Each pushes its table.
void push_string_library(lua_State* state);
void push_table_library(lua_State* state);
void push_math_library(lua_State* state);
void push_json_library(lua_State* state);

// `pairs`, in key order: numbers, then strings by byte, then false and true.
int ordered_pairs(lua_State* state);

// As Lua's, but without addresses: a table is "table", a function "function".
int plain_tostring(lua_State* state);

// `require`; in modules.cc.
int require_module(lua_State* state);

// Opens one of Lua's own libraries and copies the named functions from it into the table on top of the stack.
void copy_from_library(lua_State* state, lua_CFunction open, const char* const* names);

}  // namespace kedge::lua
