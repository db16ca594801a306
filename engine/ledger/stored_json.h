// JSON as it lies in columns. What we wrote we can read: a text that cannot be read is a damaged file.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "ledger/sqlite.h"

namespace kedge {

inline std::string stored_text(const nlohmann::json& value) {
  return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

inline nlohmann::json stored_json(const std::string& text) {
  auto value = nlohmann::json::parse(text, nullptr, false);
  if (value.is_discarded())
    throw SqliteFailure{SQLITE_CORRUPT, SQLITE_CORRUPT, "a column that should hold JSON does not"};
  return value;
}

}  // namespace kedge
