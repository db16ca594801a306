#include "match/explain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kedge {
namespace {

using testing::HasSubstr;

std::string text_of(std::string_view pattern, std::string_view document) {
  const auto parsed = parse_pattern(pattern);
  EXPECT_TRUE(parsed) << parsed.error().message;
  const auto explanation = explain_document(*parsed, document);
  EXPECT_TRUE(explanation) << explanation.error().message;
  return to_text(*explanation);
}

TEST(Explain, ShowsEachClauseWithWhatTheEventHas) {
  EXPECT_EQ(
      text_of(R"({"source":["aws.s3"],"detail":{"eventName":["A",{"prefix":"Put"}],"errorCode":[{"exists":false}]}})",
              R"({"source":"aws.s3","detail":{"eventName":"PutBucketAcl"}})"),
      "yes the pattern: all of\n"
      "yes   source: \"aws.s3\"; found \"aws.s3\"\n"
      "yes   detail.eventName: one of \"A\", {\"prefix\":\"Put\"}; found \"PutBucketAcl\"\n"
      "yes   detail.errorCode: {\"exists\":false}; found nothing\n");
}

TEST(Explain, StopsAtTheFirstClauseThatFailed) {
  EXPECT_EQ(text_of(R"({"a":[1],"b":[2],"c":[3]})", R"({"a":1,"b":5})"),
            "no  the pattern: all of\n"
            "yes   a: 1; found 1\n"
            "no    b: 2; found 5\n");
}

TEST(Explain, ShowsTheFirstFailureInEachBranchOfAnOr) {
  EXPECT_EQ(text_of(R"({"$or":[{"a":[1],"x":[1]},{"b":[2]}]})", R"({"a":1,"x":null})"),
            "no  the pattern: all of\n"
            "no    $or: one of\n"
            "no      all of\n"
            "yes       a: 1; found 1\n"
            "no        x: 1; found null\n"
            "no      all of\n"
            "no        b: 2; found nothing\n");
}

TEST(Explain, SaysWhenTheValuesStandInDifferentElements) {
  EXPECT_THAT(
      text_of(R"({"e":{"t":["a"],"v":[1]}})", R"({"e":[{"t":"a"},{"v":1}]})"),
      HasSubstr("no  the pattern: all of; each clause holds by itself, but the values stand in different elements"));
}

std::string failed(std::string_view pattern, std::string_view document) {
  return first_failed(*explain_document(*parse_pattern(pattern), document));
}

TEST(Explain, TellsInOneLineWhyItDoesNotHold) {
  const auto* const pattern = R"({"source":["aws.s3"],"detail":{"errorCode":[{"exists":false}],"n":["a","b"]}})";
  EXPECT_EQ(failed(pattern, R"({"source":"aws.ec2"})"), R"(found "aws.ec2" at source: "aws.s3")");
  EXPECT_EQ(failed(pattern, R"({"source":"aws.s3","detail":{"errorCode":"Denied","n":"a"}})"),
            R"(found "Denied" at detail.errorCode: {"exists":false})");
  EXPECT_EQ(failed(pattern, R"({"source":"aws.s3","detail":{}})"), R"(found nothing at detail.n: one of "a", "b")");
  EXPECT_EQ(failed(pattern, R"({"source":"aws.s3","detail":{"n":"b"}})"), "");
  EXPECT_EQ(failed(R"({"$or":[{"a":[1],"x":[1]},{"b":[2]}]})", R"({"a":1})"), "none of the 2 alternatives of a $or");
  EXPECT_THAT(failed(R"({"e":{"t":["a"],"v":[1]}})", R"({"e":[{"t":"a"},{"v":1}]})"),
              HasSubstr("different elements of an array"));
}

TEST(Explain, ShortensWhatIsLong) {
  const std::string text = text_of(R"({"a":[9]})", R"({"a":[1,2,3,4,5,6,7,")" + std::string(300, 'x') + "\"]}");
  EXPECT_THAT(text, HasSubstr("found 1, 2, 3, 4, 5, and 3 more"));
  EXPECT_THAT(text_of(R"({"a":[9]})", R"({"a":")" + std::string(99, 'x') + "éé\"}"),
              HasSubstr("found \"" + std::string(99, 'x') + "…\""));
}

TEST(Explain, AnswersForTheViewOfAnEvent) {
  Event event;
  event.source = "aws.s3";
  event.resources = R"(["arn:a"])";
  event.detail = R"({"a":[1]})";
  const auto pattern = parse_pattern(R"({"source":["aws.s3"],"resources":["arn:a"],"detail":{"a":[1]}})");
  ASSERT_TRUE(pattern);
  const auto explanation = explain(*pattern, event);
  ASSERT_TRUE(explanation);
  EXPECT_TRUE(explanation->holds);
  EXPECT_EQ(explanation->parts.size(), 3U);
  event.detail = "{";
  EXPECT_FALSE(explain(*pattern, event));
}

}  // namespace
}  // namespace kedge
