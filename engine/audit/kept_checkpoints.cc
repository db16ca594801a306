#include "audit/kept_checkpoints.h"

#include "audit/note.h"

namespace kedge {
namespace {

// No origin begins so: it has no spaces.
constexpr std::string_view kComment = "# ";

class Splitter {
 public:
  explicit Splitter(std::string_view text) : text_(text) {}

  KeptCheckpoints split() {
    while (at_ < text_.size()) {
      const size_t end = text_.find('\n', at_);
      const size_t next = end == std::string_view::npos ? text_.size() : end + 1;
      take(text_.substr(at_, next - at_));
      at_ = next;
      ++line_;
    }
    // With nothing before it, it is better told what is wrong with it.
    const bool whole = signed_ && text_.ends_with('\n');
    if (begins_ && !whole && !found_.notes.empty()) return cut_off();
    end_note();
    return std::move(found_);
  }

 private:
  void take(std::string_view line) {
    if (signed_ && !line.starts_with(kSignatureMark)) end_note();
    if (line.ends_with(kCutOff)) {
      ++found_.cut_off;
      begins_ = signed_ = false;
      return;
    }
    if (line.starts_with(kComment)) return end_note();
    if (!begins_ && line == "\n") return;
    if (!begins_) begins_ = true, note_at_ = at_, note_line_ = line_;
    signed_ = line.starts_with(kSignatureMark);
  }

  void end_note() {
    if (begins_) found_.notes.push_back({text_.substr(note_at_, at_ - note_at_), note_line_});
    begins_ = signed_ = false;
  }

  KeptCheckpoints cut_off() {
    ++found_.cut_off;
    return std::move(found_);
  }

  const std::string_view text_;
  KeptCheckpoints found_;
  size_t at_ = 0, line_ = 1;            // of the line that is looked at
  size_t note_at_ = 0, note_line_ = 0;  // where the note began
  bool begins_ = false;                 // a note did
  bool signed_ = false;                 // and its last line is a signature
};

}  // namespace

KeptCheckpoints split_kept_checkpoints(std::string_view text) { return Splitter(text).split(); }

bool ends_between_notes(std::string_view end_of_text) {
  if (end_of_text.empty()) return true;
  if (end_of_text.ends_with(kCutOff)) return true;
  if (!end_of_text.ends_with('\n')) return false;
  end_of_text.remove_suffix(1);
  const std::string_view last = end_of_text.substr(end_of_text.rfind('\n') + 1);  // npos + 1 is 0
  return last.starts_with(kSignatureMark) || last.starts_with(kComment);
}

}  // namespace kedge
