#include "base/time.h"

#include <gtest/gtest.h>

namespace kedge {
namespace {

std::string read_and_write(std::string_view text) {
  const auto time = parse_time(text);
  return time ? format_time(*time) : "error";
}

TEST(Time, IsReadWithAnyOffsetAndWrittenInUtc) {
  EXPECT_EQ(read_and_write("2026-11-21T10:51:00Z"), "2026-11-21T10:51:00.000000Z");
  EXPECT_EQ(read_and_write("2026-11-21T10:51:00.5+02:30"), "2026-11-21T08:21:00.500000Z");
  EXPECT_EQ(read_and_write("2024-02-29T23:59:60.123456789-00:01"), "2024-03-01T00:00:59.123456Z");
}

TEST(Time, RefusesWhatIsNotATime) {
  for (const char* text : {"", "2026-02-30T00:00:00Z", "2026-11-21", "2026-11-21T10:51:00", "2026-11-21T25:00:00Z",
                           "2026-11-21T10:51:00.Z", "2026-11-21T10:51:00Zx", "1969-12-31T23:59:59Z"}) {
    EXPECT_EQ(read_and_write(text), "error") << text;
  }
}

TEST(Duration, HasAUnit) {
  EXPECT_EQ(parse_duration("250ms")->count(), 250'000);
  EXPECT_EQ(parse_duration("7d")->count(), 7LL * 86'400'000'000);
  for (const char* text : {"", "5", "-5s", "5 s", "s", "5y", "99999999999999999999s", "9999999999d"}) {
    EXPECT_FALSE(parse_duration(text).ok()) << text;
  }
}

TEST(Duration, IsWrittenAsItIsRead) {
  for (const char* text : {"0s", "250us", "1500ms", "90s", "15m", "1h", "7d"}) {
    EXPECT_EQ(format_duration(*parse_duration(text)), text);
  }
}

}  // namespace
}  // namespace kedge
