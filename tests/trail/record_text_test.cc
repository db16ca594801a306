#include "trail/record_text.h"

#include <gtest/gtest.h>

#include "base/json.h"

namespace kedge {
namespace {

TEST(Printable, LeavesTextOfAnyLanguageAsItIs) {
  for (const char* text : {"", "arn:aws:s3:::b", "Zoë Müller", "漢字 😀", "→ ·"}) EXPECT_EQ(printable(text), text);
}

TEST(Printable, ShowsWhatWouldSteerATerminal) {
  EXPECT_EQ(printable("\x1b[2Jgone"), "\\u{1b}[2Jgone");
  EXPECT_EQ(printable("a\nb\tc\r"), "a\\u{a}b\\u{9}c\\u{d}");
  EXPECT_EQ(printable("\xc2\x9b"
                      "31m"),
            "\\u{9b}31m");
}

TEST(Printable, ShowsWhatWouldTurnRoundOrHideItsNeighbours) {
  EXPECT_EQ(printable("user\u202Egpj.exe"), "user\\u{202e}gpj.exe");
  EXPECT_EQ(printable("ad\u200Bmin"), "ad\\u{200b}min");
  EXPECT_EQ(printable("\U000E0041"), "\\u{e0041}");
}

TEST(Printable, ShowsWhatIsNoCharacter) {
  EXPECT_EQ(printable("a\uFFFE\uFDD0\U0001FFFF"), "a\\u{fffe}\\u{fdd0}\\u{1ffff}");
}

TEST(Printable, ShowsBytesThatAreNotUtf8) {
  EXPECT_EQ(printable("a\xff"
                      "b"),
            "a\\x{ff}b");
  EXPECT_EQ(printable("\xe2\x82"), "\\x{e2}\\x{82}");
  EXPECT_EQ(printable("\x80"), "\\x{80}");
}

TEST(TextAt, IsEmptyWhereThereIsNothing) {
  const Json record = {{"rule", {{"id", "a"}}}, {"seq", 7}, {"guard", nullptr}, {"agent", "x\x1by"}};
  EXPECT_EQ(text_at(record, "/rule/id"), "a");
  EXPECT_EQ(text_at(record, "/seq"), "7");
  EXPECT_EQ(text_at(record, "/guard"), "");
  EXPECT_EQ(text_at(record, "/none/at/all"), "");
  EXPECT_EQ(text_at(Json(7), "/rule"), "");
  EXPECT_EQ(text_at(Json::array({"a"}), "/0"), "");
  EXPECT_EQ(text_at(record, "/rule/id/more"), "");
  EXPECT_EQ(text_at(record, "/rule"), "{\"id\":\"a\"}");
  EXPECT_EQ(value_at(record, ""), &record);
  EXPECT_EQ(raw_text_at(record, "/agent"), "x\x1by");
  EXPECT_EQ(text_at(record, "/agent"), "x\\u{1b}y");
}

}  // namespace
}  // namespace kedge
