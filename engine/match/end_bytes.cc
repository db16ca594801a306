#include "match/end_bytes.h"

namespace kedge {

EndBytes::EndBytes(const AnythingBut& test) : firsts_(0), lasts_(0) {
  for (const std::string& text : test.strings) add(text, text);
  for (const TextTest& text : test.texts) add(text);
  for (const Pieces& pieces : test.wildcards) add(pieces.front(), pieces.back());
}

void EndBytes::add(const TextTest& test) {
  const bool in_any_case = test.relation >= Relation::equals_ignoring_case;
  const bool at_end = test.relation == Relation::ends || test.relation == Relation::ends_ignoring_case;
  const bool at_start = test.relation == Relation::starts || test.relation == Relation::starts_ignoring_case;
  add(at_end ? std::string_view() : test.text, at_start ? std::string_view() : test.text, in_any_case);
}

// Texts with this start and this end, of which an empty one says nothing.
void EndBytes::add(std::string_view start, std::string_view end, bool in_any_case) {
  firsts_ |= start.empty() ? kAll : bits_of(start.front(), in_any_case);
  lasts_ |= end.empty() ? kAll : bits_of(end.back(), in_any_case);
}

// The cases of a character beyond ASCII may begin and end with many bytes.
uint64_t EndBytes::bits_of(char c, bool in_any_case) {
  if (!in_any_case) return bit_of(c);
  if (static_cast<unsigned char>(c) >= 0x80) return kAll;
  const bool is_letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
  return is_letter ? bit_of(static_cast<char>(c | 0x20)) | bit_of(static_cast<char>(c & ~0x20)) : bit_of(c);
}

}  // namespace kedge
