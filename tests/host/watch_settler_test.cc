#include "host/watch_settler.h"

#include <gtest/gtest.h>

#include <set>

#include "base/random.h"
#include "tests/host/watching.h"

namespace kedge {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration kWindow = milliseconds(100);
constexpr Duration kCeiling = seconds(2);

Notices seen(const std::string& path, Changes changes = kModified, bool directory = false) {
  return {{{path, changes, "", directory, nullptr}}, {}};
}
Notices moved(const std::string& from, const std::string& to, bool directory = false) {
  return {{{to, kMoved, from, directory, nullptr}}, {}};
}
Notices doubted(const std::string& path, Doubt::Reason reason = Doubt::Reason::overflow) {
  return {{}, {{path, reason}}};
}

struct Settling : testing::Test {
  Settler settler{{"/r"}, {kWindow, kCeiling, 1U << 20U}};
};

TEST_F(Settling, ABurstIsOneLookWhenItIsOver) {
  settler.add(seen("/r/f", kCreated), milliseconds(0));
  settler.add(seen("/r/f", kModified), milliseconds(60));
  EXPECT_TRUE(settler.due(milliseconds(120)).empty());
  const auto looks = settler.due(milliseconds(160));
  ASSERT_EQ(looks.size(), 1U);
  EXPECT_EQ(looks[0].path, "/r/f");
  EXPECT_EQ(looks[0].changes, kCreated | kModified);
  EXPECT_EQ(looks[0].first, milliseconds(0));
  EXPECT_EQ(looks[0].last, milliseconds(60));
  EXPECT_FALSE(looks[0].tree);
  EXPECT_EQ(settler.pending(), 0U);
  EXPECT_EQ(settler.bytes(), 0U);
}

TEST_F(Settling, WhoWritesWithoutEndIsLookedAtAtTheCeiling) {
  Duration now{0};
  std::vector<PathLook> looks;
  for (; looks.empty(); now += milliseconds(50)) {
    settler.add(seen("/r/f"), now);
    looks = settler.due(now);
  }
  EXPECT_EQ(now - milliseconds(50), kCeiling);
}

TEST_F(Settling, NextIsNeverLaterThanWhatIsDue) {
  EXPECT_FALSE(settler.next());
  settler.add(seen("/r/f"), milliseconds(10));
  ASSERT_TRUE(settler.next());
  EXPECT_EQ(*settler.next(), milliseconds(110));
  settler.add(seen("/r/f"), milliseconds(50));
  EXPECT_TRUE(settler.due(*settler.next()).empty());
  EXPECT_EQ(*settler.next(), milliseconds(150));
}

TEST_F(Settling, AMoveIsALookAtBothEnds) {
  settler.add(moved("/r/a", "/r/b"), Duration{0});
  const auto looks = settler.due(kWindow);
  ASSERT_EQ(looks.size(), 2U);
  ASSERT_NE(look_at(looks, "/r/a"), nullptr);
  ASSERT_NE(look_at(looks, "/r/b"), nullptr);
  EXPECT_EQ(look_at(looks, "/r/b")->moved_from, "/r/a");
  EXPECT_FALSE(look_at(looks, "/r/b")->tree);
}

TEST_F(Settling, ADirectoryIsLookedAtWithAllBelowIt) {
  settler.add(seen("/r/d", kCreated, true), Duration{0});
  settler.add(seen("/r/e", kAttributes, true), Duration{0});
  const auto looks = settler.due(kWindow);
  EXPECT_TRUE(look_at(looks, "/r/d")->tree);
  EXPECT_FALSE(look_at(looks, "/r/e")->tree);
}

TEST_F(Settling, WhatLiesInATreeIsSeenWithIt) {
  settler.add(seen("/r/d/f"), milliseconds(0));
  settler.add(seen("/r/d.conf"), milliseconds(50));
  settler.add(doubted("/r/d"), milliseconds(50));
  settler.add(seen("/r/d/g/h"), milliseconds(60));
  EXPECT_EQ(settler.pending(), 2U);
  const auto looks = settler.due(seconds(1));
  ASSERT_EQ(looks.size(), 2U);
  const PathLook& tree = *look_at(looks, "/r/d");
  EXPECT_TRUE(tree.tree);
  EXPECT_EQ(tree.first, milliseconds(0));
  EXPECT_EQ(tree.last, milliseconds(60));
  EXPECT_EQ(tree.changes, 0);
  EXPECT_EQ(tree.doubts, std::vector{Doubt::Reason::overflow});
}

TEST_F(Settling, ATreeWaitsNoLongerThanWhatItTookInWouldHave) {
  for (Duration now{0}; now < kCeiling; now += milliseconds(90)) {
    settler.add(seen("/r/d/f"), now);
    ASSERT_TRUE(settler.due(now).empty());
  }
  settler.add(doubted("/r/d"), kCeiling - milliseconds(10));
  EXPECT_EQ(settler.due(kCeiling).size(), 1U);
}

TEST_F(Settling, ActorsAreNamedOnceAndNotWithoutEnd) {
  for (int i = 0; i < 20; ++i) {
    auto notices = seen("/r/f");
    notices.sightings[0].actor = std::make_shared<ProcessActor>(ProcessActor{i % 10, "/bin/sh", "", "", {}});
    settler.add(std::move(notices), Duration{0});
  }
  const auto looks = settler.due(kWindow);
  ASSERT_EQ(looks[0].actors.size(), PathLook::kActorsMax);
  EXPECT_EQ(looks[0].actors[3]->process, 3);
}

TEST(Settler, ACrowdBecomesTheDirectoryThatHoldsIt) {
  Settler settler({"/r"}, {kWindow, kCeiling, 100'000});
  settler.add(seen("/r/alone/f"), Duration{0});
  for (int i = 0; i < 5'000; ++i) settler.add(seen("/r/crowd/d" + std::to_string(i)), Duration{0});
  EXPECT_LE(settler.bytes(), 100'000U);
  const auto looks = settler.due(kWindow);
  ASSERT_EQ(looks.size(), 2U);
  EXPECT_TRUE(look_at(looks, "/r/crowd")->tree);
  EXPECT_EQ(look_at(looks, "/r/crowd")->doubts, std::vector{Doubt::Reason::crowded});
  EXPECT_FALSE(look_at(looks, "/r/alone/f")->tree);
}

TEST(Settler, NoCrowdIsFoldedBeyondItsRoot) {
  Settler settler({"/a/b", "/c"}, {kWindow, kCeiling, 5'000});
  for (int i = 0; i < 500; ++i) {
    settler.add(seen("/a/b/d" + std::to_string(i) + "/f"), Duration{0});
    settler.add(seen("/c/" + std::to_string(i)), Duration{0});
  }
  for (const auto& look : settler.due(kWindow)) {
    EXPECT_TRUE(lies_in(look.path, "/a/b") || lies_in(look.path, "/c")) << look.path;
  }
}

// Whatever comes: each path is handed out, by itself or in a tree, not before it was told and not after its ceiling.
TEST(Settler, LosesNothing) {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    Random random(seed);
    Settler settler({"/r"}, {kWindow, kCeiling, 3'000 + random.below(20'000)});
    std::map<std::string, Duration> owed;
    Duration now{0};
    for (int i = 0; i < 3'000; ++i) {
      std::string path = "/r";
      for (uint64_t depth = random.below(5); depth > 0; --depth)
        path += "/" + std::string(1, static_cast<char>('a' + random.below(6)));
      const bool tree = random.below(20) == 0;
      settler.add(tree ? doubted(path) : seen(path), now);
      owed.insert({path, now});
      now += milliseconds(random.below(8));
      for (const PathLook& look : settler.due(now)) {
        if (!look.tree) owed.erase(look.path);
        for (auto one = owed.begin(); look.tree && one != owed.end();) {
          one = lies_in(one->first, look.path) ? owed.erase(one) : std::next(one);
        }
      }
      for (const auto& [path_owed, since] : owed) ASSERT_LE(now - since, kCeiling) << path_owed << ", seed " << seed;
    }
  }
}

}  // namespace
}  // namespace kedge
