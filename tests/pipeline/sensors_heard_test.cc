#include "pipeline/sensors_heard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/fake_clock.h"

namespace kedge {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

class SensorsHeardTest : public testing::Test {
 protected:
  // Of a sensor, or of `source`.
  void take(const std::string& resources, Time at, const std::string& source = "kedge.sensor") {
    const std::string time = format_time(at);
    Event event;
    event.source = source;
    event.resources = resources;
    event.time = time;
    heard_.take(event, clock_);
  }
  std::map<std::string, Time> heard() { return heard_.status(clock_.now()).heard; }

  FakeClock clock_;
  SensorsHeard heard_;
};

TEST_F(SensorsHeardTest, RemembersTheLastEventOfEachHost) {
  take(R"(["host:web1/usr/bin/ssh"])", clock_.now() - seconds(90));
  take(R"(["host:web1"])", clock_.now() - seconds(30));
  take(R"(["host:web2"])", clock_.now() - seconds(20));
  take(R"(["host:web1"])", clock_.now() - seconds(60));  // came late
  EXPECT_THAT(heard(), ElementsAre(Pair("web1", clock_.now() - seconds(30)), Pair("web2", clock_.now() - seconds(20))));
}

TEST_F(SensorsHeardTest, AClockThatIsAheadHidesNoSilence) {
  take(R"(["host:web1"])", clock_.now() + hours(1));
  EXPECT_THAT(heard(), ElementsAre(Pair("web1", clock_.now())));
}

TEST_F(SensorsHeardTest, OthersEventsAndWhatNamesNoHostCountForNothing) {
  take(R"(["host:web1"])", clock_.now(), "falco");
  for (const char* resources : {"[]", R"(["web1"])", R"(["host:"])", R"(["host:/etc"])", "[1]", "{}", "[", ""}) {
    take(resources, clock_.now());
  }
  take("[\"host:" + std::string(256, 'x') + "\"]", clock_.now());
  Event undated;
  undated.source = "kedge.sensor";
  undated.resources = R"(["host:web1"])";
  heard_.take(undated, clock_);
  EXPECT_THAT(heard(), IsEmpty());
}

TEST_F(SensorsHeardTest, AHostThatIsLongGoneIsForgotten) {
  take(R"(["host:web1"])", clock_.now());
  take(R"(["host:web2"])", clock_.now() - SensorsHeard::kKeptFor);
  EXPECT_THAT(heard(), ElementsAre(Pair("web1", clock_.now())));
  clock_.advance(SensorsHeard::kKeptFor - seconds(1));
  EXPECT_EQ(heard().size(), 1U);
  clock_.advance(seconds(1));
  EXPECT_THAT(heard(), IsEmpty());
}

TEST_F(SensorsHeardTest, MoreHostsThanThereIsRoomForAreCounted) {
  for (size_t i = 0; i < SensorsHeard::kHostsMax; ++i) take("[\"host:h" + std::to_string(i) + "\"]", clock_.now());
  take(R"(["host:one-more"])", clock_.now());
  take(R"(["host:h0"])", clock_.now());
  EXPECT_EQ(heard().size(), SensorsHeard::kHostsMax);
  EXPECT_EQ(heard_.status(clock_.now()).beyond, 1U);
  clock_.advance(SensorsHeard::kKeptFor);
  take(R"(["host:one-more"])", clock_.now());
  EXPECT_THAT(heard(), ElementsAre(Pair("one-more", clock_.now())));
}

}  // namespace
}  // namespace kedge
