#include "guard/fleet.h"

#include <gtest/gtest.h>

namespace kedge {
namespace {

using std::chrono::hours;

const Fleets kFleets = {{"db", {{"host:db-1", "host:db-2"}, 2, 1}}, {"web", {{"host:web-*"}, 40, 30}}};

FleetFigures figures(const std::string& fleet, const std::vector<std::string>& out = {}, Share share = {}) {
  return figures_of(fleet, kFleets, share, "host:web-1", out);
}

TEST(Share, IsWrittenAsAPercentageAndASpan) {
  EXPECT_EQ(*parse_share("10%/1h"), (Share{10, hours(1)}));
  EXPECT_EQ(to_string(*parse_share("100%/1d")), "100%/1d");
  for (const char* wrong :
       {"", "10", "10/1h", "10%", "10%/", "0%/1h", "101%/1h", "-1%/1h", "x%/1h", "10%/0s", "10%/x"}) {
    EXPECT_FALSE(parse_share(wrong).ok()) << wrong;
  }
}

TEST(Fleet, IsTheFirstThatNamesTheTarget) {
  EXPECT_EQ(fleet_of("host:web-17", kFleets), "web");
  EXPECT_EQ(fleet_of("host:db-2", kFleets), "db");
  EXPECT_EQ(fleet_of("host:db-22", kFleets), kOtherHosts) << "an exact name is no beginning";
  EXPECT_EQ(fleet_of("arn:aws:s3:::bucket", kFleets), "");
}

TEST(Fleet, MayLoseItsShareAndOneAtLeast) {
  EXPECT_EQ(figures("web").most, 4);
  EXPECT_EQ(figures("web", {}, {1, hours(1)}).most, 1);
  EXPECT_EQ(figures("db", {}, {100, hours(1)}).most, 1) << "one is kept";
  EXPECT_EQ(figures("web", {}, {100, hours(1)}).most, 10) << "thirty are kept";
}

TEST(Fleet, CountsAsOneWhereNobodyKnowsItsSize) {
  EXPECT_EQ(figures(kOtherHosts).size, 0);
  EXPECT_EQ(figures(kOtherHosts).most, 1);
  EXPECT_FALSE(figures(kOtherHosts).is_spent());
  EXPECT_TRUE(figures(kOtherHosts, {"host:a"}).is_spent());
}

TEST(Fleet, CountsItsOwnTargetsAndNotTheOneThatIsAskedAbout) {
  EXPECT_EQ(figures("web", {"host:web-1", "host:web-2", "host:db-1", "host:a", "host:web-3"}).out, 2);
}

TEST(Fleet, CountsHostsWhateverIsTouchedOnThem) {
  EXPECT_EQ(fleet_of("host:db-1/usr/bin/true", kFleets), "db");
  EXPECT_EQ(figures("web", {"host:web-1/etc/passwd", "host:web-2/a", "host:web-2/b", "host:web-2"}).out, 1);
}

}  // namespace
}  // namespace kedge
