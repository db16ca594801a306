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
  EXPECT_EQ(error_of(R"({"a":{"b":[{"Prefix":"x"}]}})"),
            "a.b: line 1, column 13: \"Prefix\": expected one of the operators anything-but, cidr, equals-ignore-case, "
            "exactly, exists, numeric, prefix, suffix, wildcard (did you mean 'prefix'?)");
  EXPECT_THAT(error_of(R"({"a":[{"regex":"x"}]})"), HasSubstr("one of the operators"));
  EXPECT_THAT(error_of(R"({"a":[{"exist":true}]})"), HasSubstr("suffix, wildcard (did you mean 'exists'?)"));
}

TEST(PatternError, OfATextSaysWhatTheOperatorTakes) {
  EXPECT_THAT(error_of(R"({"a":[{"prefix":1}]})"),
              HasSubstr(R"(1: expected a string behind prefix, or {"equals-ignore-case": a string})"));
  EXPECT_THAT(error_of(R"({"a":[{"suffix":{"prefix":"x"}}]})"), HasSubstr("expected a string behind suffix"));
  EXPECT_THAT(error_of(R"({"a":[{"prefix":{}}]})"), HasSubstr("expected a string behind prefix"));
  EXPECT_THAT(error_of(R"({"a":[{"equals-ignore-case":["x"]}]})"), HasSubstr("a string behind equals-ignore-case"));
  EXPECT_THAT(error_of(R"({"a":[{"exactly":1}]})"), HasSubstr("a string behind exactly"));
  EXPECT_THAT(error_of(R"({"a":[{"wildcard":["x"]}]})"), HasSubstr("a string behind wildcard"));
}

TEST(PatternError, OfAWildcardSaysWhatIsWrongWithIt) {
  EXPECT_THAT(error_of(R"({"a":[{"wildcard":"x**y"}]})"), HasSubstr("\"x**y\": expected one * where two stand"));
  EXPECT_THAT(error_of(R"({"a":[{"wildcard":"x\\y"}]})"), HasSubstr("where a backslash stands"));
  EXPECT_THAT(error_of(R"({"a":[{"anything-but":{"wildcard":["x","y\\"]}}]})"), HasSubstr("where a backslash stands"));
  EXPECT_TRUE(parse_pattern(R"({"a":[{"wildcard":"*\\**\\\\"}]})"));
}

TEST(PatternError, OfANetworkSaysHowOneIsWritten) {
  EXPECT_THAT(error_of(R"({"a":[{"cidr":"10.0.0.0"}]})"), HasSubstr("one '/' between them"));
  EXPECT_THAT(error_of(R"({"a":[{"cidr":"10.0.0/8"}]})"), HasSubstr("address before the '/'"));
  EXPECT_THAT(error_of(R"({"a":[{"cidr":"10.0.0.0/32"}]})"), HasSubstr("from 0 to 31"));
  EXPECT_THAT(error_of(R"({"a":[{"cidr":"::/128"}]})"), HasSubstr("from 0 to 127"));
  EXPECT_THAT(error_of(R"({"a":[{"cidr":["10.0.0.0/8"]}]})"), HasSubstr("a string behind cidr"));
}

TEST(PatternError, OfAnythingButSaysWhatItTakes) {
  for (const char* wrong : {"null", "true", "[]", "[\"a\",1]", "[1,\"a\"]", "[null]", "{}", "{\"numeric\":[\"=\",1]}",
                            "{\"prefix\":[]}", "{\"prefix\":1}", "{\"prefix\":{\"equals-ignore-case\":\"a\"}}",
                            "{\"wildcard\":[]}", "{\"equals-ignore-case\":[1]}", "12345678901234567890"}) {
    EXPECT_THAT(error_of(std::string(R"({"a":[{"anything-but":)") + wrong + "}]}"), HasSubstr(": expected ")) << wrong;
  }
  EXPECT_THAT(error_of(R"({"a":[{"anything-but":{"suffix":["x",""]}}]})"), HasSubstr("a suffix that is not empty"));
}

