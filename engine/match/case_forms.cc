// The forms of the characters up to U+FFFF, by two tables that a script makes (case_table.inc), looked up once: then
// they stand in an array by their code.
#include "match/case_forms.h"

#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

namespace kedge {
namespace {

struct CaseRun {
  uint16_t first, last;
  uint16_t step;
  int distance;
};

struct CaseSequence {
  uint16_t code;
  const char8_t* text;
};

#include "match/case_table.inc"

constexpr size_t kFormMax = 9;  // three characters of three bytes

// A short text of UTF-8.
struct Form {
  uint8_t size = 0;
  char bytes[kFormMax] = {};

  std::string_view view() const { return {bytes, size}; }
  void append(uint32_t code) {
    const auto put = [this](uint32_t byte) { bytes[size++] = static_cast<char>(byte); };
    if (code < 0x80) {
      put(code);
    } else if (code < 0x800) {
      put(0xC0 | code >> 6U);
      put(0x80 | (code & 0x3F));
    } else {
      put(0xE0 | code >> 12U);
      put(0x80 | (code >> 6U & 0x3F));
      put(0x80 | (code & 0x3F));
    }
  }
};

// Codes for what has no form of its own.
constexpr uint32_t kAsItIs = 0;
constexpr uint32_t kSurrogate = 0xD800;
constexpr uint32_t kSurrogatePair = 0xD801;

// One character of a text: its bytes, and its code where it may have case.
struct Character {
  std::string_view bytes;
  uint32_t code;
};

// The character at the beginning of a text that is not empty. Bytes that are no UTF-8 are taken as they are.
Character first_character(std::string_view text) {
  const auto byte = [&text](size_t i) { return static_cast<uint32_t>(static_cast<unsigned char>(text[i])); };
  const uint32_t first = byte(0);
  if (first < 0x80) return {text.substr(0, 1), first};
  if (first >= 0xC2 && first < 0xE0 && text.size() >= 2) {
    return {text.substr(0, 2), (first & 0x1F) << 6U | (byte(1) & 0x3F)};
  }
  if (first >= 0xE0 && first < 0xF0 && text.size() >= 3) {
    const uint32_t code = (first & 0xF) << 12U | (byte(1) & 0x3F) << 6U | (byte(2) & 0x3F);
    return {text.substr(0, 3), code >= 0xD800 && code <= 0xDFFF ? kSurrogate : code};
  }
  if (first >= 0xF0 && text.size() >= 4) return {text.substr(0, 4), kSurrogatePair};
  return {text.substr(0, 1), kAsItIs};
}

Character last_character(std::string_view text) {
  size_t begin = text.size() - 1;
  while (begin > 0 && text.size() - begin < 4 && (static_cast<unsigned char>(text[begin]) & 0xC0U) == 0x80) --begin;
  const Character character = first_character(text.substr(begin));
  if (begin + character.bytes.size() == text.size()) return character;
  return {text.substr(text.size() - 1), kAsItIs};
}

// Forms by code; where a code has none of its own, the character's bytes are its form.
class Forms {
 public:
  Forms() : place_(0x10000, 0), forms_(1) {
    set(kSurrogate, "?");
    set(kSurrogatePair, "??");
  }
  template <size_t Runs, size_t Sequences>
  Forms(const CaseRun (&runs)[Runs], const CaseSequence (&sequences)[Sequences]) : Forms() {
    for (const CaseRun& run : runs) {
      for (uint32_t code = run.first; code <= run.last; code += run.step) {
        add(code).append(static_cast<uint32_t>(static_cast<int>(code) + run.distance));
      }
    }
    for (const CaseSequence& sequence : sequences) {
      set(sequence.code,
          {reinterpret_cast<const char*>(sequence.text), std::char_traits<char8_t>::length(sequence.text)});
    }
  }

  void set(uint32_t code, std::string_view text) {
    Form& form = add(code);
    form.size = static_cast<uint8_t>(text.size());
    std::memcpy(form.bytes, text.data(), text.size());
  }

  std::string_view of(const Character& character) const {
    const uint16_t place = place_[character.code];
    return place == 0 ? character.bytes : forms_[place].view();
  }

