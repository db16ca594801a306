#include "guard/breaker.h"

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <nlohmann/json.hpp>
#include <random>

namespace kedge {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using Outcome = Breaker::Outcome;
using Turned = Breaker::Turned;

const Time kNow = std::chrono::sys_days(std::chrono::year(2026) / 1 / 1) + hours(12);
constexpr Duration kCall = seconds(20);

class BreakerTest : public testing::Test {
 protected:
  // One call after the other, each let through.
  Turned call(Outcome outcome) {
    const auto permit = breaker.admit(now, kCall);
    EXPECT_TRUE(permit);
    return breaker.note(permit.value_or(Breaker::Permit{}), outcome, now, limits, std::nullopt);
  }
  Turned calls(const std::string& outcomes) {
    Turned last = Turned::not_at_all;
    for (const char one : outcomes) last = call(one == 'x' ? Outcome::bad : Outcome::good);
    return last;
  }
  void open() { EXPECT_EQ(calls("xxx"), Turned::opened); }

  Breaker breaker;
  BreakerLimits limits;
  Time now = kNow;
};

TEST_F(BreakerTest, OpensWithTheThirdFailureInARow) {
  EXPECT_EQ(calls("xx.xx"), Turned::not_at_all);
  EXPECT_EQ(calls("x"), Turned::opened);
  EXPECT_FALSE(breaker.admit(now, kCall));
  EXPECT_EQ(breaker.shut_until(now), now + seconds(30));
}

TEST_F(BreakerTest, OpensWhenHalfOfTheLastTenFailed) {
  EXPECT_EQ(calls(".x.x.x.x"), Turned::not_at_all);
  EXPECT_EQ(calls(".x"), Turned::opened);
  EXPECT_EQ(breaker.failed(), 5);
}

TEST_F(BreakerTest, StaysClosedWhileLessThanHalfOfTheLastTenFail) {
  for (int i = 0; i < 20; ++i) EXPECT_EQ(calls("xx..."), Turned::not_at_all) << i;
}

TEST_F(BreakerTest, KnowsNothingFromWhatSaysNothing) {
  for (int i = 0; i < 50; ++i) EXPECT_EQ(call(Outcome::none), Turned::not_at_all);
  EXPECT_TRUE(breaker.blank());
}

TEST_F(BreakerTest, LetsOneProbeThroughWhenItsSpanIsOver) {
  open();
  now += seconds(30);
  const auto probe = breaker.admit(now, kCall);
  ASSERT_TRUE(probe);
  EXPECT_TRUE(probe->probe);
  EXPECT_FALSE(breaker.admit(now, kCall));
  EXPECT_EQ(breaker.shut_until(now), now + kCall) << "the others ask again when the probe must be over";
  now += hours(1);
  EXPECT_FALSE(breaker.admit(now, kCall)) << "however long the probe takes, it is the only one";
  EXPECT_GT(*breaker.shut_until(now), now) << "nobody asks again at once";
}

TEST_F(BreakerTest, ClosesWhenTheProbeDidWellAndForgetsWhatWasBefore) {
  open();
  now += seconds(30);
  EXPECT_EQ(call(Outcome::good), Turned::closed);
  EXPECT_TRUE(breaker.blank());
  EXPECT_EQ(calls("xx"), Turned::not_at_all);
}

TEST_F(BreakerTest, IsOpenForLongerEachTimeThatTheProbeFails) {
  open();
  std::vector<Duration> spans;
  for (int i = 0; i < 6; ++i) {
    now = *breaker.shut_until(now);
    EXPECT_EQ(call(Outcome::bad), Turned::reopened);
    spans.push_back(*breaker.shut_until(now) - now);
  }
  EXPECT_EQ(spans, (std::vector<Duration>{minutes(1), minutes(2), minutes(4), minutes(5), minutes(5), minutes(5)}));
  EXPECT_EQ(breaker.since(), kNow);
}

TEST_F(BreakerTest, LetsTheNextProbeThroughWhenOneSaidNothing) {
  open();
  now += seconds(30);
  EXPECT_EQ(call(Outcome::none), Turned::not_at_all);
  EXPECT_EQ(call(Outcome::good), Turned::closed);
}

TEST_F(BreakerTest, ListensToNoCallThatWasLetThroughBeforeItTurned) {
  const auto before = breaker.admit(now, kCall);
  open();
  EXPECT_EQ(breaker.note(*before, Outcome::good, now, limits, {}), Turned::not_at_all);
  EXPECT_TRUE(breaker.shut_until(now));
  now += seconds(30);
  const auto probe = breaker.admit(now, kCall);
  EXPECT_EQ(breaker.note(*before, Outcome::good, now, limits, {}), Turned::not_at_all);
  EXPECT_EQ(breaker.note(*probe, Outcome::bad, now, limits, {}), Turned::reopened);
  EXPECT_EQ(breaker.note(*probe, Outcome::good, now, limits, {}), Turned::not_at_all) << "told twice";
}

TEST(OpenSpan, LiesBetweenHalfOfItAndAllOfIt) {
  const BreakerLimits limits;
  std::mt19937_64 random(3);
  for (int opening = 1; opening < 200; ++opening) {
    const Duration whole = open_span(limits, opening, std::nullopt);
    EXPECT_LE(whole, limits.most);
    EXPECT_GE(whole, open_span(limits, std::max(1, opening - 1), std::nullopt));
    Duration shortest = whole, longest{};
    for (int i = 0; i < 200; ++i) {
      const Duration span = open_span(limits, opening, random());
      EXPECT_LE(span, whole);
      EXPECT_GE(span, whole / 2);
      shortest = std::min(shortest, span);
      longest = std::max(longest, span);
    }
    EXPECT_LT(shortest, whole * 6 / 10);
    EXPECT_GT(longest, whole * 9 / 10);
  }
}

// What is known of a breaker from outside, kept as a list of all that happened.
struct Model {
  std::deque<bool> since_closed;  // failures
  bool open = false;
  std::optional<uint64_t> probe;  // the call that is it
  Time until;

