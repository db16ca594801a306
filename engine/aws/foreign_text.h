// Somebody else's text in our messages: answers of servers, names in events and policies.
#pragma once

#include <string>
#include <string_view>

namespace kedge {

// At most `bytes_max` bytes of it, as UTF-8 without control characters; what cannot be shown becomes "?".
std::string foreign_text(std::string_view text, size_t bytes_max);

}  // namespace kedge
