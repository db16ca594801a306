#include "tests/support/own_port.h"

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <vector>

namespace kedge {
namespace {

TEST(OwnPort, IsNobodyElsesAsLongAsItLives) {
  std::vector<std::unique_ptr<OwnPort>> ports;
  std::set<int> numbers;
  for (int i = 0; i < 300; ++i) numbers.insert(ports.emplace_back(std::make_unique<OwnPort>())->number());
  EXPECT_EQ(numbers.size(), 300U);
  EXPECT_GE(*numbers.begin(), 30'000);
  EXPECT_LT(*numbers.rbegin(), 32'768) << "the system gives it to whoever asks for any";
}

}  // namespace
}  // namespace kedge
