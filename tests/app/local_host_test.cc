// This machine as a host: whom it answers, what it allows, and what its errors mean to the engine.
#include "app/local_host.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>
#include <future>

#include "tests/support/fake_clock.h"
#include "tests/support/temporary_directory.h"

namespace kedge {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using Kind = ActionError::Kind;

class LocalHostTest : public testing::Test {
 protected:
  ActionResult<json> call(const std::string& name, const std::vector<std::string>& allow, HostOperation operation,
                          json given, Duration timeout = std::chrono::seconds(5)) {
    LocalHostOptions options;
    options.name = "web-1";
    options.allow = allow;
    options.directory = folder.path();
    LocalHost host(options, clock);
    HostCommand command;
    command.host = name;
    command.action = "host.quarantine";
    command.operation = operation;
    command.body = {{"args", std::move(given)}, {"now", {{"quarantine", "otherwise"}}}};
    command.timeout = timeout;
    return host.call(command);
  }

  TemporaryDirectory folder;
  FakeClock clock;
  const json args = {{"host", "web-1"}, {"lifeline", {"127.0.0.1:9"}}};
  const std::vector<std::string> allowed = {"host.quarantine"};
};

TEST_F(LocalHostTest, AnswersForItselfAlone) {
  const auto answer = call("web-2", allowed, HostOperation::observe, args);
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().kind, Kind::refused);
  EXPECT_THAT(answer.error().message, HasSubstr("'web-2'"));
  EXPECT_THAT(answer.error().message, HasSubstr("'web-1'"));
}

TEST_F(LocalHostTest, DoesOnlyWhatItAllows) {
  const auto answer = call("web-1", {}, HostOperation::observe, args);
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().kind, Kind::refused);
  EXPECT_THAT(answer.error().message, HasSubstr("not allowed on this host"));
}

TEST_F(LocalHostTest, TellsWhatItSees) {
  if (geteuid() != 0) GTEST_SKIP() << "only root sees rulesets";
  const auto answer = call("web-1", allowed, HostOperation::observe, args);
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ((*answer).at("holds"), false);
  EXPECT_EQ((*answer).at("state"), json({{"quarantine", nullptr}}));
}

TEST_F(LocalHostTest, KnowsTheRootsOfItsConfigurationAlone) {
  LocalHostOptions options;
  options.name = "web-1";
  options.allow = {"host.replace"};
  options.directory = folder.path();
  HostRootOptions root;
  root.host = "web";
  root.directory = (folder.path() / "roots/web").string();
  root.image = "/nowhere";
  root.manifest = (folder.path() / "golden.manifest").string();
  root.keys = {SigningKey::from_seed("golden", std::string(32, 'g'))->verifier()};
  root.start = {"/sbin/init"};
  root.health = {"/bin/true"};
  options.roots = {root};
  LocalHost host(options, clock);
  const auto observe = [&](const std::string& name) {
    HostCommand command;
    command.host = "web-1";
    command.action = "host.replace";
    command.body = {{"args", {{"host", "web-1"}, {"root", name}}}};
    return host.call(command);
  };
  EXPECT_THAT(observe("other").error().message, HasSubstr("no root that is called 'other'"));
  EXPECT_THAT(observe("web").error().message, HasSubstr("golden.manifest"));
  std::promise<std::string> told;
  host.start_roots([&](const std::string& name, const Error& why) { told.set_value(name + ": " + why.message); });
  EXPECT_THAT(told.get_future().get(), HasSubstr("web: "));
  host.stop();
}

TEST_F(LocalHostTest, SaysWhichErrorsAreWorthAnotherTry) {
  const auto changed = call("web-1", allowed, HostOperation::apply, args);
  ASSERT_FALSE(changed.ok());
  EXPECT_EQ(changed.error().kind, Kind::retry);
  EXPECT_EQ(changed.error().code, "changed_meanwhile");
  const auto late = call("web-1", allowed, HostOperation::apply, args, Duration{0});
  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.error().kind, Kind::retry);
  const auto wrong = call("web-1", allowed, HostOperation::apply, json::object());
  ASSERT_FALSE(wrong.ok());
  EXPECT_EQ(wrong.error().kind, Kind::refused);
}

}  // namespace
}  // namespace kedge
