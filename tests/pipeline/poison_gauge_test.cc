#include "pipeline/poison_gauge.h"

#include <gtest/gtest.h>

namespace kedge {
namespace {

TEST(PoisonGauge, StopsAtAThousandInARow) {
  PoisonGauge gauge({});
  for (int i = 0; i < 999; ++i) gauge.count(true);
  EXPECT_FALSE(gauge.too_much());
  gauge.count(true);
  EXPECT_TRUE(gauge.too_much());
}

TEST(PoisonGauge, ForgetsARowAtTheFirstGoodMessage) {
  PoisonGauge gauge({});
  for (int i = 0; i < 999; ++i) gauge.count(true);
  gauge.count(false);
  for (int i = 0; i < 999; ++i) gauge.count(true);
  EXPECT_FALSE(gauge.too_much());
}

TEST(PoisonGauge, StopsAboveAFifthOfTheWindow) {
  PoisonGauge gauge({});
  for (int i = 0; i < 10'000; ++i) gauge.count(i % 5 == 0);
  EXPECT_FALSE(gauge.too_much());  // exactly a fifth
  gauge.count(false);
  gauge.count(true);
  gauge.count(true);
  EXPECT_TRUE(gauge.too_much());
}

TEST(PoisonGauge, ForgetsWhatLeftTheWindow) {
  PoisonGauge gauge({1'000, 100, 5});
  for (int i = 0; i < 21; ++i) gauge.count(true);
  EXPECT_TRUE(gauge.too_much());
  for (int i = 0; i < 100; ++i) gauge.count(false);
  EXPECT_FALSE(gauge.too_much());
}

}  // namespace
}  // namespace kedge
