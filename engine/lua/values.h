// JSON documents as Lua values and back. Inside this folder only. All of these raise Lua errors.
#pragma once

#include <lua.hpp>
#include <nlohmann/json.hpp>

namespace kedge::lua {

// Pushes a document. A member that is null is left out (it reads as nil); an element of a list that is null is
// `json.null`, so that no list has a hole.
void push_value(lua_State* state, const nlohmann::json& value);

// The same, as tables that cannot be changed.
void push_frozen(lua_State* state, const nlohmann::json& value);

// Reads the value at `index`. Raised: what JSON cannot hold (functions, NaN, strings that are not UTF-8, tables that
// are neither list nor map, cycles and more than kDepthMax levels) and more than `bytes_max` of it.
// `on_function`: what to do with fields of the outermost table that are functions.
enum class Functions { refuse, skip };
nlohmann::json read_value(lua_State* state, int index, size_t bytes_max, Functions on_function = Functions::refuse);

inline constexpr int kDepthMax = 100;

}  // namespace kedge::lua
