// needed.sh: what is not installed is skipped, and fails where nothing may be skipped.
#include <gtest/gtest.h>

#include "tests/support/child_process.h"

namespace kedge {
namespace {

constexpr int kMissing = 77;

int exit_code(const std::string& command, bool all) {
  const auto ran =
      run({.command = {KEDGE_SOURCE_DIR "/tests/support/needed.sh", std::to_string(kMissing), "sh", "-c", command},
           .environment = {{"KEDGE_TEST_ALL", all ? "1" : ""}}});
  EXPECT_TRUE(ran) << ran.error().message;
  return ran ? ran->exit.code : -1;
}

TEST(Needed, IsSkippedWhereItIsMissing) { EXPECT_EQ(exit_code("exit 77", false), kMissing); }
TEST(Needed, FailsWhereItIsMissingAndNothingMayBeSkipped) { EXPECT_EQ(exit_code("exit 77", true), 1); }
TEST(Needed, EndsAsTheCommandEndsOtherwise) {
  EXPECT_EQ(exit_code("exit 0", true), 0);
  EXPECT_EQ(exit_code("exit 3", true), 3);
  EXPECT_EQ(exit_code("exit 3", false), 3);
}

}  // namespace
}  // namespace kedge
