// rooms: host
// Any bytes as a tree's manifest, and as what a host saw when it was made: what is accepted is what would be written.
#include <cstdlib>
#include <string>
#include <string_view>

#include "host/baseline_difference.h"
#include "host/baseline_seen.h"
#include "host/manifest.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace kedge;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto bytes = from_visible(text)) require(visible(*bytes) == text);
  require(*from_visible(visible(text)) == text);
  static const SigningKey kKey = SigningKey::from_seed("a", std::string(32, 'k')).value();
  const auto read = parse_manifest(text, "m");
  if (!read) return 0;
  const std::string again = to_text(read->manifest);
  require(text.starts_with(again) && (read->note.has_value() || text == again));
  require(differences(read->manifest.entries, read->manifest.entries, true).empty());
  const auto renewed = parse_manifest(again + note_lines(again, kKey), "m");
  require(renewed && renewed->manifest == read->manifest && signers(*renewed, {kKey.verifier()}));
  (void)SeenFiles::parse(text, "seen", *read).ok();
  return 0;
}
