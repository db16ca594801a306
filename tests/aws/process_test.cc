#include "aws/process.h"

#include <gtest/gtest.h>

namespace kedge {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(RunCommand, ReturnsWhatWasWrittenToStandardOutput) {
  const auto output = run_command("printf 'a b'; echo c >&2", seconds(10), 100);
  ASSERT_TRUE(output) << output.error().message;
  EXPECT_EQ(*output, "a b");
}

TEST(RunCommand, RefusesAnExitCodeOtherThanZero) {
  EXPECT_EQ(run_command("echo x; exit 4", seconds(10), 100).error().message, "the command ended with exit code 4");
  EXPECT_EQ(run_command("/no/such/program 2>/dev/null", seconds(10), 100).error().code, ErrorCode::refused);
}

// What the shell started is in its group, and holds the pipe: without the kill of all the call would not return.
TEST(RunCommand, KillsWhatTakesTooLongWithItsChildren) {
  const auto output = run_command("sleep 1000 & sleep 1000", milliseconds(50), 100);
  ASSERT_FALSE(output);
  EXPECT_EQ(output.error().code, ErrorCode::timeout);
}

TEST(RunCommand, KillsWhatWritesTooMuch) {
  EXPECT_EQ(run_command("cat /dev/zero", seconds(10), 1000).error().code, ErrorCode::limit);
}

}  // namespace
}  // namespace kedge
