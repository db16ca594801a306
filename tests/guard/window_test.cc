#include "guard/window.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace kedge {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

Time utc(const std::string& text) { return *parse_time(text); }

Window window(const std::string& from, const std::string& to, const std::vector<std::string>& days = {}) {
  Window made;
  made.from = *parse_time_of_day(from);
  made.to = *parse_time_of_day(to);
  if (!days.empty()) made.days = {};
  for (const std::string& day : days) made.days[*parse_weekday(day)] = true;
  return made;
}

TEST(Window, IsOpenFromItsBeginningUntilBeforeItsEnd) {
  const Window noon = window("12:00", "13:00");
  EXPECT_FALSE(is_open(noon, utc("2026-01-01T11:59:59.999999Z")));
  EXPECT_TRUE(is_open(noon, utc("2026-01-01T12:00:00Z")));
  EXPECT_TRUE(is_open(noon, utc("2026-01-01T12:59:59.999999Z")));
  EXPECT_FALSE(is_open(noon, utc("2026-01-01T13:00:00Z")));
  EXPECT_EQ(opens_at(noon, utc("2026-01-01T13:00:00Z")), utc("2026-01-02T12:00:00Z"));
}

TEST(Window, MayGoOverMidnight) {
  const Window nights = window("22:00", "06:00", {"fri"});  // 2026-01-02 is a Friday
  EXPECT_FALSE(is_open(nights, utc("2026-01-02T05:00:00Z")));
  EXPECT_TRUE(is_open(nights, utc("2026-01-02T22:00:00Z")));
  EXPECT_TRUE(is_open(nights, utc("2026-01-03T05:59:00Z")));
  EXPECT_FALSE(is_open(nights, utc("2026-01-03T22:00:00Z")));
  EXPECT_EQ(opens_at(nights, utc("2026-01-03T06:00:00Z")), utc("2026-01-09T22:00:00Z"));
}

TEST(Window, MayBeAWholeDay) {
  const Window sundays = window("00:00", "24:00", {"sunday"});
  EXPECT_FALSE(is_open(sundays, utc("2026-01-03T23:59:59Z")));
  EXPECT_TRUE(is_open(sundays, utc("2026-01-04T00:00:00Z")));
  EXPECT_TRUE(is_open(sundays, utc("2026-01-04T23:59:59Z")));
  EXPECT_FALSE(is_open(sundays, utc("2026-01-05T00:00:00Z")));
}

TEST(Window, WithoutADayNeverOpens) {
  Window never = window("12:00", "13:00");
  never.days = {};
  EXPECT_EQ(opens_at(never, utc("2026-01-01T12:00:00Z")), Time::max());
}

TEST(Window, FollowsTheLocalClock) {
  Window noon = window("12:00", "13:00");
  noon.zone = {"Here",
               {{utc("2026-01-01T00:00:00Z"), hours(1)},
                {utc("2026-03-29T01:00:00Z"), hours(2)},
                {utc("2026-10-25T01:00:00Z"), hours(1)}}};
  EXPECT_TRUE(is_open(noon, utc("2026-02-01T11:00:00Z")));
  EXPECT_FALSE(is_open(noon, utc("2026-02-01T12:00:00Z")));
  EXPECT_EQ(opens_at(noon, utc("2026-07-01T00:00:00Z")), utc("2026-07-01T10:00:00Z"));
  Window night = window("02:00", "03:00");
  night.zone = noon.zone;
  EXPECT_EQ(opens_at(night, utc("2026-03-29T00:00:00Z")), utc("2026-03-30T00:00:00Z")) << "there is no such hour";
}

TEST(Window, OpensAtTheVeryMomentThatItSays) {
  const Window some = window("21:30", "04:15", {"mon", "wed", "sat"});
  for (Time now = utc("2026-01-01T00:00:00Z"); now < utc("2026-01-20T00:00:00Z"); now += minutes(7)) {
    const Time opens = opens_at(some, now);
    ASSERT_TRUE(is_open(some, opens));
    ASSERT_TRUE(opens == now || !is_open(some, opens - Duration(1)));
    ASSERT_EQ(is_open(some, now), opens == now);
  }
}

TEST(Window, IsReadAndPrinted) {
  EXPECT_EQ(to_string(window("22:00", "06:00", {"sun", "mon"})), "mon, sun 22:00 to 06:00 UTC");
  EXPECT_EQ(to_string(window("00:00", "24:00")), "daily 00:00 to 24:00 UTC");
  for (const char* wrong : {"", "1:00", "25:00", "24:01", "12:60", "12-00", "ab:cd", "12:0x"}) {
    EXPECT_FALSE(parse_time_of_day(wrong).ok()) << wrong;
  }
  for (const char* wrong : {"", "m", "Monday", "montag"}) EXPECT_FALSE(parse_weekday(wrong).ok()) << wrong;
}

}  // namespace
}  // namespace kedge
