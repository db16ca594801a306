// Reading parts of records as text that may be printed.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace kedge {

// The member at a JSON pointer ("/event/principal"), through objects alone; null where there is none. A name with a
// slash or a tilde in it cannot be asked for.
const nlohmann::json* value_at(const nlohmann::json& record, std::string_view pointer);

// The member at such a pointer ("/event/principal"): text as it is, anything else as JSON; empty where there is none.
std::string raw_text_at(const nlohmann::json& record, const char* pointer);

// The same, printable.
std::string text_at(const nlohmann::json& record, const char* pointer);

// Names in records come from whoever caused the event. What would steer a terminal, or hide or turn round what stands
// beside it (control characters, bidirectional and invisible ones, noncharacters), is written as \u{1b}; bad UTF-8 as
// \x{ff}.
std::string printable(std::string_view text);

}  // namespace kedge
