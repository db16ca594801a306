// JSON documents as Lua values and back. Inside this folder only. All of these raise Lua errors.
#pragma once

#include <lua.hpp>
#include <nlohmann/json.hpp>
#include <string_view>

namespace kedge::lua {

// Pushes a document. A member that is null is left out (it reads as nil); an element of a list that is null is
// `json.null`, so that no list has a hole.
void push_value(lua_State* state, const nlohmann::json& value);

// Pushes the document that a text holds, without building it in between. Raised: text that is not JSON. Where a key
// stands twice, the last one holds.
void push_json(lua_State* state, std::string_view text);

// As push_value, as tables that cannot be changed.
void push_frozen(lua_State* state, const nlohmann::json& value);

// Reads the value at `index`. Raised: what JSON cannot hold (functions, NaN, strings that are not UTF-8, tables that
// are neither list nor map, cycles and more than kDepthMax levels) and more than `bytes_max` of it.
// `on_function`: what to do with fields of the outermost table that are functions.
enum class Functions { refuse, skip };
nlohmann::json read_value(lua_State* state, int index, size_t bytes_max, Functions on_function = Functions::refuse);

// Notes that the table on top of the stack, which is empty, came in as an object, so that it can go out as one.
void mark_as_object(lua_State* state);

inline constexpr int kDepthMax = 100;

}  // namespace kedge::lua
