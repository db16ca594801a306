#include "api/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kedge {
namespace {

using ::testing::HasSubstr;

TEST(MetricsWriter, WritesOneFamilyForAllLabels) {
  MetricsWriter writer;
  writer.counter("kedge_events_total", "Events", 3, {{"source", "trail"}});
  writer.gauge("kedge_open", "Open ones", 2);
  writer.counter("kedge_events_total", "Events", 4, {{"source", "bridge"}});
  EXPECT_EQ(writer.text(),
            "# HELP kedge_events_total Events\n"
            "# TYPE kedge_events_total counter\n"
            "kedge_events_total{source=\"trail\"} 3\n"
            "kedge_events_total{source=\"bridge\"} 4\n"
            "# HELP kedge_open Open ones\n"
            "# TYPE kedge_open gauge\n"
            "kedge_open 2\n");
}

TEST(MetricsWriter, EscapesWhatALabelHolds) {
  MetricsWriter writer;
  writer.gauge("kedge_open", "x", 1, {{"rule", "a\"b\\c\nd"}});
  EXPECT_THAT(writer.text(), HasSubstr(R"(kedge_open{rule="a\"b\\c\nd"} 1)"));
}

TEST(MetricsWriter, WritesHistogramsCumulatively) {
  Histogram histogram({0.1, 1});
  for (const double value : {0.05, 0.1, 0.5, 7.0}) histogram.observe(value);
  MetricsWriter writer;
  writer.histogram("kedge_phase_seconds", "Phases", histogram, {{"phase", "response"}});
  const std::string text = writer.text();
  EXPECT_THAT(text, HasSubstr("kedge_phase_seconds_bucket{phase=\"response\",le=\"0.1\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("kedge_phase_seconds_bucket{phase=\"response\",le=\"1\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("kedge_phase_seconds_bucket{phase=\"response\",le=\"+Inf\"} 4\n"));
  EXPECT_THAT(text, HasSubstr("kedge_phase_seconds_count{phase=\"response\"} 4\n"));
  EXPECT_THAT(text, HasSubstr("kedge_phase_seconds_sum{phase=\"response\"} 7.65"));
}

}  // namespace
}  // namespace kedge
