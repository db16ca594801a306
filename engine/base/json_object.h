// json_object: an object by its members, as Json{{...}, ...} reads, but each value is moved to its place. (nlohmann
// makes a list of lists first, and out of it the object: twice the work, where every decision and record is built.)
#pragma once

#include <nlohmann/json.hpp>
#include <utility>

namespace kedge {

inline void add_members(nlohmann::json&) {}

template <class Value, class... Rest>
void add_members(nlohmann::json& object, const char* name, Value&& value, Rest&&... rest) {
  object.emplace(name, std::forward<Value>(value));
  add_members(object, std::forward<Rest>(rest)...);
}

// json_object("name", value, "name", value, ...); no name twice.
template <class... Members>
nlohmann::json json_object(Members&&... members) {
  nlohmann::json object = nlohmann::json::object();
  add_members(object, std::forward<Members>(members)...);
  return object;
}

}  // namespace kedge
