#include "agent/spool_summary.h"

#include <gtest/gtest.h>

namespace kedge {
namespace {

std::string event(const std::string& time, const std::string& severity, const std::string& path) {
  return Json({{"type", "host.mutation"},
               {"time", time},
               {"data", {{"severity", severity}, {"category", "binary"}, {"path", path}}}})
      .dump();
}

TEST(SpoolSummary, SaysHowManyWhenAndOfWhatKind) {
  SpoolSummary summary;
  summary.add(event("2026-01-02T00:00:00.000000Z", "low", "/a"));
  summary.add(event("2026-01-01T00:00:00.000000Z", "critical", "/b"));
  summary.add(R"({"type":"sensor.lost","time":"2026-01-03T00:00:00.000000Z","data":{}})");
  summary.add("no JSON");
  EXPECT_EQ(summary.to_json(),
            Json({{"events", 4},
                  {"from", "2026-01-01T00:00:00.000000Z"},
                  {"to", "2026-01-03T00:00:00.000000Z"},
                  {"by_type", {{"host.mutation", 2}, {"sensor.lost", 1}, {"unreadable", 1}}},
                  {"by_severity", {{"critical", 1}, {"low", 1}}},
                  {"by_category", {{"binary", 2}}},
                  {"gravest", {{{"severity", "critical"}, {"path", "/b"}}, {{"severity", "low"}, {"path", "/a"}}}}}));
}

TEST(SpoolSummary, KeepsTheGravestPathsWhenThereAreTooMany) {
  SpoolSummary summary;
  for (int i = 0; i < 1'000; ++i) summary.add(event("t", "low", "/low" + std::to_string(i)));
  summary.add(event("t", "high", "/grave"));
  const Json json = summary.to_json();
  EXPECT_EQ(json["gravest"].size(), 100U);
  EXPECT_EQ(json["gravest"][0]["path"], "/grave");
  EXPECT_EQ(json["events"], 1'001);
}

TEST(SpoolSummary, NamesAPortWhereThereIsNoPath) {
  SpoolSummary summary;
  summary.add(R"({"type":"host.port","time":"t","data":{"severity":"high","listener":"tcp 0.0.0.0:4444"}})");
  EXPECT_EQ(summary.to_json()["gravest"][0]["path"], "tcp 0.0.0.0:4444");
}

TEST(SpoolSummary, AddsUpAndReadsBackAsItWasWritten) {
  SpoolSummary one, other;
  one.add(event("2026-01-02T00:00:00.000000Z", "low", "/a"));
  other.add(event("2026-01-01T00:00:00.000000Z", "high", "/b"));
  one.add(other);
  const auto read = SpoolSummary::from_json(one.to_json());
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->to_json(), one.to_json());
  EXPECT_EQ(read->events(), 2U);
  EXPECT_FALSE(SpoolSummary::from_json({{"events", 1}}));
}

}  // namespace
}  // namespace kedge
