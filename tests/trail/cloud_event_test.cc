#include "trail/cloud_event.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/json.h"
#include "tests/trail/record_examples.h"

namespace kedge {
namespace {

constexpr const char* kLedger = "019b79c0-5a00-7000-8000-00000000000a";

std::string event_of(const std::string& bytes) {
  const Json record = *parse_json(bytes);
  return cloud_event({record.value("seq", int64_t{0}), bytes}, record, kLedger);
}

bool is_attribute_name(const std::string& name) {
  return !name.empty() && name.size() <= 20 &&
         std::all_of(name.begin(), name.end(), [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); });
}

// What CloudEvents 1.0.2 asks of every event in the JSON format (§2, and §3.1 of the format).
void expect_valid(const std::string& line) {
  const auto event = parse_json(line);
  ASSERT_TRUE(event) << event.error().message << "\n" << line;
  for (const char* required : {"id", "source", "specversion", "type"}) {
    ASSERT_TRUE(event->contains(required)) << required;
    EXPECT_FALSE((*event)[required].get<std::string>().empty()) << required;
  }
  EXPECT_EQ((*event)["specversion"], "1.0");
  EXPECT_TRUE(parse_time((*event)["time"].get<std::string>()));
  for (const auto& [name, value] : event->items()) {
    if (name == "data") continue;
    EXPECT_TRUE(is_attribute_name(name)) << name;
    ASSERT_TRUE(value.is_string()) << name;
    const std::string text = value;
    EXPECT_TRUE(std::none_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; })) << name;
    EXPECT_EQ(text.find("\xEF\xBF\xBF"), std::string::npos) << name << " has a noncharacter";
    EXPECT_FALSE(text.empty()) << name;
  }
}

TEST(CloudEvent, IsValidForEachKindOfRecord) {
  for (const auto& [kind, bytes] : testing::record_examples(KEDGE_SOURCE_DIR)) {
    SCOPED_TRACE(kind);
    const std::string line = event_of(bytes);
    expect_valid(line);
    EXPECT_EQ((*parse_json(line))["data"], *parse_json(bytes));
    EXPECT_EQ((*parse_json(line))["type"], "kedge.record." + kind + ".v1");
    EXPECT_EQ(line.find('\n'), std::string::npos);
  }
}

TEST(CloudEvent, HasTheRecordsBytesAsTheyAre) {
  const std::string bytes = R"({"at":"2026-01-01T00:00:00.000000Z","kind":"stop","reason":"\u001b","seq":7,"v":1})";
  EXPECT_TRUE(event_of(bytes).ends_with(",\"data\":" + bytes + "}"));
}

TEST(CloudEvent, SaysWhichRecordItIsAndWhatItIsAbout) {
  const Json event = *parse_json(event_of(testing::record_examples(KEDGE_SOURCE_DIR).at("attempt")));
  EXPECT_EQ(event["source"], std::string("urn:uuid:") + kLedger);
  EXPECT_TRUE(event["id"].get<std::string>().starts_with("42-"));
  EXPECT_EQ(event["sequence"], "00000000000000000042") << "so that it sorts as text";
  EXPECT_EQ(event["time"], "2026-01-01T12:00:01.040000Z");
  EXPECT_EQ(event["subject"], "arn:aws:s3:::customer-uploads");
  EXPECT_EQ(event["partitionkey"], "019b79c1-0001-7000-8000-000000000001");
  EXPECT_FALSE(parse_json(event_of(testing::record_examples(KEDGE_SOURCE_DIR).at("start")))->contains("subject"));
}

TEST(CloudEvent, AttributesHoldNoCharacterThatTheyMayNot) {
  const Json record = {
      {"at", "2026-01-01T00:00:00.000000Z"}, {"kind", "plan"}, {"seq", 1}, {"target", "a\nb\xEF\xBF\xBF\xEF\xB7\x90"}};
  const std::string line = event_of(record.dump());
  expect_valid(line);
  EXPECT_EQ((*parse_json(line))["subject"], "a\\u{a}b\\u{ffff}\\u{fdd0}");
}

}  // namespace
}  // namespace kedge
