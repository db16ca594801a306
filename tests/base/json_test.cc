#include "base/json.h"

#include <gtest/gtest.h>

namespace kedge {
namespace {

TEST(CanonicalJson, SortsKeysByUtf16Units) {
  // RFC 8785 §3.2.3: the emoji (a surrogate pair) comes before U+FB33.
  const Json value = {{"\xEF\xAC\xB3", 1}, {"\xF0\x9F\x98\x80", 2}, {"b", 3}, {"a", 4}};
  EXPECT_EQ(*canonical_json(value), "{\"a\":4,\"b\":3,\"\xF0\x9F\x98\x80\":2,\"\xEF\xAC\xB3\":1}");
}

TEST(CanonicalJson, EscapesOnlyWhatItMust) {
  EXPECT_EQ(*canonical_json(Json("\x01\n\"\\/\x7f")), "\"\\u0001\\n\\\"\\\\/\x7f\"");
}

TEST(CanonicalJson, RefusesWhatWeNeverWrite) {
  EXPECT_FALSE(canonical_json(Json(1.5)).ok());
  EXPECT_FALSE(canonical_json(Json(9'007'199'254'740'993)).ok());
  EXPECT_FALSE(canonical_json(Json(UINT64_MAX)).ok());
  EXPECT_FALSE(canonical_json(Json("\xFF")).ok());
  EXPECT_TRUE(canonical_json(Json(-9'007'199'254'740'992)).ok());
}

TEST(ParseJson, SaysWhatIsWrong) {
  EXPECT_NE(parse_json("{\"a\":}").error().message.find("column 6"), std::string::npos);
  EXPECT_EQ(parse_json("{\"a\":1,\"a\":2}").error().message, "the key 'a' stands twice in one object");
  EXPECT_EQ(parse_json("[[[1]]]", 2).error().message, "nested deeper than 2 levels");
  EXPECT_TRUE(parse_json("[[1],[2,{}]]", 3).ok());
  EXPECT_FALSE(parse_json("").ok());
  EXPECT_FALSE(parse_json("1 2").ok());
}

TEST(ParseJson, ReadsTheSameAsTheLibrarysOwnParser) {
  for (const char* text :
       {"null", "true", "-7", "18446744073709551615", "1.5e3", "\"\\u00e9\\n\"", "[]", "{}", "[[],{},[[1,2],[3]],4]",
        R"({"b":{"c":[{"d":1},{"d":{"e":[]}}],"a":2},"a":[{"x":null},"y",[{"z":{}}]],"":false})"}) {
    EXPECT_EQ(parse_json(text).value(), Json::parse(text)) << text;
  }
}

TEST(ParseJson, KnowsAKeyThatStandsTwiceInOneObjectFromOneThatStandsInTwo) {
  EXPECT_TRUE(parse_json(R"({"a":{"a":[{"a":1},{"a":2}]},"b":{"a":3}})").ok());
  EXPECT_EQ(parse_json(R"({"a":[{"b":1,"c":{"b":2},"b":3}]})").error().message,
            "the key 'b' stands twice in one object");
}

TEST(ParseJson, ReadsWhatCanonicalWrites) {
  const Json value = {{"list", {1, "two", nullptr, true}}, {"object", {{"k", "v"}}}};
  EXPECT_EQ(*parse_json(*canonical_json(value)), value);
}

}  // namespace
}  // namespace kedge
