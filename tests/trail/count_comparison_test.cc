#include "trail/count_comparison.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kedge {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using testing::HasSubstr;
using Verdict = ComparedHour::Verdict;

Time at(int hour) { return *parse_time("2026-01-01T00:00:00Z") + hours(hour); }

// Of `when`, hour by hour from 10 on.
CountsToCompare numbers(const std::vector<int64_t>& counted, const std::vector<int64_t>& asked_again) {
  CountsToCompare counts{at(10), at(10 + static_cast<int>(counted.size())), at(100), {}, {}, {}, {}};
  for (size_t i = 0; i < counted.size(); ++i) {
    counts.counted[at(10 + static_cast<int>(i))]["when"] = counted[i];
    counts.asked_again[at(10 + static_cast<int>(i))]["when"] = asked_again[i];
  }
  return counts;
}

std::vector<Verdict> verdicts(const CountsToCompare& counts) {
  std::vector<Verdict> found;
  for (const ComparedHour& one : compare(counts)) found.push_back(one.verdict);
  return found;
}

TEST(CountComparison, OfEqualNumbersIsEqual) {
  const auto found = compare(numbers({3, 0, 5}, {3, 0, 5}));
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[2], (ComparedHour{at(12), "when", 5, 5, Verdict::equal, ""}));
}

TEST(CountComparison, TellsEachAnswerOfAnHour) {
  CountsToCompare counts = numbers({3, 3}, {3, 3});
  counts.counted[at(10)]["plan"] = 2;
  counts.asked_again[at(10)]["plan"] = 2;
  counts.counted[at(11)]["duplicate"] = 4;
  const auto found = compare(counts);
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0].answer, "when");
  EXPECT_EQ(found[1].answer, "plan");
  EXPECT_EQ(found[2].hour, at(11));
}

TEST(CountComparison, IsShiftedWhereTheNextHoursMakeUpForIt) {
  EXPECT_EQ(verdicts(numbers({5, 4, 7, 1}, {5, 6, 5, 1})),
            (std::vector{Verdict::equal, Verdict::shifted, Verdict::shifted, Verdict::equal}));
  // A backlog of hours.
  EXPECT_EQ(verdicts(numbers({5, 0, 0, 9, 2}, {5, 3, 3, 3, 2})),
            (std::vector{Verdict::equal, Verdict::shifted, Verdict::shifted, Verdict::shifted, Verdict::equal}));
  // A producer whose clock is ahead.
  EXPECT_EQ(verdicts(numbers({5, 4, 2, 1}, {5, 3, 3, 1})),
            (std::vector{Verdict::equal, Verdict::shifted, Verdict::shifted, Verdict::equal}));
}

TEST(CountComparison, DiffersWhereNothingMakesUpForIt) {
  const auto found = compare(numbers({5, 4, 7, 1}, {5, 6, 7, 1}));
  EXPECT_EQ(found[1].verdict, Verdict::differs);
  EXPECT_THAT(found[1].why, HasSubstr("the source has more than was counted"));
  EXPECT_EQ(found[2].verdict, Verdict::equal);
  const auto fewer = compare(numbers({5, 6, 7, 1}, {5, 4, 7, 1}));
  EXPECT_EQ(fewer[1].verdict, Verdict::differs);
  EXPECT_THAT(fewer[1].why, HasSubstr("more was counted than the source has"));
  // What comes after a whole day makes up for nothing.
  CountsToCompare apart = numbers({5, 4, 1}, {5, 6, 1});
  apart.counted[at(40)]["when"] = 2;
  apart.to = at(60);
  EXPECT_EQ(verdicts(apart), (std::vector{Verdict::equal, Verdict::differs, Verdict::equal, Verdict::differs}));
}

TEST(CountComparison, LooksOverTheEdgesOfTheSpanWithIndulgence) {
  EXPECT_EQ(verdicts(numbers({7, 5, 5}, {5, 5, 6})), (std::vector{Verdict::shifted, Verdict::equal, Verdict::shifted}));
  EXPECT_EQ(verdicts(numbers({5, 5, 6}, {7, 5, 5})), (std::vector{Verdict::differs, Verdict::equal, Verdict::differs}))
      << "at an edge too it differs, where that could not come of it";
}

TEST(CountComparison, KnowsNothingOfHoursThatWereNotAskedAgainWhole) {
  CountsToCompare counts = numbers({5, 5, 5}, {0, 2, 5});
  counts.unknown.push_back({Time::min(), at(11) + minutes(30), "events[0] keeps records since then"});
  const auto found = compare(counts);
  EXPECT_EQ(found[0].verdict, Verdict::unknown);
  EXPECT_EQ(found[1].verdict, Verdict::unknown);
  EXPECT_EQ(found[1].why, "events[0] keeps records since then");
  EXPECT_EQ(found[2].verdict, Verdict::equal);
}

TEST(CountComparison, KnowsNothingOfAnHourOfWhichTheSpanHasAPart) {
  CountsToCompare counts = numbers({5, 5}, {2, 3});
  counts.from += minutes(30);
  counts.to -= minutes(30);
  EXPECT_EQ(verdicts(counts), (std::vector{Verdict::unknown, Verdict::unknown}));
  counts.now = counts.to - minutes(1);  // what is not over has no more than was counted
  counts.asked_again[at(11)]["when"] = 5;
  EXPECT_EQ(verdicts(counts), (std::vector{Verdict::unknown, Verdict::equal}));
}

TEST(CountComparison, IsExplainedByWhatIsOnRecord) {
  CountsToCompare counts = numbers({5, 9, 5}, {5, 5, 5});
  counts.remarks[at(11)] = {"events[0]: seek, record 7", "dead letters were redriven, record 9"};
  const auto found = compare(counts);
  EXPECT_EQ(found[1].verdict, Verdict::explained);
  EXPECT_EQ(found[1].why, "dead letters were redriven, record 9; events[0]: seek, record 7");
}

}  // namespace
}  // namespace kedge
