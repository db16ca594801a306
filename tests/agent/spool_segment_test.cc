#include "agent/spool_segment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kedge {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(SpoolSegment, ALineWithoutAnEndIsNotWhole) {
  EXPECT_EQ(whole_lines("one\ntwo\nhal").bytes, 8U);
  EXPECT_EQ(whole_lines("one\ntwo\nhal").lines, 2U);
  EXPECT_EQ(whole_lines("half").bytes, 0U);
  EXPECT_EQ(whole_lines("\n").lines, 1U);
}

TEST(SpoolSegment, TakesSoManyAndSaysWhereItEnded) {
  const std::string_view text = "one\ntwo\nthree\nhal";
  const SegmentPart first = take_lines(text, {7, 0, 0}, 2, 100);
  EXPECT_THAT(first.events, ElementsAre("one", "two"));
  EXPECT_EQ(first.end, (SpoolPlace{7, 8, 2}));
  const SegmentPart rest = take_lines(text, first.end, 100, 100);
  EXPECT_THAT(rest.events, ElementsAre("three"));
  EXPECT_EQ(rest.end, (SpoolPlace{7, 14, 3}));
  EXPECT_THAT(take_lines(text, rest.end, 100, 100).events, IsEmpty());
  EXPECT_THAT(take_lines(text, {7, 99, 9}, 100, 100).events, IsEmpty());
}

TEST(SpoolSegment, TakesOneHoweverLong) {
  EXPECT_THAT(take_lines("a long line\nx\n", {}, 100, 3).events, ElementsAre("a long line"));
}

TEST(SpoolSegment, APlaceReadsBackAndNothingElseIsOne) {
  const SpoolPlace place{3, 4'711, 42};
  EXPECT_EQ(to_text(place), "3 4711 42\n");
  EXPECT_EQ(parse_place(to_text(place)), place);
  for (const char* wrong : {"", "3", "3 4711", "3 4711 42", "3 4711 42\n\n", "3 4711 -1\n",
                            "3 99999999999999999999 1\n", " 3 1 1\n", "a 1 1\n"}) {
    EXPECT_EQ(parse_place(wrong), SpoolPlace{}) << wrong;
  }
}

}  // namespace
}  // namespace kedge