TEST(PatternError, OfTextThatIsNoJsonSaysWhere) {
  EXPECT_EQ(error_of("{\"a\":[1,]}"), "line 1, column 9: the pattern is not JSON: ]}: expected a value");
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

TEST(PatternError, OfAnOrThatIsCopiedTooOften) {
  // 256 paths in 500 combinations, taken down through 200 lists.
  std::string text = "{";
  for (int i = 0; i < 250; ++i) text += "\"k" + std::to_string(i) + "\":[1],";
  text += "\"$or\":[";
  for (int i = 0; i < 500; ++i) text += (i > 0 ? ",{\"p\":[" : "{\"p\":[") + std::to_string(i) + "]}";
  text += "],";
  std::string nested = R"({"z":[1]})";
  for (int i = 0; i < 200; ++i) nested = R"({"$or":[{"y":[1]},)" + nested + "]}";
  EXPECT_THAT(error_of(text + nested.substr(1)), HasSubstr("multiply out to more than"));
}

TEST(PatternError, OfAlternativesThatMultiplyTooFar) {
  // 1,000 alternatives in each of 251 combinations.
  std::string text = R"({"a":[0)";
  for (int i = 1; i < 1000; ++i) text += "," + std::to_string(i);
  text += R"(],"$or":[{"b":[0]})";
  for (int i = 1; i < 249; ++i) text += R"(,{"b":[)" + std::to_string(i) + "]}";
  EXPECT_TRUE(parse_pattern(text + "]}"));
  EXPECT_THAT(error_of(text + R"(,{"b":[-1]},{"b":[-2]}]})"), HasSubstr("250000 alternatives in all: divide it"));
}

TEST(PatternError, OfTooManyWildcards) {
  const auto list = [](int size) {
    std::string text;
    for (int i = 0; i < size; ++i) text += (i > 0 ? ",\"" : "\"") + std::string("*a*") + std::to_string(i) + "*\"";
    return text;
  };
  EXPECT_TRUE(parse_pattern(R"({"a":[{"anything-but":{"wildcard":[)" + list(1000) + "]}}]}"));
  EXPECT_THAT(error_of(R"({"a":[{"wildcard":"x*y"},{"anything-but":{"wildcard":[)" + list(1000) + "]}}]}"),
              HasSubstr("\"*a*999*\": expected at most 1000 wildcards"));
}

TEST(PatternError, OfATextThatIsTooLong) {
  EXPECT_THAT(error_of(R"({"a":[")" + std::string(kPatternBytesMax, 'x') + "\"]}"), HasSubstr("at most 1048576"));
}

TEST(PatternExtras, AreReadWhereTheyAreAskedFor) {
  PatternExtras extras;
  extras.read_file = [](const std::string& name) -> Result<std::string> {
    if (name == "good") return std::string("# ours\n10.0.0.0/8\n\n 2001:db8::/32 # theirs\r\n");
    if (name == "bad") return std::string("10.0.0.0/8\n10.0.0.0\n");
    return Error{ErrorCode::not_found, "no such file"};
  };
  const auto error = [&extras](std::string_view text) {
    const auto pattern = parse_pattern(text, &extras);
    return pattern ? "" : pattern.error().message;
  };
  EXPECT_EQ(error(R"({"a":[{"regex":"^a+$"},{"cidr":["10.0.0.0/8","::/0"]},{"cidr":{"file":"good"}}]})"), "");
  EXPECT_EQ(error(R"({"a":[{"numeric":[">=",{"field":"b.c"}]}]})"), "");
  EXPECT_THAT(error(R"({"a":[{"regex":"("}]})"), HasSubstr("an expression that RE2 takes"));
  EXPECT_THAT(error(R"({"a":[{"regex":"((a{100}){100}){100}"}]})"), HasSubstr("an expression that RE2 takes"));
  EXPECT_THAT(error(R"({"a":[{"cidr":[]}]})"), HasSubstr("at least one network"));
  EXPECT_THAT(error(R"({"a":[{"cidr":{"file":"bad"}}]})"), HasSubstr("in line 2 of that file, instead of 10.0.0.0"));
  EXPECT_THAT(error(R"({"a":[{"cidr":{"file":"none"}}]})"), HasSubstr("no such file"));
  EXPECT_THAT(error(R"({"a":[{"numeric":["!=",{"field":"b"}]}]})"), HasSubstr("before a field"));
  EXPECT_THAT(error(R"({"a":[{"numeric":[">",{"path":"b"}]}]})"), HasSubstr(R"({"field": path})"));
}

}  // namespace
}  // namespace kedge
