#include "rule/evaluator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "event/decoder.h"
#include "rule/explanation.h"
#include "tests/rule/rule_directory.h"

namespace kedge {
namespace {

using testing::HasSubstr;

constexpr const char* kEvent = R"({"id":"1","detail-type":"Opened","source":"house","time":"2026-01-02T03:04:05Z",
  "resources":[],"detail":{"door":"front","keys":[1,2],"nothing":null}})";

// What the rule "a" decides about the event, with these fields. A new rule directory each time.
class Deciding : public testing::Test {
 protected:
  Decision decide(const std::string& rule, const std::string& event = kEvent) {
    directory_.write("a.lua", rule);
    auto loaded = directory_.load();
    if (!loaded.rules) return {Decision::Kind::failed, to_string(loaded.problems.front()), "", std::nullopt, {}};
    Evaluator evaluator(loaded.rules);
    Decoder decoder({});
    std::vector<Event> events;
    EXPECT_FALSE(decoder.decode({event, {}}, events).has_value());
    return evaluator.decide(0, events.front());
  }

  // A rule whose respond is this.
  static std::string responding(const std::string& body) {
    return "rule 'a' { on = { source = { 'house' } }, target = function(event) return 'door:front' end,\n"
           "respond = function(event, target) " +
           body + " end }";
  }

  RuleDirectory directory_;
};

TEST_F(Deciding, AFiringRuleGivesATargetAndAPlan) {
  const Decision decision = decide(rule_text("a", "severity = 'low', mode = 'enforce',"));
  ASSERT_EQ(decision.kind, Decision::Kind::plan) << decision.reason;
  EXPECT_EQ(decision.target, "door:front");
  EXPECT_EQ(decision.policy.severity, Severity::low);
  EXPECT_EQ(decision.policy.mode, Mode::enforce);
  ASSERT_EQ(decision.plan->revert.size(), 1U);
  EXPECT_EQ(decision.plan->revert[0].action, "door.close");
  EXPECT_EQ(decision.plan->revert[0].version, 3);
  EXPECT_EQ(decision.plan->revert[0].args, Json({{"door", "front"}}));
  EXPECT_EQ(decision.plan->target, "door:front");
  EXPECT_EQ(decision.plan->rule, (RuleVersion{"a", directory_.rules()->find("a")->version}));
  EXPECT_EQ(decision.plan->notify, std::vector<std::string>{"security"});
}

TEST_F(Deciding, WhenCanSayNo) {
  EXPECT_EQ(decide(rule_text("a", "when = function(event) return event.detail.door ~= 'front' end,")).kind,
            Decision::Kind::nothing);
  EXPECT_EQ(decide(rule_text("a", "when = function() end,")).reason, "when");
  EXPECT_EQ(decide(rule_text("a", "when = function() return get(event, 'x') or 1 end,")).kind, Decision::Kind::plan);
}

TEST_F(Deciding, ARuleThatIsOffDecidesNothing) {
  const Decision decision = decide(rule_text("a", "mode = 'off', when = function() error('not run') end,"));
  EXPECT_EQ(decision.kind, Decision::Kind::nothing);
  EXPECT_EQ(decision.reason, "off");
}

