// Frozen tables: what many runs share and none can change. Inside this folder only.
//
// A frozen table is an empty table in front of the real one. Reading goes through; writing raises. Scripts have no way
// to the real one: they have no metatables and no raw access.
#pragma once

#include <lua.hpp>
#include <string>

namespace kedge::lua {

// Replaces the table on top of the stack by a frozen view of it.
void freeze(lua_State* state);

// The same for a table of functions: reading a field that it does not have raises an error that names it and what was
// probably meant. `name` is how scripts call the table.
void freeze_namespace(lua_State* state, const std::string& name);

// Pushes the real table behind the frozen one at `index`, or the table itself when it is not frozen.
void push_thawed(lua_State* state, int index);

}  // namespace kedge::lua
