// Bytes as text: hexadecimal, base64, UTF-8.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace kedge {

// Lower-case hexadecimal.
std::string to_hex(std::string_view bytes);
Result<std::string> from_hex(std::string_view text);

// RFC 4648 §4, with padding. Reading is strict: no white space, no missing padding.
std::string to_base64(std::string_view bytes);
Result<std::string> from_base64(std::string_view text);

// The same, and there is one text for the bytes: what is left over of the last digit is zero. For what is signed or
// compared as text.
Result<std::string> from_canonical_base64(std::string_view text);

// True when the bytes are UTF-8 by RFC 3629: no surrogates, no overlong forms, nothing above U+10FFFF.
bool is_utf8(std::string_view bytes);

// The longest prefix of at most `bytes_max` bytes that does not cut a character of UTF-8 in two.
std::string_view utf8_prefix(std::string_view text, size_t bytes_max);

}  // namespace kedge
