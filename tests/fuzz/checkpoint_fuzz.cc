// rooms: audit
// Any bytes as the text of a checkpoint: what is accepted is what would be written, is signed, and opened again.
#include <cstdlib>
#include <string>
#include <string_view>

#include "audit/checkpoint.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace kedge;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto checkpoint = parse_checkpoint(text);
  if (!checkpoint) return 0;
  require(to_text(*checkpoint) == text);
  const SigningKey key = SigningKey::from_seed(checkpoint->origin, std::string(32, 'k')).value();
  const auto note = sign_checkpoint(*checkpoint, {key});
  require(note.ok());
  if (note->size() > kNoteBytesMax) return 0;
  const auto opened = open_checkpoint(*note, {key.verifier()});
  require(opened.ok() && *opened == *checkpoint);
  return 0;
}