  bool opens() const {
    const size_t n = since_closed.size();
    if (n >= 3 && since_closed[n - 1] && since_closed[n - 2] && since_closed[n - 3]) return true;
    return std::count(since_closed.end() - static_cast<ptrdiff_t>(std::min<size_t>(n, 10)), since_closed.end(), true) >=
           5;
  }
};

// Calls that begin, end and overlap as they like, against the model.
TEST(BreakerProperty, OpensProbesAndClosesAsItSays) {
  int opened = 0, reopened = 0, closed = 0;
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    std::mt19937_64 random(seed);
    const BreakerLimits limits;
    const uint64_t failing = 10 + random() % 80;  // percent
    Breaker breaker;
    Model model;
    std::map<uint64_t, std::pair<Breaker::Permit, bool>> out;  // calls, and whether the breaker has turned since
    uint64_t calls = 0;
    Time now = kNow;
    const auto turn = [&] {
      for (auto& [_, one] : out) one.second = true;
    };
    for (int step = 0; step < 600; ++step) {
      now += Duration(static_cast<int64_t>(random() % 8'000'000));
      if (random() % 2 == 0) {
        const bool shut = model.open && (now < model.until || model.probe);
        ASSERT_EQ(breaker.shut_until(now).has_value(), shut);
        if (shut) {
          ASSERT_GT(*breaker.shut_until(now), now);
        }
        const auto permit = breaker.admit(now, kCall);
        ASSERT_EQ(permit.has_value(), !shut);
        if (!permit) continue;
        ASSERT_EQ(permit->probe, model.open);
        if (permit->probe) turn();
        out[++calls] = {*permit, false};
        if (permit->probe) model.probe = calls;
      } else if (!out.empty()) {
        const auto one = std::next(out.begin(), static_cast<std::ptrdiff_t>(random() % out.size()));
        const auto [number, call] = *one;
        out.erase(one);
        const bool says_nothing = random() % 10 == 0;
        const bool bad = random() % 100 < failing;
        const Outcome outcome = says_nothing ? Outcome::none : bad ? Outcome::bad : Outcome::good;
        const Turned turned = breaker.note(call.first, outcome, now, limits, random());
        if (model.probe == number) {
          model.probe.reset();
          ASSERT_EQ(turned, says_nothing ? Turned::not_at_all : bad ? Turned::reopened : Turned::closed);
          reopened += turned == Turned::reopened;
          closed += turned == Turned::closed;
          if (turned == Turned::closed) model = Model();
          turn();
        } else if (call.second || model.open) {
          ASSERT_EQ(turned, Turned::not_at_all);
        } else if (!says_nothing) {
          model.since_closed.push_back(bad);
          model.open = bad && model.opens();
          ASSERT_EQ(turned == Turned::opened, model.open);
          if (model.open) turn();
          opened += model.open;
        }
        if (turned == Turned::opened || turned == Turned::reopened) {
          model.until = *breaker.shut_until(now);
          ASSERT_LE(model.until, now + limits.most);
          ASSERT_GE(model.until, now + limits.first / 2);
        }
      }
      ASSERT_LE(std::count_if(out.begin(), out.end(),
                              [](const auto& one) { return one.second.first.probe && !one.second.second; }),
                1);
    }
  }
  EXPECT_GT(opened, 300);
  EXPECT_GT(reopened, 300);
  EXPECT_GT(closed, 300);
}

