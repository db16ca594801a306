// `./dev demo`: its whole run, and that nothing is left of it when it is interrupted.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>

#include "tests/e2e/engine.h"
#include "tests/support/moto_server.h"
#include "tests/support/needs.h"

namespace kedge {
namespace {

namespace fs = std::filesystem;
using std::chrono::minutes;
using testing::HasSubstr;

class Demo : public testing::Test {
 protected:
  void SetUp() override {
    const auto python = python_with_boto();
    KEDGE_NEEDS(python);
    auto demo =
        ChildProcess::start({.command = {KEDGE_SOURCE_DIR "/examples/demo/run.sh", kedge_program(), *python, left()},
                             .directory = KEDGE_SOURCE_DIR});
    ASSERT_TRUE(demo) << demo.error().message;
    demo_ = *std::move(demo);
  }

  // Where it leaves its files.
  fs::path left() const { return directory_.path() / "demo"; }

  // What it started and still runs: each writes into a log there.
  std::vector<fs::path> children() const {
    std::vector<fs::path> found;
    std::error_code gone;  // processes end while we look
    for (const auto& process : fs::directory_iterator("/proc")) {
      const auto output = fs::read_symlink(process.path() / "fd" / "1", gone);
      if (!gone && output.parent_path() == left()) found.push_back(output.stem());
    }
    return found;
  }

  void wait_until_ready() {
    const auto ready = demo_->wait_for_line("ready; ", minutes(2));
    ASSERT_TRUE(ready) << ready.error().message;
    EXPECT_THAT(children(), testing::UnorderedElementsAre("moto", "kafka", "receiver", "kedge"));
  }

  const TemporaryDirectory directory_;
  std::unique_ptr<ChildProcess> demo_;
};

TEST_F(Demo, TellsTheStoryToItsEnd) {
  const auto exit = demo_->wait(minutes(4));
  ASSERT_TRUE(exit) << demo_->output();
  EXPECT_EQ(*exit, Exit{}) << demo_->output();
  for (const char* told :
       {"kedge reverted and confirmed three of them", "acme-website", "the public web site", "S3 bucket made public",
        "policy.Statement[Everybody]", "signature good", "kedge audit list -c examples/demo/kedge.yaml"}) {
    EXPECT_THAT(demo_->output(), HasSubstr(told));
  }
  for (const char* phase : {"detection", "evaluation", "response", "recovery", "confirmation"}) {
    EXPECT_THAT(demo_->output(), HasSubstr(std::string("\n  ") + phase));
  }
  EXPECT_TRUE(fs::exists(left() / "data" / "ledger.db"));
  EXPECT_TRUE(fs::exists(left() / "event.json")) << "which it says `kedge explain` can be tried with";
  EXPECT_THAT(children(), testing::IsEmpty());
}

// Twice, as people do: the second one must not end the ending.
TEST_F(Demo, LeavesNoProcessBehindWhenItIsInterrupted) {
  wait_until_ready();
  demo_->signal(SIGINT);
  demo_->signal(SIGINT);
  const auto exit = demo_->wait(minutes(2));
  ASSERT_TRUE(exit) << demo_->output();
  EXPECT_EQ(*exit, (Exit{.code = 130}));
  EXPECT_THAT(demo_->output(), testing::Not(HasSubstr("Traceback")));
  EXPECT_THAT(children(), testing::IsEmpty());
}

TEST_F(Demo, LeavesNoProcessBehindWhenItIsKilled) {
  wait_until_ready();
  demo_->signal(SIGKILL);
  ASSERT_TRUE(demo_->wait());
  EXPECT_TRUE(comes_true([&] { return children().empty(); })) << testing::PrintToString(children());
}

}  // namespace
}  // namespace kedge
