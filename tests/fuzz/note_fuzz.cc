// rooms: audit
// Any bytes as a signed note and as a checkpoint: what is accepted is what would be written, and what is signed
// verifies.
#include <cstdlib>
#include <string>
#include <string_view>

#include "audit/checkpoint.h"
#include "audit/note.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace kedge;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static const SigningKey kKey = SigningKey::from_seed("a", std::string(32, 'k')).value();
  if (const auto key = VerifierKey::parse(text)) require(key->to_text() == text);
  if (const auto key = SigningKey::parse(text)) require(key->to_text() == text);
  if (const auto checkpoint = parse_checkpoint(text)) require(to_text(*checkpoint) == text);
  auto note = parse_note(text);
  if (!note) return 0;
  require(to_text(*note) == text);
  (void)open_checkpoint(text, {kKey.verifier()}).ok();
  note->signatures.assign(1, kKey.sign(note->text));
  const std::string again = to_text(*note);
  if (again.size() > kNoteBytesMax) return 0;
  require(parse_note(again).ok() && *parse_note(again) == *note);
  require(verified_signatures(*note, {kKey.verifier()}).ok());
  return 0;
}
