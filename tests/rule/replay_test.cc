#include "rule/replay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/rule/rule_directory.h"

namespace kedge {
namespace {

using testing::HasSubstr;

std::string opened(const std::string& door) {
  return R"({"id":"e-)" + door + R"(","detail-type":"Opened","source":"house","detail":{"door":")" + door + "\"}}";
}

TEST(Replay, CountsWhatRulesSay) {
  RuleDirectory directory;
  directory.write("a.lua", rule_text("a", "when = function(e) return e.detail.door ~= 'back' end,"));
  directory.write("b.lua", rule_text("b", "when = function(e) error('no') end,"));
  directory.write("c.lua", rule_text("c", "mode = 'off',"));
  Replay replay(directory.rules(), {});
  EXPECT_EQ(replay.replay(opened("front"))->size(), 3U);
  EXPECT_EQ(replay.replay(opened("back"))->size(), 3U);
  EXPECT_EQ(replay.replay("{\"detail-type\":\"x\",\"source\":\"garden\",\"detail\":{}}")->size(), 0U);
  EXPECT_EQ(replay.replay("no JSON")->size(), 0U);
  EXPECT_EQ(replay.counts().messages, 4);
  EXPECT_EQ(replay.counts().events, 3);
  EXPECT_EQ(replay.counts().poison, (std::map<std::string, int64_t>{{"not_json", 1}}));
  EXPECT_EQ(replay.counts().rules.at("a"), (RuleCount{2, 1, 1, 0}));
  EXPECT_EQ(replay.counts().rules.at("b"), (RuleCount{2, 0, 0, 2}));
  EXPECT_EQ(replay.counts().rules.at("c"), (RuleCount{2, 2, 0, 0}));
}

TEST(Replay, TellsWhereTwoRuleSetsDiffer) {
  RuleDirectory before;
  before.write("a.lua", rule_text("a", "when = function(e) return e.detail.door ~= 'back' end,"));
  before.write("same.lua", rule_text("same"));
  before.write("gone.lua", rule_text("gone"));
  RuleDirectory after;
  after.write("a.lua", rule_text("a", "when = function(e) return true end,"));
  after.write("same.lua", "-- another version of it\n" + rule_text("same"));
  Replay old_rules(before.rules(), {});
  Replay new_rules(after.rules(), {});
  const std::string message = opened("back");
  const auto found = differences(*old_rules.replay(message), *new_rules.replay(message));
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(to_text(found[0]),
            "line 1, event e-back, rule a: nothing (when) → shadow medium door:back: door.close {\"door\":\"back\"}");
  EXPECT_EQ(found[1].rule, "gone");
  EXPECT_THAT(to_text(found[1]), HasSubstr("→ no match"));
}

}  // namespace
}  // namespace kedge
