#include "base/id.h"

#include <gtest/gtest.h>

namespace kedge {
namespace {

TEST(Uuid7, SortsByTimeAndNamesItsVersion) {
  Random random(1);
  const std::string first = make_uuid7(*parse_time("2026-11-21T10:51:00Z"), random);
  const std::string second = make_uuid7(*parse_time("2026-11-21T10:51:00.001Z"), random);
  EXPECT_LT(first, second);
  EXPECT_TRUE(is_uuid(first));
  EXPECT_EQ(first[14], '7');
}

TEST(Uuid7, TellsWhenItWasMade) {
  Random random(1);
  const Time time = *parse_time("2026-11-21T10:51:00.123Z");
  EXPECT_EQ(time_of_uuid7(make_uuid7(time, random)), time);
  EXPECT_EQ(time_of_uuid7("019b79c1-0001-4000-8000-000000000001"), std::nullopt) << "of another version";
  EXPECT_EQ(time_of_uuid7("019b79c1"), std::nullopt);
}

TEST(Uuid7, OfOneMomentDiffer) {
  Random random;
  EXPECT_NE(make_uuid7(Time(), random), make_uuid7(Time(), random));
}

TEST(Random, WithASeedRepeatsItself) {
  Random a(42);
  Random b(42);
  EXPECT_EQ(a.bytes(100), b.bytes(100));
}

}  // namespace
}  // namespace kedge