TEST_F(Deciding, TitleAndSeverityMayDependOnTheEvent) {
  const Decision decision = decide(rule_text("a", R"(
    title = function(event) return "the " .. event.detail.door .. " door" end,
    severity = function(event) return #event.detail.keys > 1 and "critical" or "low" end,)"));
  EXPECT_EQ(decision.policy.title, "the front door");
  EXPECT_EQ(decision.policy.severity, Severity::critical);
  EXPECT_THAT(decide(rule_text("a", "severity = function() return 'bad' end,")).reason,
              HasSubstr("a.lua:1: severity: 'bad' is not a severity"));
}

TEST_F(Deciding, WhatCannotBeUndoneNeedsAnApprovalWhereTheRuleDoesNotSayOtherwise) {
  const auto bricking_up = [](const std::string& fields) {
    return "rule 'a' { " + fields + " on = { source = { 'house' } }, target = function() return 'door:front' end,\n" +
           "respond = function() return { isolate = { action.door.guard { door = 'x' } },\n"
           "replace = { action.door.brick_up { door = 'x' } } } end }";
  };
  EXPECT_EQ(decide(bricking_up("")).policy.approvals, 1);
  EXPECT_EQ(decide(bricking_up("approval = 2,")).policy.approvals, 2);
  EXPECT_EQ(decide(bricking_up("approval = 0,")).policy.approvals, 0);
  EXPECT_EQ(decide(rule_text("a")).policy.approvals, 0);
}

TEST_F(Deciding, StepsTakeTheirOptionsFromASecondTable) {
  const Decision decision = decide(responding(R"(
    return { isolate = { action.door.guard({ door = "x" }, { timeout = "5s", attempts = 1, on_failure = "continue" }) } })"));
  ASSERT_EQ(decision.kind, Decision::Kind::plan) << decision.reason;
  EXPECT_EQ(decision.plan->isolate[0].timeout, std::chrono::seconds(5));
  EXPECT_EQ(decision.plan->isolate[0].attempts, 1);
  EXPECT_EQ(decision.plan->isolate[0].on_failure, OnFailure::proceed);
}

TEST_F(Deciding, WhatIsWrongFailsClosedAndNamesThePlace) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"return nil", "a.lua:1: respond: must return a plan"},
      {"return {}", "must return a plan"},
      {"return { revert = {} }", "the plan does nothing"},
      {"return { rever = {} }", "rever: is no part of a plan (did you mean 'revert'?)"},
      {"return { revert = action.door.close { door = 'x' } }", "revert: must be a list"},
      {"return { revert = { action.door.close { dor = 'x' } } }",
       "a.lua:2: action.door.close: door.close has no argument 'dor' (did you mean 'door'?)"},
      {"return { revert = { action.door.close {} } }", "the argument 'door' is missing: which one"},
      {"return { revert = { action.door.clos { door = 'x' } } }", "a.lua:2: action.door has no 'clos'"},
      {"return { revert = { { action = 'door.open', args = {} } } }", "revert[0]: there is no action 'door.open'"},
      {"return { revert = { action.door.close({ door = 'x' }, { attemps = 2 }) } }",
       "'attemps' is no option of a step"},
      {"return { revert = { action.door.close({ door = 'x' }, { attempts = 200 }) } }", "revert[0].attempts"},
      {"return { isolate = { action.door.close { door = 'x' } } }", "isolate[0]: door.close is no lease"},
      {"return { revert = { tostring } }", "a.lua:1: respond: revert[1]: a function is not data"},
      {"local t = {} for i = 1, 1e6 do t[i] = { i } end", "a.lua:1: respond: more than 16777216 bytes of memory"},
      {"return { notify = { 1 } }", "notify: must be a list of channel names"},
      {"return event.detail.nothing.at_all", "a.lua:2: attempt to index a nil value (field 'nothing')"},
      {"while true do end", "a.lua:2: more than 2000000 instructions in one call"},
      {"error('no idea')", "a.lua:2: no idea"}};
  for (const auto& [body, message] : cases) {
    const Decision decision = decide(responding(body));
    EXPECT_EQ(decision.kind, Decision::Kind::failed) << body;
    EXPECT_THAT(decision.reason, HasSubstr(message)) << body;
    EXPECT_FALSE(decision.plan.has_value());
  }
}

TEST_F(Deciding, ATargetIsAName) {
  for (const char* body : {"return nil", "return ''", "return 1", "return {}"}) {
    const Decision decision = decide(
        "rule 'a' { on = { source = { 'house' } }, respond = function() end,\n"
        "target = function(event) " +
        std::string(body) + " end }");
    EXPECT_EQ(decision.kind, Decision::Kind::failed);
    EXPECT_THAT(decision.reason, HasSubstr("a.lua:1: target: must return"));
  }
}

