#include "base/csv.h"

#include <gtest/gtest.h>

namespace kedge {
namespace {

TEST(Csv, QuotesWhatWouldBreakALine) {
  EXPECT_EQ(csv_field("plain text"), "plain text");
  EXPECT_EQ(csv_field(""), "");
  EXPECT_EQ(csv_field("a,b"), "\"a,b\"");
  EXPECT_EQ(csv_field("say \"yes\""), "\"say \"\"yes\"\"\"");
  EXPECT_EQ(csv_field("two\nlines"), "\"two\nlines\"");
}

TEST(Csv, GivesNoSpreadsheetAFormula) {
  for (const char* text : {"=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "  =1", "＝1", "＋1", "－1", "＠1"}) {
    EXPECT_EQ(csv_field(text), "'" + std::string(text));
  }
  EXPECT_EQ(csv_field("\r=1"), "\"'\r=1\"");
  EXPECT_EQ(csv_field("=cmd|' /C calc'!A0,"), "\"'=cmd|' /C calc'!A0,\"");
  EXPECT_EQ(csv_field("a=1"), "a=1");
  EXPECT_EQ(csv_quoted("-1"), "-1") << "a number of ours";
}

TEST(Csv, EndsALineAsRfc4180Does) { EXPECT_EQ(csv_line({"a", "", "\"b,c\""}), "a,,\"b,c\"\r\n"); }

}  // namespace
}  // namespace kedge
