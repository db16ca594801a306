// Checkpoints that were kept outside of their log: notes in a text, one after another, as an engine appends them.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace kedge {

// Ends what was cut off while it was written (a full disk, a power cut): it is no checkpoint. It is appended to the
// line that was cut, so that where it is cut off itself that line is not ended, and no part of it is taken for a whole.
inline constexpr std::string_view kCutOff = "# cut off while it was written\n";

struct KeptCheckpoint {
  std::string_view note;  // of the text that it was found in
  size_t line = 0;        // where it begins, from 1

  bool operator==(const KeptCheckpoint&) const = default;
};

struct KeptCheckpoints {
  std::vector<KeptCheckpoint> notes;
  size_t cut_off = 0;  // of which only a part was written: it ends with kCutOff, or at the end of the text

  bool operator==(const KeptCheckpoints&) const = default;
};

// A note ends behind its signatures. Between notes there may be empty lines, and lines that begin with "# ". Nothing is
// looked at closely: what is no note is for whoever opens it.
KeptCheckpoints split_kept_checkpoints(std::string_view text);

// Whether a further note may be appended to a text with this end; otherwise kCutOff goes before it.
bool ends_between_notes(std::string_view end_of_text);

}  // namespace kedge