TEST_F(Deciding, HostFunctionsAndDataFilesAreModules) {
  directory_.write("lib/known.json", R"({"doors":["back"]})");
  const Decision decision = decide("local keys, known = require 'house.keys', require 'known'\n" +
                                   rule_text("a",
                                             "title = function(event) return known.doors[1] .. "
                                             "keys.count(event.detail.keys) end,"));
  EXPECT_EQ(decision.policy.title, "back2") << decision.reason;
}

TEST_F(Deciding, TheSameEventGivesTheSameDecisionInEveryEvaluator) {
  const std::string rule = rule_text("a", R"(title = function(event)
    local text = ""
    for k, v in pairs(event.detail) do text = text .. k end
    calls = (calls or 0) + 1
    return text .. calls
  end,)");
  const Decision first = decide(rule);
  EXPECT_EQ(first.policy.title, "doorkeys1");
  directory_.write("a.lua", rule);
  Evaluator evaluator(directory_.rules());
  Decoder decoder({});
  std::vector<Event> events;
  ASSERT_FALSE(decoder.decode({kEvent, {}}, events).has_value());
  for (int i = 0; i < 5; ++i) EXPECT_EQ(evaluator.decide(0, events.front()), first);
}

// Nothing that a rule leaves behind is there at its next event, whether the environment was opened in advance or not.
TEST_F(Deciding, BeingReadyChangesNoDecision) {
  directory_.write("a.lua",
                   "local seen = 0\n" + responding("seen = seen + 1; if seen > 1 then error('not the first') end; "
                                                   "return { notify = { 'n' .. seen } }"));
  directory_.write("b.lua",
                   "rule 'b' { on = { source = { 'house' } }, target = function() error('broken') end,\n"
                   "respond = function() end }");
  auto loaded = directory_.load();
  ASSERT_TRUE(loaded.rules);
  Evaluator evaluator(loaded.rules);
  Decoder decoder({});
  std::vector<Event> events;
  EXPECT_FALSE(decoder.decode({kEvent, {}}, events).has_value());
  evaluator.get_ready();
  const Decision first = evaluator.decide(0, events.front());
  ASSERT_EQ(first.kind, Decision::Kind::plan) << first.reason;
  for (const bool ready : {true, true, false, false, true}) {
    if (ready) evaluator.get_ready();
    const Decision next = evaluator.decide(0, events.front());
    ASSERT_EQ(next.kind, Decision::Kind::plan) << next.reason;
    EXPECT_EQ(*next.plan, *first.plan);
    EXPECT_EQ(evaluator.decide(1, events.front()).kind, Decision::Kind::failed);
    if (ready) evaluator.get_ready();
    if (ready) evaluator.get_ready();
  }
}

TEST_F(Deciding, AnExplanationTellsTheClauseOrThePlan) {
  directory_.write("a.lua", rule_text("a", "mode = 'off',"));
  Evaluator evaluator(directory_.rules());
  Decoder decoder({});
  std::vector<Event> events;
  ASSERT_FALSE(decoder.decode({kEvent, {}}, events).has_value());
  const auto fires = explain_rule(evaluator, 0, events.front());
  ASSERT_TRUE(fires.ok());
  EXPECT_THAT(to_text(*fires), HasSubstr("target: door:front"));
  EXPECT_THAT(to_text(*fires), HasSubstr("revert   door.close {\"door\":\"front\"}"));

  std::vector<Event> others;
  Decoder other({});
  const std::string garden = R"({"detail-type":"Opened","source":"garden","detail":{}})";
  ASSERT_FALSE(other.decode({garden, {}}, others).has_value());
  const auto misses = explain_rule(evaluator, 0, others.front());
  ASSERT_TRUE(misses.ok());
  EXPECT_FALSE(misses->decision.has_value());
  EXPECT_THAT(to_text(*misses), HasSubstr("garden"));
  EXPECT_THAT(to_text(*misses), HasSubstr("the pattern does not match"));
}

}  // namespace
}  // namespace kedge
