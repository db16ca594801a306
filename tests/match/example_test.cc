// The example in matcher.h compiles, and does what it says.
#include <gtest/gtest.h>

#include "match/matcher.h"

namespace kedge {
namespace {

Result<std::vector<uint32_t>> run_example(const std::vector<std::string>& texts, std::string_view document) {
#include "matcher_example.inc"
  return matched;
}

TEST(MatcherExample, AnswersWithTheTextsThatMatch) {
  const auto matched = run_example({R"({"a":["x"]})", R"({"a":["y"]})", R"({"b":[{"exists":false}]})"}, R"({"a":"x"})");
  ASSERT_TRUE(matched) << matched.error().message;
  EXPECT_EQ(*matched, (std::vector<uint32_t>{0, 2}));
}

TEST(MatcherExample, SaysWhatIsWrong) {
  EXPECT_NE(run_example({R"({"a":[{"prefx":"x"}]})"}, "{}").error().message.find("prefx"), std::string::npos);
  EXPECT_FALSE(run_example({R"({"a":["x"]})"}, "{"));
}

}  // namespace
}  // namespace kedge