TEST_F(BreakerTest, IsKeptAsItIsAndReadAgain) {
  const auto same = [&] {
    const auto read = Breaker::from_json(breaker.to_json());
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->to_json(), breaker.to_json());
    EXPECT_EQ(read->failed(), breaker.failed());
    EXPECT_EQ(read->shut_until(now), breaker.shut_until(now));
  };
  for (const char one : std::string(".x..x.x...x...")) {
    calls({one});
    same();
  }
  open();
  same();
  now += seconds(30);
  const auto probe = breaker.admit(now, kCall);
  same();
  auto read = *Breaker::from_json(breaker.to_json());
  EXPECT_EQ(read.note(*probe, Outcome::good, now, limits, {}), Turned::closed);
  for (const char* wrong : {"[]", "{}", R"({"state":7})", R"({"state":0,"recent":"abc"})",
                            R"({"state":0,"recent":"...........","turn":1,"in_a_row":0,"openings":0})"}) {
    EXPECT_FALSE(Breaker::from_json(nlohmann::json::parse(wrong)).ok()) << wrong;
  }
}

TEST(OpenBreaker, SaysWhatIsShutWhyAndWhatToType) {
  const OpenBreaker open{"aws.s3/111122223333/eu-west-1", kNow, kNow + seconds(30), 3, 4, 1, "no answer"};
  const std::string reason = reason_of(open, "R1", State::planned);
  for (const char* part : {"aws.s3/111122223333/eu-west-1", "kedge remediation cancel R1", "3 of the last 4",
                           "2026-01-01T12:00:30", "no answer"}) {
    EXPECT_NE(reason.find(part), std::string::npos) << reason;
  }
  EXPECT_EQ(figures_of(open).at("until"), "2026-01-01T12:00:30.000000Z");
  EXPECT_NE(reason_of(open, "R1", State::running).find("cancel R1"), std::string::npos) << "it waits then";
  for (const State under_way : {State::unknown, State::confirming, State::undoing, State::releasing}) {
    EXPECT_EQ(reason_of(open, "R1", under_way).find("cancel"), std::string::npos) << to_string(under_way);
  }
}

}  // namespace
}  // namespace kedge