 private:
  Form& add(uint32_t code) {
    place_[code] = static_cast<uint16_t>(forms_.size());
    return forms_.emplace_back();
  }

  std::vector<uint16_t> place_;
  std::vector<Form> forms_;
};

const Forms& lower_forms() {
  static const Forms forms(kLowerRuns, kLowerSequences);
  return forms;
}

const Forms& upper_forms() {
  static const Forms forms(kUpperRuns, kUpperSequences);
  return forms;
}

std::string changed(std::string_view text, const Forms& forms) {
  std::string out;
  for (; !text.empty(); text.remove_prefix(first_character(text).bytes.size())) out += forms.of(first_character(text));
  return out;
}

// To lower, upper and lower case again, until nothing changes: what the two forms of a character have in common.
std::string folded(std::string_view character) {
  std::string text(character);
  for (;;) {
    std::string next = changed(changed(changed(text, lower_forms()), upper_forms()), lower_forms());
    if (next == text) return text;
    text = std::move(next);
  }
}

// What append_folded writes for each character.
const Forms& folding() {
  static const Forms made = [] {
    Forms forms;
    for (uint32_t code = 1; code < 0x10000; ++code) {
      if (code >= 0xD800 && code <= 0xDFFF) continue;
      Form self;
      self.append(code);
      const std::string text = folded(self.view());
      if (text != self.view()) forms.set(code, text);
    }
    return forms;
  }();
  return made;
}

bool is_ascii(char c) { return static_cast<unsigned char>(c) < 0x80; }
char lower(char c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c); }

// No form of a character begins or ends with its other one, so that at each place at most one of them matches. Both
// forms of an ASCII character are one.
bool take_start(std::string_view pattern, std::string_view& text) {
  while (!pattern.empty()) {
    if (is_ascii(pattern.front())) {
      if (text.empty() || lower(text.front()) != lower(pattern.front())) return false;
      text.remove_prefix(1);
      pattern.remove_prefix(1);
      continue;
    }
    const Character character = first_character(pattern);
    const std::string_view lower = lower_forms().of(character);
    const std::string_view upper = upper_forms().of(character);
    if (text.starts_with(lower)) {
      text.remove_prefix(lower.size());
    } else if (text.starts_with(upper)) {
      text.remove_prefix(upper.size());
    } else {
      return false;
    }
    pattern.remove_prefix(character.bytes.size());
  }
  return true;
}

}  // namespace

bool equals_in_any_case(std::string_view pattern, std::string_view text) {
  return take_start(pattern, text) && text.empty();
}

bool starts_in_any_case(std::string_view pattern, std::string_view text) { return take_start(pattern, text); }

bool ends_in_any_case(std::string_view pattern, std::string_view text) {
  while (!pattern.empty()) {
    if (is_ascii(pattern.back())) {
      if (text.empty() || lower(text.back()) != lower(pattern.back())) return false;
      text.remove_suffix(1);
      pattern.remove_suffix(1);
      continue;
    }
    const Character character = last_character(pattern);
    const std::string_view lower = lower_forms().of(character);
    const std::string_view upper = upper_forms().of(character);
    if (text.ends_with(lower)) {
      text.remove_suffix(lower.size());
    } else if (text.ends_with(upper)) {
      text.remove_suffix(upper.size());
    } else {
      return false;
    }
    pattern.remove_suffix(character.bytes.size());
  }
  return true;
}

void append_folded(std::string_view text, std::string& out) {
  while (!text.empty()) {
    if (is_ascii(text.front())) {
      out += lower(text.front());
      text.remove_prefix(1);
      continue;
    }
    const Character character = first_character(text);
    out += folding().of(character);
    text.remove_prefix(character.bytes.size());
  }
}

bool is_ascii(std::string_view text) {
  uint64_t all = 0;
  size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) {
    uint64_t word = 0;
    std::memcpy(&word, text.data() + at, 8);
    all |= word;
  }
  for (; at < text.size(); ++at) all |= static_cast<unsigned char>(text[at]);
  return (all & 0x8080808080808080ULL) == 0;
}

}  // namespace kedge
