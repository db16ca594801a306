// rooms: base
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/json.h"

// Any bytes: parsing ends in a document or an error; the document is the one that the library's own parser makes; and
// its canonical form is read back as the same document.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto json = kedge::parse_json(text);
  if (!json) return 0;
  if (kedge::Json::parse(text, nullptr, false) != *json) __builtin_trap();
  const auto canonical = kedge::canonical_json(*json);
  if (!canonical) return 0;
  const auto again = kedge::parse_json(*canonical);
  if (!again || *again != *json) __builtin_trap();
  if (kedge::canonical_json(*again).value() != *canonical) __builtin_trap();
  return 0;
}
