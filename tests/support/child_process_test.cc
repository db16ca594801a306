#include "tests/support/child_process.h"

#include <gtest/gtest.h>
#include <signal.h>

#include "tests/support/temporary_directory.h"

namespace kedge {
namespace {

TEST(ChildProcess, GivesItsOutputAndItsExit) {
  const auto ran = run({.command = {"sh", "-c", "echo out; echo err >&2; printf rest; exit 3"}});
  ASSERT_TRUE(ran) << ran.error().message;
  EXPECT_EQ(ran->exit, (Exit{.code = 3}));
  EXPECT_EQ(ran->output, "out\nerr\nrest\n");
}

TEST(ChildProcess, ReadsItsInputAndItsEnvironmentInItsDirectory) {
  const TemporaryDirectory directory;
  const auto ran = run({.command = {"sh", "-c", "cat; echo $GREETING; pwd"},
                        .environment = {{"GREETING", "hello"}},
                        .directory = directory.path().string(),
                        .input = "given\n"});
  ASSERT_TRUE(ran) << ran.error().message;
  EXPECT_EQ(ran->output, "given\nhello\n" + directory.path().string() + "\n");
}

TEST(ChildProcess, IsWaitedForUntilALineComes) {
  auto child = ChildProcess::start({.command = {"sh", "-c", "echo first; echo ready on 80; exec sleep 600"}});
  ASSERT_TRUE(child) << child.error().message;
  EXPECT_EQ((*child)->wait_for_line("ready").value(), "ready on 80");
  (*child)->signal(SIGTERM);
  EXPECT_EQ((*child)->wait().value(), (Exit{.signal = SIGTERM}));
}

TEST(ChildProcess, ThatEndsBeforeTheLineComesShowsWhatItPrinted) {
  auto child = ChildProcess::start({.command = {"sh", "-c", "echo no such file"}});
  ASSERT_TRUE(child) << child.error().message;
  const auto line = (*child)->wait_for_line("ready", std::chrono::minutes(10));
  ASSERT_FALSE(line);
  EXPECT_NE(line.error().message.find("no such file"), std::string::npos);
}

TEST(ChildProcess, ThatIsNotThereEndsWith127) {
  const auto ran = run({.command = {"no-such-program"}});
  ASSERT_TRUE(ran) << ran.error().message;
  EXPECT_EQ(ran->exit, (Exit{.code = 127}));
}

}  // namespace
}  // namespace kedge
