#include "match/pattern.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kedge {
namespace {

using testing::HasSubstr;

std::string error_of(std::string_view text) {
  const auto pattern = parse_pattern(text);
  EXPECT_FALSE(pattern) << text;
  return pattern ? "" : pattern.error().message;
}

TEST(Pattern, ListsItsFieldsByPath) {
  const auto pattern = parse_pattern(R"({"source":["aws.s3"],"detail":{"eventName":["A",{"prefix":"B"}],"x.y":[1]}})");
  ASSERT_TRUE(pattern);
  ASSERT_EQ(pattern->fields.size(), 3U);
  EXPECT_EQ(pattern->fields[1].path, "detail.eventName");
  EXPECT_THAT(pattern->fields[1].written, testing::ElementsAre("\"A\"", "{\"prefix\":\"B\"}"));
  EXPECT_EQ(pattern->fields[2].path, "detail.x.y");
}

TEST(Pattern, DecidesFieldsInUtf16Order) {
  const auto pattern = parse_pattern(R"({"\ufb33":[1],"b":[1],"😀":[1],"a.x":[1],"a-":[1]})");
  ASSERT_TRUE(pattern);
  std::string order;
  for (const uint32_t field : pattern->conjunctions.at(0)) order += pattern->fields[field].path + " ";
  EXPECT_EQ(order, "a- a.x b 😀 \xEF\xAC\xB3 ");
}

TEST(Pattern, MultipliesOutItsOr) {
  const auto pattern = parse_pattern(R"({"$or":[{"a":[1]},{"b":[1]}],"c":{"$or":[{"d":[1]},{"e":[1]},{"f":[1]}]}})");
  ASSERT_TRUE(pattern);
  EXPECT_EQ(pattern->conjunctions.size(), 6U);
}

TEST(Pattern, LetsTheLaterOfTwoFieldsHold) {
  const auto pattern = parse_pattern(R"({"a":[1],"a":[2]})");
  ASSERT_TRUE(pattern);
  EXPECT_EQ(pattern->conjunctions, (std::vector<std::vector<uint32_t>>{{1}}));
}

TEST(PatternError, NamesPathPlaceAndWhatIsExpected) {
  EXPECT_EQ(error_of("{\"detail\":\n  {\"eventName\": \"PutBucketAcl\"}}"),
            "detail.eventName: line 2, column 17: \"PutBucketAcl\": expected an object (to go deeper) or a list of "
            "alternatives");
}

TEST(PatternError, OfAnOperatorThatIsNotThereNamesThoseThatAre) {
  EXPECT_EQ(error_of(R"({"a":{"b":[{"suffix":"x"}]}})"),
            "a.b: line 1, column 13: \"suffix\": expected one of the operators anything-but, exactly, exists, numeric, "
            "prefix");
  EXPECT_THAT(error_of(R"({"a":[{"anything-but":{"wildcard":"*"}}]})"),
              HasSubstr("\"wildcard\": expected behind anything-but"));
  EXPECT_THAT(error_of(R"({"a":[{"prefix":{"equals-ignore-case":"x"}}]})"),
              HasSubstr("expected a string behind prefix"));
}

TEST(PatternError, OfTextThatIsNoJsonSaysWhere) {
  EXPECT_EQ(error_of("{\"a\":[1,]}"), "line 1, column 9: the pattern is not JSON: expected a value");
}

TEST(PatternError, OfAnEmptyListObjectOrPattern) {
  EXPECT_THAT(error_of("{}"), HasSubstr("at least one field"));
  EXPECT_THAT(error_of(R"({"a":{}})"), HasSubstr("a: line 1, column 6: {}: expected at least one field"));
  EXPECT_THAT(error_of(R"({"a":[]})"), HasSubstr("at least one alternative"));
  EXPECT_THAT(error_of(R"({"a":[{}]})"), HasSubstr("one of anything-but"));
  EXPECT_THAT(error_of("[1]"), HasSubstr("an object of fields"));
}

TEST(PatternError, OfTwoOperatorsInOneAlternative) {
  EXPECT_THAT(error_of(R"({"a":[{"prefix":"x","exists":true}]})"),
              HasSubstr("\"exists\": expected one operator only, here \"prefix\""));
}

TEST(PatternError, OfARangeSaysHowOneIsWritten) {
  for (const char* numeric :
       {R"([])", R"([">"])", R"(["!=",1])", R"(["<",5,">",1])", R"([">",0,">",5])", R"([5,">"])", R"(["=",1,"<",2])"}) {
    EXPECT_THAT(error_of(std::string(R"({"a":[{"numeric":)") + numeric + "}]}"), HasSubstr("the lower first"))
        << numeric;
  }
  EXPECT_THAT(error_of(R"({"a":[{"numeric":[">=",5,"<=",5]}]})"), HasSubstr("less than the upper"));
  EXPECT_THAT(error_of(R"({"a":[{"numeric":["=","1"]}]})"), HasSubstr("a number behind ="));
  EXPECT_THAT(error_of(R"({"a":[{"numeric":["=",9007199254740993]}]})"), HasSubstr("a double holds exactly"));
}

TEST(PatternError, OfAnOrSaysWhatItTakes) {
  EXPECT_THAT(error_of(R"({"$or":[{"a":[1]}]})"), HasSubstr("at least two objects"));
  EXPECT_THAT(error_of(R"({"$or":{"a":[1]}})"), HasSubstr("at least two objects"));
  EXPECT_THAT(error_of(R"({"$or":[{"prefix":["a"]},{"b":[2]}]})"), HasSubstr("this one is an operator's"));
}

TEST(PatternError, OfAnOrThatMultipliesTooFar) {
  std::string text = "{";
  for (int i = 0; i < 10; ++i) {
    const std::string n = std::to_string(i);
    text += (i > 0 ? ",\"" : "\"") + std::string("k") + n + R"(":{"$or":[{"a":[1]},{"b":[1]}]})";
  }
  EXPECT_THAT(error_of(text + "}"), HasSubstr("more than 1000 combinations"));
}

TEST(PatternError, OfTooManyPaths) {
  std::string text = "{\"k\":[1]";
  for (int i = 0; i < 256; ++i) text += ",\"k" + std::to_string(i) + "\":[1]";
  EXPECT_THAT(error_of(text + "}"), HasSubstr("257 paths in one pattern: at most 256"));
}

}  // namespace
}  // namespace kedge
