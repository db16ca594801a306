// rooms: audit
// Any bytes as a file of kept checkpoints: what is found lies in it, in order; what is appended to it is found again,
// whole, wherever it was cut off; and whole checkpoints one after another are taken apart as they were.
#include <cstdlib>
#include <string>
#include <string_view>

#include "audit/checkpoint.h"
#include "audit/kept_checkpoints.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

constexpr std::string_view kWhole = "a\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n\xE2\x80\x94 a AAAAAAA=\n";

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace kedge;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const KeptCheckpoints kept = split_kept_checkpoints(text);
  const char* end = text.data();
  std::string checkpoints;
  size_t count = 0;
  for (const KeptCheckpoint& one : kept.notes) {
    require(!one.note.empty() && one.note.data() >= end && one.note.data() + one.note.size() <= text.data() + size);
    end = one.note.data() + one.note.size();
    const auto note = parse_note(one.note);
    if (!note || !parse_checkpoint(note->text)) continue;
    checkpoints += one.note;
    ++count;
  }
  require(split_kept_checkpoints(checkpoints).notes.size() == count);

  const std::string longer =
      std::string(text) + (ends_between_notes(text) ? "" : std::string(kCutOff)) + std::string(kWhole);
  require(ends_between_notes(longer));
  require(split_kept_checkpoints(longer).notes.back().note == kWhole);
  return 0;
}
