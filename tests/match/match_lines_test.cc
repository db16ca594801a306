#include "match/match_lines.h"

#include <gtest/gtest.h>

#include <sstream>

namespace kedge {
namespace {

struct Matched {
  Matched(const std::string& patterns, const std::string& events) {
    std::istringstream pattern_lines(patterns);
    std::ostringstream error_lines;
    const LineMatcher matcher(pattern_lines, error_lines);
    LineMatcher::Work work;
    matcher.match(events, 1, Reading::strict, true, work);
    out = work.out;
    errors = error_lines.str() + work.errors;
    invalid = matcher.invalid_patterns() + work.invalid;
    counts = work.counts;
  }
  size_t invalid;
  std::vector<size_t> counts;
  std::string out;
  std::string errors;
};

TEST(MatchLines, PrintsTheSortedNamesForEachLine) {
  const Matched run(
      "{\"name\":\"zoo\",\"pattern\":{\"a\":[1]}}\n\n{\"name\":\"ant \\\"q\\\"\",\"pattern\":\"{\\\"a\\\":[1,2]}\"}\n",
      "{\"a\":1}\n{\"a\":2}\n{\"a\":3}");
  EXPECT_EQ(run.out,
            "{\"matches\":[\"ant \\\"q\\\"\",\"zoo\"]}\n{\"matches\":[\"ant \\\"q\\\"\"]}\n{\"matches\":[]}\n");
  EXPECT_EQ(run.errors, "");
  EXPECT_EQ(run.invalid, 0U);
  EXPECT_EQ(run.counts, (std::vector<size_t>{2, 1}));
}

TEST(MatchLines, OrsTheLinesOfOneName) {
  const Matched run("{\"name\":\"n\",\"pattern\":{\"a\":[1]}}\n{\"name\":\"n\",\"pattern\":{\"b\":[1]}}\n",
                    "{\"b\":1}\n{\"a\":1,\"b\":1}\n");
  EXPECT_EQ(run.out, "{\"matches\":[\"n\"]}\n{\"matches\":[\"n\"]}\n");
}

TEST(MatchLines, NamesInvalidPatternsAndGoesOn) {
  const Matched run(
      "{\"name\":\"bad\",\"pattern\":{\"a\":1}}\nnonsense\n{\"name\":1}\n{\"name\":\"good\",\"pattern\":{\"a\":[1]}}\n",
      "{\"a\":1}\n");
  EXPECT_EQ(run.out, "{\"matches\":[\"good\"]}\n");
  EXPECT_EQ(
      run.errors,
      "patterns line 1: bad: a: line 1, column 6: 1: expected an object (to go deeper) or a list of alternatives\n"
      "patterns line 2: byte 0: expected a value\n"
      "patterns line 3: expected {\"name\": string, \"pattern\": object or string}\n");
  EXPECT_EQ(run.invalid, 3U);
}

TEST(MatchLines, KeepsItsLinesAlignedWithInvalidEvents) {
  const Matched run("{\"name\":\"n\",\"pattern\":{\"a\":[1]}}\n", "{\"a\":1\n\n{\"a\":1}\n");
  EXPECT_EQ(run.out, "{\"matches\":[]}\n{\"matches\":[]}\n{\"matches\":[\"n\"]}\n");
  EXPECT_EQ(run.errors, "events line 1: byte 6: expected ',' or '}'\nevents line 2: byte 0: expected a value\n");
  EXPECT_EQ(run.invalid, 2U);
}

}  // namespace
}  // namespace kedge
