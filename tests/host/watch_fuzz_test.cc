// Random operations. KEDGE_WATCH_SEEDS says how many worlds (few, if it is not set), KEDGE_WATCH_SEED the first.
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "tests/host/sensor_player.h"
#include "tests/host/tree_player.h"
#include "tests/host/watching.h"
#include "tests/support/temporary_directory.h"

namespace kedge {
namespace {

uint64_t setting(const char* name, uint64_t otherwise) {
  const char* const text = std::getenv(name);
  return text == nullptr ? otherwise : std::stoull(text);
}

class WatchFuzz : public testing::TestWithParam<std::string> {
 protected:
  // Not every process may have every watcher. What goes wrong later is no reason to skip.
  void SetUp() override {
    const TemporaryDirectory place;
    const auto allowed = open_watcher_named(GetParam(), {{place.path().string()}, {}});
    if (!allowed && allowed.error().code == ErrorCode::refused) GTEST_SKIP() << allowed.error().message;
    ASSERT_TRUE(allowed) << allowed.error().message;
  }
};
INSTANTIATE_TEST_SUITE_P(Both, WatchFuzz, testing::Values("inotify", "fanotify"),
                         [](const auto& one) { return one.param; });

TEST_P(WatchFuzz, WhatTheWatcherSaysToLookAtShowsWhatIsThere) {
  const uint64_t first = setting("KEDGE_WATCH_SEED", 1);
  for (uint64_t seed = first; seed < first + setting("KEDGE_WATCH_SEEDS", 25); ++seed) {
    const auto differences = play(Play{GetParam(), seed});
    ASSERT_TRUE(differences) << differences.error().message << ", with seed " << seed;
    ASSERT_EQ(*differences, "") << "with seed " << seed;
  }
}

// The whole sensor, which is stopped and killed meanwhile: who reads its events knows what is there.
TEST_P(WatchFuzz, WhatTheSensorTellsIsWhatIsThere) {
  const uint64_t first = setting("KEDGE_WATCH_SEED", 1);
  for (uint64_t seed = first; seed < first + setting("KEDGE_WATCH_SEEDS", 10); ++seed) {
    const auto wrong = play(SensorPlay{GetParam(), seed});
    ASSERT_TRUE(wrong) << wrong.error().message << ", with seed " << seed;
    ASSERT_EQ(*wrong, "") << "with seed " << seed;
  }
}

}  // namespace
}  // namespace kedge
