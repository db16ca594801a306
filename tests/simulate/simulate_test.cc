// A short simulation; kedge-simulate runs it for long. And that it finds what it is there to find.
#include <gtest/gtest.h>
#include <spdlog/spdlog.h>

#include "tests/simulate/run.h"

namespace kedge {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr uint64_t kRuns = 50;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr uint64_t kRuns = 50;
#else
constexpr uint64_t kRuns = 1000;
#endif
#else
constexpr uint64_t kRuns = 1000;
#endif

struct Simulation : testing::Test {
  Simulation() { spdlog::set_level(spdlog::level::off); }
  static std::string broken(const RunReport& report) { return report.broken.empty() ? "" : report.broken.front(); }
  Stage stage;
};

TEST_F(Simulation, KeepsAllPromises) {
  uint64_t lives = 0, writes = 0;
  for (uint64_t seed = 1; seed <= kRuns; ++seed) {
    const RunReport report = play(make_scenario(seed), stage);
    ASSERT_EQ(broken(report), "") << "kedge-simulate --runs 1 --seed " << seed;
    lives += report.lives;
    writes += report.writes;
  }
  EXPECT_GT(lives, kRuns);
  EXPECT_GT(writes, kRuns);
}

// As one in a hundred of the others, so many that most ways to die between two writes are met.
TEST_F(Simulation, KeepsThemOnSqliteOverADiskThatLosesWhatWasNotSynced) {
  uint64_t lives = 0;
  for (uint64_t seed = 1; seed <= kRuns / 20; ++seed) {
    Scenario scenario = make_scenario(seed);
    scenario.on_sqlite = true;
    const RunReport report = play(scenario, stage);
    ASSERT_EQ(broken(report), "") << "kedge-simulate --sqlite --runs 1 --seed " << seed;
    lives += report.lives;
  }
  EXPECT_GT(lives, kRuns / 20);
}

TEST_F(Simulation, IsTheSameForTheSameSeed) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    const RunReport one = play(make_scenario(seed), stage);
    const RunReport other = play(make_scenario(seed), stage);
    EXPECT_EQ(one.journal_digest, other.journal_digest) << seed;
    EXPECT_EQ(one.turns, other.turns) << seed;
  }
}

TEST_F(Simulation, ShrinksWhatFails) {
  Scenario scenario = make_scenario_for(Plant::poison_dropped, 1);
  while (play(scenario, stage, Plant::poison_dropped).broken.empty()) {
    scenario = make_scenario_for(Plant::poison_dropped, scenario.seed + 1);
  }
  const Scenario small = shrink(scenario, stage, Plant::poison_dropped);
  EXPECT_FALSE(play(small, stage, Plant::poison_dropped).broken.empty());
  ASSERT_EQ(small.disturbances.size(), 1U);
  EXPECT_EQ(small.disturbances[0].kind, Disturbance::Kind::poison);
}

// One that few seeds show is looked for near one that does: a sanitizer takes its time.
uint64_t first_seed_for(Plant plant) { return plant == Plant::epoch_ignored ? 600 : 1; }

struct PlantedBug : Simulation, testing::WithParamInterface<size_t> {};

TEST_P(PlantedBug, IsFound) {
  const auto plant = static_cast<Plant>(GetParam());
  bool found = false;
  const uint64_t first = first_seed_for(plant);
  for (uint64_t seed = first; seed < first + 1000 && !found; ++seed) {
    found = !play(make_scenario_for(plant, seed), stage, plant).broken.empty();
  }
  EXPECT_TRUE(found);
}

INSTANTIATE_TEST_SUITE_P(Each, PlantedBug, testing::Range<size_t>(1, kPlantNames.size()),
                         [](const auto& one) { return std::string(kPlantNames[one.param]); });

}  // namespace
}  // namespace kedge
