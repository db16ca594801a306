#include "base/time_zone.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/support/needs.h"

namespace kedge {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

Time utc(const std::string& text) { return *parse_time(text); }
LocalTime local(const std::string& text) { return LocalTime(parse_time(text + "Z")->time_since_epoch()); }

TEST(TimeZone, OfUtcIsUtc) {
  const auto zone = load_time_zone("UTC");
  ASSERT_TRUE(zone.ok());
  EXPECT_EQ(to_local(*zone, utc("2026-07-01T12:00:00Z")), local("2026-07-01T12:00:00"));
  EXPECT_EQ(from_local(*zone, local("2026-07-01T12:00:00")), utc("2026-07-01T12:00:00Z"));
}

TEST(TimeZone, KnowsSummerAndWinter) {
  const auto loaded = load_time_zone("Europe/Berlin");
  KEDGE_NEEDS(loaded);
  const TimeZone& zone = *loaded;
  EXPECT_EQ(to_local(zone, utc("2026-01-01T12:00:00Z")), local("2026-01-01T13:00:00"));
  EXPECT_EQ(to_local(zone, utc("2026-07-01T12:00:00Z")), local("2026-07-01T14:00:00"));
  EXPECT_EQ(to_local(zone, utc("2060-07-01T12:00:00Z")), local("2060-07-01T14:00:00"));
  EXPECT_EQ(to_local(zone, utc("2026-03-29T00:59:59Z")), local("2026-03-29T01:59:59"));
  EXPECT_EQ(to_local(zone, utc("2026-03-29T01:00:00Z")), local("2026-03-29T03:00:00"));
}

TEST(TimeZone, FindsTheMomentOfALocalTime) {
  const auto loaded = load_time_zone("Europe/Berlin");
  KEDGE_NEEDS(loaded);
  const TimeZone& zone = *loaded;
  for (Time time = utc("2026-01-01T00:00:00Z"); time < utc("2027-01-01T00:00:00Z"); time += minutes(17)) {
    const Time found = from_local(zone, to_local(zone, time));
    ASSERT_TRUE(found == time || found == time - hours(1)) << format_time(time);
    ASSERT_EQ(to_local(zone, found), to_local(zone, time));
  }
  EXPECT_EQ(from_local(zone, local("2026-10-25T02:30:00")), utc("2026-10-25T00:30:00Z")) << "the earlier of two";
  EXPECT_EQ(from_local(zone, local("2026-03-29T02:30:00")), utc("2026-03-29T01:00:00Z")) << "that does not exist";
}

TEST(TimeZone, LeavesTheProcesssOwnAsItWas) {
  setenv("TZ", "Asia/Tokyo", 1);
  KEDGE_NEEDS(load_time_zone("Europe/Berlin"));
  EXPECT_STREQ(std::getenv("TZ"), "Asia/Tokyo");
  unsetenv("TZ");
  KEDGE_NEEDS(load_time_zone("Europe/Berlin"));
  EXPECT_EQ(std::getenv("TZ"), nullptr);
}

TEST(TimeZone, IsNotMadeUp) {
  for (const char* name : {"", "Europe/Nowhere", "/etc/passwd", "../../../etc/passwd", "Europe", "CET-1"}) {
    EXPECT_FALSE(load_time_zone(name).ok()) << name;
  }
}

}  // namespace
}  // namespace kedge
