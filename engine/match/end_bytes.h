// With which bytes some texts begin and end: a text that begins or ends otherwise is none of them, and need not be
// compared with each.
#pragma once

#include <cstdint>
#include <string_view>

#include "match/pattern.h"

namespace kedge {

class EndBytes {
 public:
  // Of texts of which nothing is known.
  EndBytes() = default;
  // Of the strings that a test excludes.
  explicit EndBytes(const AnythingBut&);

  bool may_be(std::string_view text) const {
    return text.empty() || ((firsts_ & bit_of(text.front())) != 0 && (lasts_ & bit_of(text.back())) != 0);
  }

 private:
  static constexpr uint64_t kAll = ~uint64_t{0};

  // Bytes whose last six bits are the same share a bit: letters of one case do not.
  static uint64_t bit_of(char c) { return uint64_t{1} << (static_cast<unsigned char>(c) & 63U); }
  static uint64_t bits_of(char c, bool in_any_case);
  void add(std::string_view start, std::string_view end, bool in_any_case = false);
  void add(const TextTest&);

  uint64_t firsts_ = kAll;
  uint64_t lasts_ = kAll;
};

}  // namespace kedge
