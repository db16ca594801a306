// Which claims are looked at, and when, over histories that claims, endpoints and time may have.
#include "remediate/claim_schedule.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/random.h"
#include "ledger/claim.h"

namespace kedge {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr const char* kRule = "rule";

std::string target(int number) { return "target-" + std::to_string(number); }

// A ledger of claims, a world in which each look takes its time, and the schedule between them.
class Rounds {
 public:
  explicit Rounds(ReconcileOptions options) : options_(options) { restart(); }

  void add(int number, const std::string& endpoint = "here") { claims_[place(number)] = endpoint; }
  void remove(int number) { claims_.erase(place(number)); }
  void set_look(const std::string& endpoint, Duration span) { spans_[endpoint] = span; }
  void restart() {
    elapsed_ += seconds(1);
    schedule_.emplace(options_, now());
  }
  void be_down_for(Duration span) { elapsed_ += span; }

  void run(Duration span) {
    const Duration end = elapsed_ + span;
    while (elapsed_ < end) {
      turn();
      Duration next = elapsed_ + schedule_->nap(now(), elapsed_);
      if (!out_.empty()) next = std::min(next, std::max(out_.begin()->first, elapsed_ + Duration{1}));
      elapsed_ = std::min(next, end);
    }
  }

  struct Look {
    Duration at;
    std::string target;
  };
  const std::vector<Look>& looks() const { return looks_; }
  std::vector<Duration> looks_at(int number) const {
    std::vector<Duration> times;
    for (const Look& look : looks_) {
      if (look.target == target(number)) times.push_back(look.at);
    }
    return times;
  }
  // The most looks within a second.
  size_t most_in_a_second() const {
    size_t most = 0;
    for (size_t first = 0, last = 0; last < looks_.size(); ++last) {
      while (looks_[last].at - looks_[first].at >= seconds(1)) ++first;
      most = std::max(most, last - first + 1);
    }
    return most;
  }
  const ClaimSchedule::Figures& figures() const { return schedule_->figures(); }
  Duration elapsed() const { return elapsed_; }

