#include "match/case_forms.h"

#include <gtest/gtest.h>

namespace kedge {
namespace {

std::string folded(std::string_view text) {
  std::string out;
  append_folded(text, out);
  return out;
}

std::string utf8(uint32_t code) {
  if (code < 0x80) return {static_cast<char>(code)};
  if (code < 0x800) return {static_cast<char>(0xC0 | code >> 6U), static_cast<char>(0x80 | (code & 0x3F))};
  return {static_cast<char>(0xE0 | code >> 12U), static_cast<char>(0x80 | (code >> 6U & 0x3F)),
          static_cast<char>(0x80 | (code & 0x3F))};
}

TEST(CaseForms, AreTheFullFormsOfThePatternsCharacters) {
  EXPECT_TRUE(equals_in_any_case("straße", "STRASSE"));
  EXPECT_TRUE(equals_in_any_case("straße", "Straße"));
  EXPECT_FALSE(equals_in_any_case("straße", "strasse"));
  EXPECT_TRUE(equals_in_any_case("\u212A", "k"));  // the Kelvin sign
  EXPECT_FALSE(equals_in_any_case("k", "\u212A"));
  EXPECT_TRUE(equals_in_any_case("ς", "Σ"));
  EXPECT_FALSE(equals_in_any_case("ς", "σ"));
  EXPECT_TRUE(equals_in_any_case("ǅ", "Ǆ"));
  EXPECT_FALSE(equals_in_any_case("ǅ", "ǅ"));
  EXPECT_TRUE(equals_in_any_case("😀", "??"));
  EXPECT_FALSE(equals_in_any_case("😀", "😀"));
  EXPECT_FALSE(equals_in_any_case("ab", "a"));
  EXPECT_FALSE(equals_in_any_case("a", "ab"));
}

TEST(CaseForms, ReachToTheSizeOfTheFormAtEitherEnd) {
  EXPECT_TRUE(starts_in_any_case("ß", "SSx"));
  EXPECT_TRUE(ends_in_any_case("ß", "xSS"));
  EXPECT_FALSE(starts_in_any_case("ß", "Sx"));
  EXPECT_TRUE(starts_in_any_case("", ""));
  EXPECT_TRUE(ends_in_any_case("éb", "aÉB"));
}

// What the index of values rests on: nothing that matches is folded to something else.
TEST(CaseForms, FoldToOneSpellingWhateverTheCase) {
  size_t pairs = 0;
  for (uint32_t code = 1; code < 0x10000; ++code) {
    if (code >= 0xD800 && code <= 0xDFFF) continue;
    const std::string character = utf8(code);
    for (uint32_t other = code < 0x250 ? 1 : code - 0x50; other < std::min(code + 0x50, 0x10000U); ++other) {
      if (other >= 0xD800 && other <= 0xDFFF) continue;
      if (!equals_in_any_case(character, utf8(other))) continue;
      ASSERT_EQ(folded(character), folded(utf8(other))) << std::hex << code << " " << other;
      ++pairs;
    }
  }
  EXPECT_GT(pairs, 63'000U);
  EXPECT_EQ(folded("straße \u212A \uFB03 İ 😀"), folded("STRASSE k FFI i\u0307 ??"));
}

TEST(CaseForms, TakeBytesThatAreNoUtf8AsTheyAre) {
  for (const char* text : {"\xFF", "\xC3", "a\xE2\x82", "\x80\x80\x80\x80\x80", "\xF0\x9F"}) {
    EXPECT_TRUE(equals_in_any_case(text, text));
    EXPECT_TRUE(ends_in_any_case(text, text));
    folded(text);
  }
}

}  // namespace
}  // namespace kedge
