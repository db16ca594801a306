#include "aws/foreign_text.h"

#include <algorithm>

#include "base/bytes.h"

namespace kedge {

std::string foreign_text(std::string_view text, size_t bytes_max) {
  std::string result(utf8_prefix(text, bytes_max));
  const bool readable = is_utf8(result);
  std::ranges::replace_if(
      result, [&](unsigned char c) { return c < ' ' || c == 0x7f || (c >= 0x80 && !readable); }, '?');
  return result;
}

}  // namespace kedge
