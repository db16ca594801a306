// `./dev demo` and `./dev demo host`: their whole run, and that nothing is left of them when they are interrupted.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>

#include "tests/e2e/engine.h"
#include "tests/support/moto_server.h"
#include "tests/support/namespaces.h"
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

class HostDemo : public testing::Test {
 protected:
  Ran play(std::vector<std::string> command) {
    auto ran = run({.command = std::move(command), .directory = KEDGE_SOURCE_DIR}, minutes(4));
    if (ran) return *std::move(ran);
    ADD_FAILURE() << ran.error().message;
    return {{.code = -1}, ""};
  }
  std::string left(const std::string& name = "") const { return (directory_.path() / "demo" / name).string(); }

  const std::string kScripts = KEDGE_SOURCE_DIR "/examples/host/";
  const TemporaryDirectory directory_;
};

// The web server of its hosts.
Result<void> has_busybox() {
  if (access("/bin/busybox", X_OK) == 0 || access("/usr/bin/busybox", X_OK) == 0) return {};
  return Error{ErrorCode::not_found, "there is no `busybox` (the package busybox-static)"};
}

TEST_F(HostDemo, AHostThatWasChangedIsCutOffAndReplacedAndServesAgain) {
  KEDGE_NEEDS(may_make_namespaces());
  KEDGE_NEEDS(has_busybox());
  const Ran ran = play({kScripts + "run.sh", kedge_program(), left()});
  ASSERT_EQ(ran.exit, Exit{}) << ran.output;
  for (const char* told :
       {"peer    web-2 answers no more", "peer    web-2 serves again", "management could: port 22 answered",
        "sha256sum -c SHA256SUMS: all good", "modified usr/sbin/httpd", "httpd was modified", "host.quarantine",
        "host.capture_evidence", "host.replace", "kedge audit show"}) {
    EXPECT_THAT(ran.output, HasSubstr(told));
  }
  EXPECT_TRUE(fs::exists(left("web-2/agent/host/evidence"))) << "which it says can be looked at";
  EXPECT_FALSE(fs::exists(left("web-1/agent/host/evidence"))) << "nothing was done to the others";
  EXPECT_FALSE(fs::exists(left("golden/image/srv")));
}

TEST_F(HostDemo, WhereNamespacesAreNotAllowedItSaysSoAndShowsWhatItCan) {
  const Ran ran = play({"python3", "-B", kScripts + "demo.py", "--kedge", kedge_program(), "--directory", left(),
                        "--without", "it takes root"});
  ASSERT_EQ(ran.exit, Exit{}) << ran.output;
  EXPECT_THAT(ran.output, HasSubstr("this is not allowed here: it takes root"));
  EXPECT_THAT(ran.output, HasSubstr("isolate   host.quarantine"));
  EXPECT_THAT(ran.output, HasSubstr("replace   host.replace"));
}

}  // namespace
}  // namespace kedge
