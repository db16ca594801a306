// Texts with gaps: "arn:*:s3:::*-logs".
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace kedge {

// The pieces between the stars, with escapes resolved: the text must begin with the first and end with the last, and
// have the others between them in their order. One piece: there is no star.
using Pieces = std::vector<std::string>;

// `*` is any run of bytes, also none. `\*` and `\\` are the characters themselves. The error says what is wrong:
// another escape, or two stars in a row.
Result<Pieces> parse_wildcard(std::string_view text);

// In time linear in the text's size, and in the number of pieces. Of one piece: equality.
bool matches_pieces(std::span<const std::string_view> pieces, std::string_view text);
bool matches_pieces(const Pieces& pieces, std::string_view text);

}  // namespace kedge