 private:
  static constexpr Time kBegin{hours(500'000) + minutes(17)};
  Time now() const { return kBegin + elapsed_; }
  static ClaimPlace place(int number) { return {phase_of(kRule, target(number)), kRule, target(number)}; }

  void turn() {
    while (!out_.empty() && out_.begin()->first <= elapsed_) {
      schedule_->came_back(out_.begin()->second);
      out_.erase(out_.begin());
    }
    while (const auto part = schedule_->part(now())) {
      std::vector<ClaimSchedule::Look> read;
      for (auto it = claims_.upper_bound(part->after); it != claims_.end() && it->first.phase <= part->until; ++it) {
        if (read.size() == part->limit) break;
        Claim claim;
        claim.plan.rule.id = kRule;
        claim.plan.target = it->first.target;
        read.push_back({claim, it->second});
      }
      schedule_->read(now(), *part, std::move(read));
    }
    while (const auto look = schedule_->take(elapsed_)) {
      looks_.push_back({elapsed_, look->claim.plan.target});
      const auto span = spans_.find(look->endpoint);
      out_.emplace(elapsed_ + (span == spans_.end() ? milliseconds(200) : span->second), look->endpoint);
    }
  }

  const ReconcileOptions options_;
  std::optional<ClaimSchedule> schedule_;
  Duration elapsed_{0};
  std::map<ClaimPlace, std::string> claims_;
  std::map<std::string, Duration> spans_;
  std::multimap<Duration, std::string> out_;
  std::vector<Look> looks_;
};

// Between two looks at one lies a round, the time until the hand is looked at, and what waited in front of it.
constexpr Duration kSlack = seconds(30);

TEST(ClaimSchedule, LooksAtEachClaimOnceARoundAndSpreadsThemOverIt) {
  Rounds rounds({hours(1), 10, 4});
  for (int i = 0; i < 600; ++i) rounds.add(i);
  rounds.run(hours(5));
  for (int i = 0; i < 600; ++i) {
    const std::vector<Duration> times = rounds.looks_at(i);
    ASSERT_GE(times.size(), 4U) << i;
    for (size_t k = 1; k < times.size(); ++k)
      EXPECT_NEAR(static_cast<double>((times[k] - times[k - 1]) / seconds(1)), 3600, 60);
  }
  std::vector<int> of_minute(300);
  for (const Rounds::Look& look : rounds.looks()) ++of_minute.at(static_cast<size_t>(look.at / minutes(1)));
  EXPECT_LE(*std::max_element(of_minute.begin(), of_minute.end()), 30) << "ten a minute, by chance some more";
  EXPECT_EQ(rounds.figures().claims, 600);
}

TEST(ClaimSchedule, KeepsToItsLimitsOverAnyHistory) {
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE(seed);
    Random dice(seed);
    const ReconcileOptions options{minutes(10), 1 + static_cast<int>(dice.below(4)), 4};
    Rounds rounds(options);
    std::map<int, Duration> since;  // claims that are there
    for (int step = 0; step < 300; ++step) {
      const int number = static_cast<int>(dice.below(200));
      if (dice.below(3) > 0) {
        rounds.add(number, "endpoint-" + std::to_string(number % 5));
        since.try_emplace(number, rounds.elapsed());
      } else {
        rounds.remove(number);
        since.erase(number);
      }
      if (dice.below(100) == 0) rounds.restart();
      rounds.run(milliseconds(dice.below(30'000)));
    }
    EXPECT_LE(rounds.most_in_a_second(), static_cast<size_t>(options.per_second));
    rounds.run(options.every + kSlack);
    for (const auto& [number, from] : since) {
      const std::vector<Duration> times = rounds.looks_at(number);
      ASSERT_FALSE(times.empty()) << number;
      EXPECT_LE(rounds.elapsed() - times.back(), options.every + kSlack) << number;
    }
  }
}

TEST(ClaimSchedule, DoesTheSameAgainInEachRound) {
  Rounds rounds({minutes(10), 10, 4});
  for (int i = 0; i < 300; ++i) rounds.add(i);
  for (int round = 0; round < 6; ++round) {
    const size_t before = rounds.looks().size();
    rounds.run(minutes(10));
    EXPECT_NEAR(static_cast<double>(rounds.looks().size() - before), 300, 5);
  }
}

TEST(ClaimSchedule, BeginsNoNewRoundWithARestart) {
  Rounds rounds({hours(1), 10, 4});
  for (int i = 0; i < 100; ++i) rounds.add(i);
  for (int restarts = 0; restarts < 36; ++restarts) {
    rounds.run(minutes(5));
    rounds.restart();
  }
  for (int i = 0; i < 100; ++i) EXPECT_GE(rounds.looks_at(i).size(), 2U) << i;
  EXPECT_LE(rounds.looks().size(), 330U) << "three rounds, and a little twice";
}

TEST(ClaimSchedule, MakesUpForNothingAfterALongSleep) {
  Rounds rounds({minutes(10), 10, 4});
  for (int i = 0; i < 100; ++i) rounds.add(i);
  rounds.run(minutes(10));
  rounds.be_down_for(hours(10));
  const size_t before = rounds.looks().size();
  rounds.run(minutes(10));
  EXPECT_LE(rounds.looks().size() - before, 310U) << "what was due, and a round, and not sixty";
}

TEST(ClaimSchedule, TakesLongerForARoundWhereThereAreMoreThanItMayLookAt) {
  Rounds rounds({minutes(10), 1, 4});  // 600 a round
  for (int i = 0; i < 2'000; ++i) rounds.add(i);
  rounds.run(minutes(120));
  EXPECT_EQ(rounds.most_in_a_second(), 1U);
  for (int i = 0; i < 2'000; ++i) EXPECT_GE(rounds.looks_at(i).size(), 2U) << i;
  EXPECT_EQ(rounds.figures().passed_over, 0);
}

TEST(ClaimSchedule, LetsAnEndpointThatHangsHoldUpNoOther) {
  Rounds rounds({minutes(10), 10, 4});
  for (int i = 0; i < 600; ++i) rounds.add(i, i % 2 == 0 ? "hangs" : "here");
  rounds.set_look("hangs", seconds(20));
  rounds.run(minutes(40));
  for (int i = 1; i < 600; i += 2) {
    const std::vector<Duration> times = rounds.looks_at(i);
    ASSERT_GE(times.size(), 3U) << i;
    for (size_t k = 1; k < times.size(); ++k) EXPECT_LE(times[k] - times[k - 1], minutes(10) + kSlack);
  }
  EXPECT_GT(rounds.figures().passed_over, 0) << "of the one that hangs";
}

TEST(ClaimSchedule, AsksTheLedgerAgainWhenItCouldNotBeRead) {
  const Time begin{hours(500'000)};
  ClaimSchedule schedule({hours(1), 10, 4}, begin);
  const auto part = schedule.part(begin);
  ASSERT_TRUE(part.has_value());
  schedule.unread(begin);
  EXPECT_FALSE(schedule.part(begin + milliseconds(900)).has_value());
  const auto again = schedule.part(begin + minutes(1));
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->after, part->after) << "nothing is left out";
}

}  // namespace
}  // namespace kedge
