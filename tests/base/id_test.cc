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
