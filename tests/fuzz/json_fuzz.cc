// rooms: base
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/json.h"

// Any bytes: parsing ends in a document or an error, and a document's canonical form is read back as the same document.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto json = kedge::parse_json(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!json) return 0;
  const auto canonical = kedge::canonical_json(*json);
  if (!canonical) return 0;
  const auto again = kedge::parse_json(*canonical);
  if (!again || *again != *json) __builtin_trap();
  if (kedge::canonical_json(*again).value() != *canonical) __builtin_trap();
  return 0;
}
