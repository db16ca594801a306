// The recorded answers of event-ruler, which are no part of the repository: KEDGE_SHARED names the folder that has
// them, in vectors/patterns/.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

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

class Answers : public Vectors {
 protected:
  // What a matcher of the record's rules says to its event.
  std::vector<std::string> answer(const Json& record) {
    Matcher::Builder builder;
    std::vector<std::string> names;
    for (const auto& [name, texts] : record["rules"].items()) {
      for (const std::string& text : texts.get<std::vector<std::string>>()) {
        const auto pattern = parse_pattern(text);
        EXPECT_TRUE(pattern) << text << "\n" << pattern.error().message;
        if (pattern) builder.add(static_cast<uint32_t>(names.size()), *pattern);
      }
      names.push_back(name);
    }
    const Matcher matcher = std::move(builder).build();
    std::vector<uint32_t> matched;
    const auto done = matcher.match_document(record["event"].get<std::string>(), scratch_, matched);
    EXPECT_TRUE(done) << done.error().message << "\n" << record.dump();
    std::vector<std::string> found;
    for (const uint32_t index : matched) found.push_back(names[index]);
    std::sort(found.begin(), found.end());
    return found;
  }

  static std::vector<std::string> expected(const Json& record, const char* key) {
    auto names = record[key].get<std::vector<std::string>>();
    std::sort(names.begin(), names.end());
    return names;
  }

  MatchScratch scratch_;
};

TEST_F(Answers, AreEventRulersInEveryRecordedCase) {
  for (const Json& record : records("vectors.jsonl")) {
    ASSERT_EQ(answer(record), expected(record, "matches")) << record.dump();
  }
}

TEST_F(Answers, AreWhatTheRulesSayWhereEventRulerTakesAnAccidentOfItsEncoding) {
  for (const Json& record : records("quirks.jsonl")) {
    if (record["clean"].is_null()) continue;
    EXPECT_EQ(answer(record), expected(record, "clean")) << record.dump();
  }
}

TEST_F(Answers, AreWhatTheRulesSayWhereEventRulersOwnDependOnChance) {
  for (const Json& record : records("unstable.jsonl")) {
    EXPECT_EQ(answer(record), expected(record, "clean")) << record.dump();
  }
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

TEST_F(Vectors, EveryValidPatternIsAccepted) {
  for (const Json& record : records("valid_patterns.jsonl")) {
    const auto pattern = parse_pattern(record["pattern"].get<std::string>());
    EXPECT_TRUE(pattern) << record.dump() << "\n" << pattern.error().message;
  }
}

}  // namespace
}  // namespace kedge
