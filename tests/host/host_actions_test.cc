// The host's list of what may be done to it.
#include "host/host_actions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/fake_clock.h"

namespace kedge {
namespace {

using nlohmann::json;
using testing::HasSubstr;

class Lamp final : public HostAction {
 public:
  explicit Lamp(std::string name = "host.lamp") : name_(std::move(name)) {}
  const std::string& name() const override { return name_; }
  Result<HostSight> observe(HostCall&, const json& args) override {
    return HostSight{lit_ == args.at("lit"), {{"lit", lit_}}, lit_ ? "lit" : "dark", std::nullopt};
  }
  Result<std::vector<std::string>> apply(HostCall& call, const json& args, const json& now) override {
    if (now.at("lit") != lit_) return Error{ErrorCode::conflict, "it was switched since"};
    lit_ = args.at("lit");
    return std::vector<std::string>{"switched for " + call.mark};
  }
  Result<std::vector<std::string>> undo(HostCall&, const json&, const json& before, const json& after) override {
    if (after.at("lit") != lit_) return Error{ErrorCode::conflict, "it was switched since"};
    lit_ = before.at("lit");
    return std::vector<std::string>{"switched back"};
  }

 private:
  const std::string name_;
  bool lit_ = false;
};

struct HostActionsTest : testing::Test {
  static std::vector<std::unique_ptr<HostAction>> both() {
    std::vector<std::unique_ptr<HostAction>> actions;
    actions.push_back(std::make_unique<Lamp>());
    actions.push_back(std::make_unique<Lamp>("host.siren"));
    return actions;
  }
  Result<json> run(const char* action, const char* operation, const json& body) {
    HostCall call{clock, clock.elapsed() + left, "r", "mark"};
    return actions.run(call, action, operation, body);
  }
  FakeClock clock;
  Duration left = std::chrono::seconds(5);
  HostActions actions{both(), {"host.lamp", "host.other"}};
  const json on = {{"lit", true}};
  const json off = {{"lit", false}};
};

TEST_F(HostActionsTest, ObservesAppliesAndUndoesWhatIsAllowed) {
  const auto before = run("host.lamp", "observe", {{"args", on}});
  ASSERT_TRUE(before.ok());
  EXPECT_EQ(*before, json({{"holds", false}, {"state", off}, {"summary", "dark"}}));
  const auto done = run("host.lamp", "apply", {{"args", on}, {"now", off}});
  ASSERT_TRUE(done.ok());
  EXPECT_EQ(*done, json({{"notes", {"switched for mark"}}}));
  EXPECT_EQ(run("host.lamp", "observe", {{"args", on}})->at("holds"), true);
  EXPECT_TRUE(run("host.lamp", "undo", {{"args", on}, {"before", off}, {"after", on}}).ok());
  EXPECT_EQ(run("host.lamp", "observe", {{"args", on}})->at("holds"), false);
}

TEST_F(HostActionsTest, RefusesWhatIsNotOnItsListAndSaysWhatIs) {
  const auto done = run("host.siren", "apply", {{"args", on}, {"now", off}});
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().code, ErrorCode::refused);
  EXPECT_THAT(done.error().message, HasSubstr("allows: host.lamp, host.other"));
}

TEST_F(HostActionsTest, RefusesWhatItDoesNotKnow) {
  EXPECT_EQ(run("host.other", "observe", {{"args", on}}).error().code, ErrorCode::refused);
  EXPECT_EQ(run("host.lamp", "explode", {{"args", on}}).error().code, ErrorCode::invalid);
  EXPECT_EQ(run("host.lamp", "observe", json::array()).error().code, ErrorCode::invalid);
  EXPECT_EQ(run("host.lamp", "observe", {{"args", json::object()}}).error().code, ErrorCode::invalid);
  EXPECT_EQ(run("host.lamp", "apply", {{"args", on}, {"now", 7}}).error().code, ErrorCode::invalid);
}

TEST_F(HostActionsTest, BeginsNothingBehindTheDeadline) {
  left = Duration{0};
  const auto done = run("host.lamp", "apply", {{"args", on}, {"now", off}});
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().code, ErrorCode::unavailable) << "surely nothing was done";
}

}  // namespace
}  // namespace kedge
