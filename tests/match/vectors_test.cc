// The recorded answers of event-ruler, which are no part of the repository: KEDGE_SHARED names the folder that has
// them, in vectors/patterns/.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>

#include "base/json.h"
#include "match/matcher.h"

namespace kedge {
namespace {

class Vectors : public testing::Test {
 protected:
  void SetUp() override {
    const char* shared = std::getenv("KEDGE_SHARED");
    if (shared == nullptr) GTEST_SKIP() << "KEDGE_SHARED is not set: no recorded answers to compare with";
    folder_ = std::filesystem::path(shared) / "vectors" / "patterns";
  }

  std::vector<Json> records(const std::string& name) const {
    std::vector<Json> records;
    std::ifstream file(folder_ / name);
    for (std::string line; std::getline(file, line);) records.push_back(Json::parse(line));
    EXPECT_FALSE(records.empty()) << name;
    return records;
  }

  std::filesystem::path folder_;
};

// A pattern with an operator that is not there yet says so by naming those that are.
bool is_unsupported(const Error& error) {
  return error.message.find("one of the operators") != std::string::npos ||
         error.message.find("behind anything-but a string, a number, a list of either") != std::string::npos ||
         (error.message.find("a string behind prefix") != std::string::npos &&
          error.message.find("{\"equals-ignore-case\"") != std::string::npos) ||
         (error.message.find("{ \"equals-ignore-case\"") != std::string::npos);
}

TEST_F(Vectors, EveryAnswerToPatternsOfTheseOperatorsIsEventRulers) {
  size_t tried = 0;
  size_t unsupported = 0;
  MatchScratch scratch;
  for (const Json& record : records("vectors.jsonl")) {
    Matcher::Builder builder;
    std::vector<std::string> names;
    bool is_supported = true;
    for (const auto& [name, texts] : record["rules"].items()) {
      for (const std::string& text : texts.get<std::vector<std::string>>()) {
        const auto pattern = parse_pattern(text);
        if (pattern) {
          builder.add(static_cast<uint32_t>(names.size()), *pattern);
          continue;
        }
        ASSERT_TRUE(is_unsupported(pattern.error())) << text << "\n" << pattern.error().message;
        is_supported = false;
      }
      names.push_back(name);
    }
    if (!is_supported) {
      ++unsupported;
      continue;
    }
    const Matcher matcher = std::move(builder).build();
    std::vector<uint32_t> matched;
    const auto done = matcher.match_document(record["event"].get<std::string>(), scratch, matched);
    ASSERT_TRUE(done) << done.error().message << "\n" << record.dump();
    std::vector<std::string> found;
    for (const uint32_t index : matched) found.push_back(names[index]);
    auto expected = record["matches"].get<std::vector<std::string>>();
    std::sort(found.begin(), found.end());
    std::sort(expected.begin(), expected.end());
    EXPECT_EQ(found, expected) << record.dump();
    ++tried;
  }
  std::cout << tried << " answers tried, " << unsupported << " of operators that are not there\n";
  EXPECT_GT(tried, 3000U);
}

TEST_F(Vectors, EveryInvalidPatternIsRefused) {
  for (const Json& record : records("invalid.jsonl")) {
    const auto pattern = parse_pattern(record["pattern"].get<std::string>());
    EXPECT_FALSE(pattern) << record.dump();
  }
}

TEST_F(Vectors, EveryInvalidEventIsRefused) {
  MatchScratch scratch;
  const Matcher matcher;
  for (const Json& record : records("invalid_events.jsonl")) {
    std::vector<uint32_t> matched;
    EXPECT_FALSE(matcher.match_document(record["event"].get<std::string>(), scratch, matched)) << record.dump();
  }
}

TEST_F(Vectors, EveryValidPatternOfTheseOperatorsIsAccepted) {
  size_t accepted = 0;
  for (const Json& record : records("valid_patterns.jsonl")) {
    const auto pattern = parse_pattern(record["pattern"].get<std::string>());
    accepted += pattern ? 1 : 0;
    EXPECT_TRUE(pattern || is_unsupported(pattern.error())) << record.dump() << "\n" << pattern.error().message;
  }
  std::cout << accepted << " patterns accepted\n";
}

}  // namespace
}  // namespace kedge
