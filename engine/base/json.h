// JSON documents that are built and kept: plans, records, requests. (Where every event passes, simdjson is used.)
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/result.h"

namespace kedge {

using Json = nlohmann::json;

// Parses one document. Refused: bad UTF-8, a key that stands twice in one object, more than `depth_max` levels.
// The error names the byte and what was expected.
Result<Json> parse_json(std::string_view text, int depth_max = 1000);

// The one form that is hashed, signed and kept: RFC 8785 for strings, booleans, null, integers within ±2^53, arrays
// and objects (keys in the order of their UTF-16 units). A floating-point number, a larger integer or bad UTF-8 is an
// error: we do not write them.
Result<std::string> canonical_json(const Json&);

}  // namespace kedge
