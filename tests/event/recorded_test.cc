// Tries the decoder on recorded events, which are no part of the repository: KEDGE_SHARED names the folder that has
// them, in events/.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>

#include "base/json.h"
#include "event/decoder.h"

namespace kedge {
namespace {

std::vector<std::string> lines_below(const std::filesystem::path& folder) {
  std::vector<std::string> lines;
  for (const auto& file : std::filesystem::recursive_directory_iterator(folder)) {
    if (file.path().extension() != ".jsonl") continue;
    std::ifstream stream(file.path());
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
  }
  return lines;
}

class Recorded : public testing::Test {
 protected:
  void SetUp() override {
    const char* shared = std::getenv("KEDGE_SHARED");
    if (shared == nullptr) GTEST_SKIP() << "KEDGE_SHARED is not set: no recorded events to try";
    folder_ = std::filesystem::path(shared) / "events";
  }
  std::filesystem::path folder_;
};

TEST_F(Recorded, EveryEventIsDecodedAndItsViewKeepsTheDetail) {
  Decoder decoder({});
  size_t count = 0;
  for (const std::string& line : lines_below(folder_)) {
    std::vector<Event> events;
    const auto poison = decoder.decode({line, {}}, events);
    ASSERT_FALSE(poison) << poison->message << "\n" << line;
    for (const Event& event : events) {
      const Json view = Json::parse(view_json(event));
      EXPECT_EQ(view["detail"], Json::parse(event.detail));
      EXPECT_EQ(view["resources"], Json::parse(event.resources));
      EXPECT_FALSE(event.source.empty());
      ++count;
    }
  }
  EXPECT_GT(count, 0U);
  std::cout << count << " events\n";
}

// Of each sensor so many of its own lines are read as its events; the others hold something else (rows of a database,
// messages of agents, tests of rules).
TEST_F(Recorded, WhatSensorsOnHostsWroteIsKnown) {
  const std::map<std::string, size_t> least = {
      {"falco", 16}, {"wazuh", 2}, {"osquery", 5}, {"auditd", 67}, {"tetragon", 30}};
  for (const auto& [sensor, count] : least) {
    Decoder decoder({});
    size_t known = 0;
    const std::string folder = sensor == "wazuh" ? "host_wazuh_fim" : "host_" + sensor;
    for (const std::string& line : lines_below(folder_ / folder)) {
      std::vector<Event> events;
      ASSERT_FALSE(decoder.decode({line, {}}, events)) << line;
      known += events.size() == 1 && events[0].source == sensor;
    }
    EXPECT_GE(known, count) << sensor;
    std::cout << known << " of " << sensor << "\n";
  }
}

TEST_F(Recorded, EveryCloudTrailRecordIsTheSameEventInEveryWrapping) {
  size_t count = 0;
  for (const std::string& line : lines_below(folder_ / "cloudtrail_recorded")) {
    const Json record = Json::parse(line);
    if (!record.contains("eventVersion")) continue;  // answers of LookupEvents, which wrap records in their own way
    Decoder decoder({});
    std::vector<Event> events;
    ASSERT_FALSE(decoder.decode({line, {}}, events)) << line;
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(events[0].id, record.value("eventID", "")) << line;
    EXPECT_EQ(events[0].region, record.value("awsRegion", ""));
    EXPECT_TRUE(events[0].detail_type.ends_with("via CloudTrail"));
    const Identity raw = identity_of(events[0]);
    EXPECT_FALSE(provenance_of(events[0]).principal.empty()) << line;

    const Json envelope = {{"id", "another"},
                           {"detail-type", std::string(events[0].detail_type)},
                           {"source", std::string(events[0].source)},
                           {"detail", record}};
    const std::string wrapped = Json{{"Type", "Notification"}, {"Message", envelope.dump()}}.dump();
    events.clear();
    ASSERT_FALSE(decoder.decode({wrapped, {}}, events));
    ASSERT_EQ(events.size(), 1U);
    if (record.contains("eventID")) {
      EXPECT_EQ(identity_of(events[0]), raw);
    }
    ++count;
  }
  EXPECT_GT(count, 0U);
  std::cout << count << " records\n";
}

}  // namespace
}  // namespace kedge
