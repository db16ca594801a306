#include "guard/budget.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace kedge {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const Time kNow = std::chrono::sys_days(std::chrono::year(2026) / 1 / 1) + hours(12) + seconds(17);

TEST(Budget, IsWrittenAsANumberAndASpan) {
  EXPECT_EQ(*parse_budget("10/1m"), (Budget{10, minutes(1)}));
  EXPECT_EQ(*parse_budget("0/2h"), (Budget{0, hours(2)}));
  EXPECT_EQ(to_string(*parse_budget("5/5m")), "5/5m");
  for (const char* wrong : {"", "10", "/1m", "x/1m", "-1/1m", "10/", "10/abc", "10/0s", "10/2d", "1 0/1m"}) {
    EXPECT_FALSE(parse_budget(wrong).ok()) << wrong;
  }
}

TEST(Budget, IsLooserWhereMoreMayStartWithinTheStandardsWindow) {
  const Budget standard{10, minutes(1)};
  EXPECT_FALSE(is_looser({10, minutes(1)}, standard));
  EXPECT_FALSE(is_looser({10, hours(1)}, standard));
  EXPECT_FALSE(is_looser({5, seconds(30)}, standard));
  EXPECT_FALSE(is_looser({1, seconds(6)}, standard));
  EXPECT_TRUE(is_looser({11, hours(1)}, standard)) << "eleven may start at once";
  EXPECT_TRUE(is_looser({10, seconds(59)}, standard));
  EXPECT_TRUE(is_looser({4, seconds(20)}, standard));
}

Plan plan_of(const std::vector<std::string>& actions) {
  Plan plan;
  plan.rule.id = "r";
  for (const std::string& action : actions) plan.revert.emplace_back().action = action;
  return plan;
}

std::vector<std::string> rings(const std::vector<ScopedBudget>& budgets) {
  std::vector<std::string> names;
  for (const ScopedBudget& one : budgets) names.push_back(one.ring());
  return names;
}

TEST(Budget, IsOfAllOfTheAccountOfEachActionAndOfTheRule) {
  EXPECT_EQ(rings(budgets_of(plan_of({"b", "a", "b"}), "1", {}, {})),
            (std::vector<std::string>{"all 60s", "account 1 60s", "action a 60s", "action b 60s", "rule r 300s"}));
  EXPECT_EQ(rings(budgets_of(plan_of({}), "", Limits{1, 2}, {})),
            (std::vector<std::string>{"all 60s", "rule r 300s", "rule r 60s", "rule r 3600s"}));
}

// Against a list of every start: never more than `most` within any window, and not much later than could be.
TEST(Budget, LetsNeverMoreStartWithinAnyWindowAndSaysWhenThereIsRoom) {
  std::mt19937_64 random(7);
  for (const Budget budget : {Budget{3, seconds(1)}, Budget{10, minutes(1)}, Budget{5, minutes(5)}, Budget{2, hours(1)},
                              Budget{4, seconds(45)}, Budget{1, seconds(61)}}) {
    const ScopedBudget scoped{"all", budget};
    std::map<int64_t, int> ring;
    std::vector<Time> started;
    Time now = kNow;
    const Duration grain = std::max<Duration>(seconds(1), budget.within / kBudgetSlots + seconds(1));
    for (int i = 0; i < 2'000; ++i) {
      now += Duration(random() % static_cast<uint64_t>(budget.within.count() / budget.most));
      std::vector<SpentSlot> slots;
      for (const auto& [slot, number] : ring) slots.push_back({slot, number});
      const BudgetFigures figures = figures_of(scoped, slots, now);
      const auto within =
          std::count_if(started.begin(), started.end(), [&](Time t) { return t > now - budget.within; });
      if (!figures.is_spent()) {
        ASSERT_LT(within, budget.most);
        started.push_back(now);
        ++ring[slot_at(budget.within, now)];
        std::erase_if(ring, [&](const auto& e) { return e.first < slot_at(budget.within, now) - kBudgetSlots; });
        ASSERT_LE(ring.size(), static_cast<size_t>(kBudgetSlots) + 1);
        continue;
      }
      ASSERT_TRUE(figures.room.has_value());
      ASSERT_GT(*figures.room, now);
      ASSERT_LE(*figures.room, started[started.size() - budget.most] + budget.within + grain + seconds(1));
      ASSERT_FALSE(figures_of(scoped, slots, *figures.room).is_spent());
      ASSERT_TRUE(figures_of(scoped, slots, *figures.room - Duration(1)).is_spent());
    }
  }
}

TEST(Budget, HasNoRoomWhereNoneMayStart) {
  const BudgetFigures figures = figures_of({"all", {0, minutes(1)}}, {}, kNow);
  EXPECT_TRUE(figures.is_spent());
  EXPECT_FALSE(behind(figures, 5).room.has_value());
}

TEST(Budget, HasRoomForSoManyInEachWindow) {
  const std::vector<SpentSlot> slots = {{slot_at(minutes(1), kNow), 10}};
  const BudgetFigures figures = figures_of({"all", {10, minutes(1)}}, slots, kNow);
  EXPECT_EQ(behind(figures, 9).room, figures.room);
  EXPECT_EQ(behind(figures, 10).room, *figures.room + minutes(1));
  EXPECT_EQ(behind(figures, 39).room, *figures.room + minutes(3));
}

}  // namespace
}  // namespace kedge
