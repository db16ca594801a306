// rooms: audit
// Any bytes as a bundle of so many entries as the first one says: what is accepted is what would be written. And as a
// path.
#include <cstdlib>
#include <string>
#include <string_view>

#include "audit/bundle.h"
#include "audit/tile.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace kedge;
  const std::string_view path(reinterpret_cast<const char*>(data), size);
  if (const auto place = parse_tile_path(path)) require(path_of(*place) == path);
  if (size == 0) return 0;
  const unsigned count = data[0] + 1U;
  const std::string_view bundle = path.substr(1);
  for (const AfterEntries after : {AfterEntries::nothing, AfterEntries::ignored}) {
    const auto entries = parse_bundle(bundle, count, after);
    if (!entries) continue;
    require(entries->size() == count);
    std::string again;
    for (const std::string_view entry : *entries) require(append_entry(again, entry).ok());
    require(bundle.substr(0, again.size()) == again);
    require(after == AfterEntries::ignored || again == bundle);
  }
  return 0;
}
