#include "match/value_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <random>

namespace kedge {
namespace {

using testing::UnorderedElementsAre;

TEST(Wildcard, TakesItsPiecesInTheirOrder) {
  const auto matches = [](std::string_view pattern, std::string_view text) {
    return matches_pieces(*parse_wildcard(pattern), text);
  };
  EXPECT_TRUE(matches("a*b", "ab"));
  EXPECT_FALSE(matches("ab*ba", "aba"));
  EXPECT_TRUE(matches("*x*y*", "xy"));
  EXPECT_FALSE(matches("*x*y*", "yx"));
  EXPECT_TRUE(matches("a*aa*a", "aaaa"));
  EXPECT_FALSE(matches("a*aa*a", "aaa"));
  EXPECT_TRUE(matches(R"(\**\\)", R"(*a\)"));
  EXPECT_FALSE(parse_wildcard("a**"));
  EXPECT_TRUE(parse_wildcard(R"(*\**)"));
}

TEST(RangeIndex, FindsTheRangesThatANumberLiesIn) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const std::vector<double> numbers = {-kInfinity, -1e300, -3,  -1.5, -1, 0,     1e-320,
                                       0.5,        1,      1.5, 2,    3,  1e300, kInfinity};
  std::vector<InRange> ranges;
  for (const double lower : numbers) {
    for (const double upper : numbers) {
      if (!(lower < upper)) continue;
      for (const int ends : {0, 1, 2, 3}) ranges.push_back({lower, upper, (ends & 1) != 0, (ends & 2) != 0});
    }
  }
  RangeIndex index;
  for (uint32_t i = 0; i < ranges.size(); ++i) index.add(ranges[i], i);
  index.finish();
  std::vector<double> asked = {-0.0, 0.75, 2.5, -2.0, std::nextafter(1.0, 2.0), std::nextafter(1.0, 0.0)};
  for (const double number : numbers) {
    if (std::isfinite(number)) asked.push_back(number);
  }
  for (const double value : asked) {
    std::vector<uint32_t> found;
    index.find(value, [&found](uint32_t number) { found.push_back(number); });
    std::sort(found.begin(), found.end());
    std::vector<uint32_t> expected;
    for (uint32_t i = 0; i < ranges.size(); ++i) {
      const InRange& range = ranges[i];
      if ((range.lower_included ? value >= range.lower : value > range.lower) &&
          (range.upper_included ? value <= range.upper : value < range.upper)) {
        expected.push_back(i);
      }
    }
    EXPECT_EQ(found, expected) << value;
  }
}

TEST(ValueIndex, FindsLongAndShortTextsAtEitherEnd) {
  ValueIndex index;
  uint32_t number = 0;
  const std::string long_text(200, 'x');
  for (const std::string& text : {std::string(), std::string("x"), long_text.substr(0, 63), long_text.substr(0, 64),
                                  long_text.substr(0, 65), long_text, std::string("y")}) {
    index.add({ValueKey::Kind::starts, text, {}}, number++);
    index.add({ValueKey::Kind::ends, text, {}}, number++);
  }
  const auto find = [&index](const std::string& text) {
    std::vector<uint32_t> found;
    std::string folded;
    index.find({FieldValue::Kind::string, 0, FieldValue::kNowhere, text}, folded,
               [&found](uint32_t one, bool) { found.push_back(one); });
    return found;
  };
  EXPECT_THAT(find(""), UnorderedElementsAre(0, 1));
  EXPECT_THAT(find("xy"), UnorderedElementsAre(0, 1, 2, 13));
  EXPECT_THAT(find(long_text.substr(0, 64)), UnorderedElementsAre(0, 1, 2, 3, 4, 5, 6, 7));
  EXPECT_THAT(find(long_text + "x"), UnorderedElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11));
}

}  // namespace
}  // namespace kedge
