// One line that says what a record tells, in words.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace kedge {

// Printable (record_text.h), for any JSON value; of a kind that it does not know, the kind.
std::string summary_of(const nlohmann::json& record);

// The kinds that records may have (RECORDS.md), in alphabetical order.
std::vector<std::string_view> record_kinds();

// "250 us", "12.3 ms", "2.31 s", "12 min 5 s": how people read a span of time.
std::string span_in_words(int64_t micros);

}  // namespace kedge
