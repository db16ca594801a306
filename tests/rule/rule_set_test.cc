#include "rule/rule_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/hash.h"
#include "rule/evaluator.h"
#include "tests/rule/rule_directory.h"

namespace kedge {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

TEST(RuleSet, ReadsEveryFieldOfARule) {
  RuleDirectory directory;
  directory.write("a/full.lua", rule_text("house.full", R"(
    title = "Door opened", severity = "high", mode = "canary", canary = 25, references = { "https://example.org" },
    limits = { per_minute = 2, per_hour = 5, flap = 1, mass_match = 3, share = 6, rule_breaker = { in_a_row = 2, of_ten = 4 },
      stale_after = "5m", record_only_after = "2h", approval_within = "30m" }, window = "night", approval = 2, on_unconfirmed = "undo",
    reconcile = "enforce", throttle = "15m",)"));
  const auto rules = directory.rules();
  ASSERT_NE(rules, nullptr) << directory.problems().front();
  ASSERT_EQ(rules->rules().size(), 1U);
  const Rule& rule = rules->rules()[0];
  EXPECT_EQ(rule.id, "house.full");
  EXPECT_EQ(rule.file, "a/full.lua");
  EXPECT_EQ(rule.line, 1);
  Policy expected;
  expected.mode = Mode::canary;
  expected.canary_percent = 25;
  expected.severity = Severity::high;
  expected.title = "Door opened";
  expected.references = {"https://example.org"};
  expected.limits = {2, 5, 1, 3, 6, 2, 4, std::chrono::minutes(5), std::chrono::hours(2), std::chrono::minutes(30)};
  expected.window = "night";
  expected.approvals = 2;
  expected.on_unconfirmed = OnUnconfirmed::undo;
  expected.reconcile = Reconcile::enforce;
  expected.throttle = std::chrono::minutes(15);
  EXPECT_EQ(rule.policy, expected);
}

TEST(RuleSet, LeftOutFieldsHaveTheirDefaults) {
  RuleDirectory directory;
  directory.write("least.lua", rule_text("house.least"));
  const auto rules = directory.rules();
  ASSERT_NE(rules, nullptr);
  Policy expected;
  expected.title = "house.least";
  EXPECT_EQ(rules->rules()[0].policy, expected);
  EXPECT_EQ(expected.mode, Mode::shadow);
}

TEST(RuleSet, IsSortedByIdWhateverTheFiles) {
  RuleDirectory directory;
  directory.write("a.lua", rule_text("z") + rule_text("m"));
  directory.write("b/c.lua", rule_text("a"));
  const auto rules = directory.rules();
  ASSERT_NE(rules, nullptr);
  EXPECT_EQ(rules->rules()[0].id, "a");
  EXPECT_EQ(rules->rules()[2].id, "z");
  EXPECT_EQ(rules->find("m")->file, "a.lua");
  EXPECT_EQ(rules->find("n"), nullptr);
}

TEST(RuleSet, PassesOverTestsModulesAndHiddenFiles) {
  RuleDirectory directory;
  directory.write("a.lua", rule_text("a"));
  directory.write("a.test.lua", "this is no Lua");
  directory.write("lib/broken.lua", "this is no Lua");
  directory.write(".hidden/b.lua", "this is no Lua");
  directory.write("notes.txt", "nothing");
  EXPECT_NE(directory.rules(), nullptr);
}

TEST(RuleSet, TheConfigurationHasTheLastWordOnModes) {
  RuleDirectory directory;
  directory.write("a.lua", rule_text("a", "mode = 'enforce',"));
  RuleSet::Options options = directory.options();
  options.modes["a"] = Mode::off;
  options.modes["gone"] = Mode::off;
  const auto loaded = RuleSet::load(options);
  ASSERT_NE(loaded.rules, nullptr);
  EXPECT_EQ(loaded.rules->find("a")->policy.mode, Mode::off);
}

TEST(RuleVersion, IsTheDigestOfAllThatTheRuleReaches) {
  RuleDirectory directory;
  directory.write("a.lua", "local b = require 'b'\n" + rule_text("a"));
  directory.write("other.lua", rule_text("other"));
  directory.write("lib/b.lua", "require 'data' return {}");
  directory.write("lib/data.json", "{\"n\": 1}");
  directory.write("lib/unused.lua", "return 1");
  const auto before = directory.rules();
  ASSERT_NE(before, nullptr);
  const Json bundle = *parse_json(before->bundle(*before->find("a")));
  EXPECT_EQ(bundle["files"].size(), 3U);
  EXPECT_EQ(bundle["files"]["lib/data.json"], "{\"n\": 1}");
  EXPECT_EQ(before->find("a")->version, sha256(before->bundle(*before->find("a"))).hex());

  directory.write("lib/unused.lua", "return 2");
  EXPECT_EQ(directory.rules()->find("a")->version, before->find("a")->version);
  EXPECT_EQ(directory.rules()->digest(), before->digest());

  directory.write("lib/data.json", "{\"n\": 2}");
  const auto after = directory.rules();
  EXPECT_NE(after->find("a")->version, before->find("a")->version);
  EXPECT_EQ(after->find("other")->version, before->find("other")->version);
  EXPECT_NE(after->digest(), before->digest());
}

// The event of a door, as a source of plain JSON gives it.
Decision decision_of(const std::shared_ptr<const RuleSet>& rules, const std::string& rule, const std::string& detail) {
  Event event;
  event.id = "1";
  event.source = "house";
  event.detail_type = "door";
  event.detail = detail;
  Evaluator evaluator(rules);
  return evaluator.evaluate(static_cast<size_t>(rules->find(rule) - rules->rules().data()), event);
}

TEST(RuleBundle, IsTheSameRuleAsTheDirectoryHas) {
  RuleDirectory directory;
  directory.write("a/b.lua", "local b = require 'b'\n" + rule_text("a", "when = b.when,") + rule_text("beside", R"(
    title = function(event) return event.nothing.there end,)"));
  directory.write("lib/b.lua", R"(
    local limit = require "data"
    return { when = function(event) return event.detail.open > limit.n end })");
  directory.write("lib/data.json", "{\"n\": 3}");
  directory.write("lib/office.txt", "10.0.0.0/8\n");
  directory.write("listed.lua",
                  "rule 'listed' { on = { detail = { by = { { cidr = { file = 'lib/office.txt' } } } } },"
                  "target = function() return 'x' end, respond = function() return {} end }");
  const auto before = directory.rules();
  ASSERT_NE(before, nullptr) << directory.problems().front();
  RuleSet::Options options = directory.options();
  options.directory = "nowhere";
  for (const Rule& rule : before->rules()) {
    const auto kept = RuleSet::load_bundle(options, before->bundle(rule), rule.id);
    ASSERT_NE(kept.rules, nullptr) << to_string(kept.problems.at(0));
    ASSERT_EQ(kept.rules->rules().size(), 1U);
    EXPECT_EQ(kept.rules->rules()[0].id, rule.id);
    EXPECT_EQ(kept.rules->rules()[0].version, rule.version);
    EXPECT_EQ(kept.rules->bundle(kept.rules->rules()[0]), before->bundle(rule));
    for (const char* detail : {R"({"door":"north","open":4})", R"({"door":"north","open":3})", R"({"open":"wide"})"}) {
      EXPECT_EQ(decision_of(kept.rules, rule.id, detail), decision_of(before, rule.id, detail)) << rule.id << detail;
    }
  }
}

TEST(RuleBundle, NeedsNothingOfTheOtherRulesOfItsFile) {
  RuleDirectory directory;
  directory.write("lib/office.txt", "10.0.0.0/8\n");
  directory.write("two.lua",
                  rule_text("plain") +
                      "rule 'listed' { on = { detail = { by = { { cidr = { file = 'lib/office.txt' } } } } },"
                      "target = function() return 'x' end, respond = function() return {} end }");
  const auto before = directory.rules();
  ASSERT_NE(before, nullptr) << directory.problems().front();
  const auto kept = RuleSet::load_bundle(directory.options(), before->bundle(*before->find("plain")), "plain");
  ASSERT_NE(kept.rules, nullptr) << to_string(kept.problems.at(0));
  EXPECT_EQ(kept.rules->rules()[0].version, before->find("plain")->version);
}

TEST(RuleBundle, ThatIsNoneSaysSo) {
  RuleDirectory directory;
  const auto problems = [&](const std::string& bundle) {
    return to_string(RuleSet::load_bundle(directory.options(), bundle, "a").problems.at(0));
  };
  EXPECT_THAT(problems("no JSON"), HasSubstr("this is no bundle of a rule's files"));
  EXPECT_THAT(problems(R"({"files":{"a.lua":1}})"), HasSubstr("this is no bundle of a rule's files"));
  EXPECT_THAT(problems(Json{{"files", {{"b.lua", rule_text("b")}}}}.dump()),
              HasSubstr("the bundle declares no such rule"));
}

TEST(RuleSet, HasADigestThatCanBeMadeOfItsVersions) {
  RuleDirectory directory;
  directory.write("a.lua", rule_text("z") + rule_text("m"));
  const auto rules = directory.rules();
  ASSERT_NE(rules, nullptr);
  std::map<std::string, std::string> versions;
  for (const Rule& rule : rules->rules()) versions[rule.id] = rule.version;
  EXPECT_EQ(rules->digest(), digest_of_rules(versions));
}

TEST(RuleProblems, AreToldAllAtOnceWithFileLineFieldAndRemedy) {
  RuleDirectory directory;
  directory.write("bad.lua", R"(rule "bad" {
  on = { source = { "house" } },
  severty = "high",
  severity = "hihg",
  mode = 3,
  limits = { per_hours = 1, per_minute = 0 },
  when = true,
  window = function() end,
  throttle = "soon",
})");
  EXPECT_THAT(directory.problems(),
              testing::UnorderedElementsAre(
                  HasSubstr("bad.lua:3: rule bad: severty: is no field of a rule (did you mean 'severity'?)"),
                  HasSubstr("bad.lua:4: rule bad: severity: 'hihg' is not a severity; it is one of: informational"),
                  HasSubstr("bad.lua:5: rule bad: mode: must be a string"),
                  HasSubstr("bad.lua:6: rule bad: limits.per_hours: is no limit (did you mean 'per_hour'?)"),
                  HasSubstr("bad.lua:6: rule bad: limits.per_minute: must be an integer from 1"),
                  HasSubstr("bad.lua:7: rule bad: when: must be a function"),
                  HasSubstr("bad.lua:8: rule bad: window: must not be a function"),
                  HasSubstr("bad.lua:9: rule bad: throttle: "), HasSubstr("bad.lua:1: rule bad: target: is missing"),
                  HasSubstr("bad.lua:1: rule bad: respond: is missing")));
}

TEST(RuleProblems, ALimitThatIsLooserThanTheEnginesIsAnError) {
  RuleDirectory directory;
  directory.write("loose.lua", rule_text("loose", R"(
  limits = { flap = 4, mass_match = 5, rule_breaker = { in_a_row = 9 }, stale_after = "20m", approval_within = "never" },)"));
  RuleSet::Options options = directory.options();
  options.engine_limits.flap = 3;
  options.engine_limits.mass_match = 5;
  options.engine_limits.failures_in_a_row = 3;
  options.engine_limits.stale_after = std::chrono::minutes(15);
  std::vector<std::string> problems;
  for (const RuleProblem& problem : RuleSet::load(options).problems) problems.push_back(to_string(problem));
  EXPECT_THAT(
      problems,
      testing::UnorderedElementsAre(
          "loose.lua:8: rule loose: limits.flap: 4 is looser than the engine's 3: a rule may only tighten it, to 3 "
          "or less",
          HasSubstr("loose.lua:8: rule loose: limits.rule_breaker.in_a_row: 9 is looser than the engine's 3"),
          HasSubstr("loose.lua:8: rule loose: limits.stale_after: 20m is looser than the engine's 15m"),
          HasSubstr("loose.lua:8: rule loose: limits.approval_within: ")));
}

TEST(RuleProblems, ARuleWithoutOnIsAnError) {
  RuleDirectory directory;
  directory.write("a.lua", "rule 'a' { target = function() end, respond = function() end }");
  EXPECT_THAT(directory.problems(), ElementsAre(HasSubstr("a.lua:1: rule a: on: is missing")));
  directory.write("a.lua", "rule 'a' { on = {}, target = function() end, respond = function() end }");
  EXPECT_THAT(directory.problems(), ElementsAre(HasSubstr("on: must be an EventBridge event pattern")));
}

TEST(RuleProblems, APatternsErrorIsToldAtItsFieldsLine) {
  RuleDirectory directory;
  directory.write("x/a.lua", R"(rule "a" {
    target = function() end, respond = function() end,
    on = {
      source = { { prefx = "aws" } },
      ["detail-type"] = { "x" } } })");
  EXPECT_THAT(directory.problems(),
              ElementsAre(AllOf(StartsWith("x/a.lua:4: rule a: on: source: \"prefx\": expected one of the operators "),
                                HasSubstr("(did you mean 'prefix'?)"))));
  directory.write("x/a.lua", R"(rule "a" {
    target = function() end, respond = function() end,
    on = { source = { "house" },
      ["detail-type"] = "x" } })");
  EXPECT_THAT(directory.problems(), ElementsAre(StartsWith("x/a.lua:3: rule a: on: detail-type: \"x\": expected ")));
}

TEST(RuleProblems, APatternThatWantsWhatNoEventHasIsAnError) {
  RuleDirectory directory;
  directory.write("a.lua", R"(rule "a" {
    target = function() end, respond = function() end,
    on = {
      soruce = { "aws.s3" },
      eventName = { "PutBucketAcl" } } })");
  EXPECT_THAT(directory.problems(),
              testing::UnorderedElementsAre(
                  "a.lua:4: rule a: on: soruce: is no field of an event (did you mean 'source'?); there are: account, "
                  "detail, detail-type, id, region, resources, source, time; what the message itself holds is below "
                  "detail",
                  StartsWith("a.lua:5: rule a: on: eventName: is no field of an event; there are: ")));
}

TEST(RuleProblems, TheAlternativesOfAPatternWantWhatAnEventHasToo) {
  RuleDirectory directory;
  directory.write("a.lua", R"(rule "a" {
    target = function() end, respond = function() end,
    on = { ["$or"] = {
      { source = { "aws.s3" } },
      { regoin = { "eu-west-1" } } } } })");
  EXPECT_THAT(directory.problems(),
              ElementsAre(StartsWith("a.lua:5: rule a: on: regoin: is no field of an event (did you mean 'region'?)")));
}

TEST(RuleProblems, IdsAreUniqueAndWellFormed) {
  RuleDirectory directory;
  directory.write("a.lua", rule_text("same"));
  directory.write("b.lua", rule_text("same"));
  directory.write("c.lua", rule_text("no spaces"));
  EXPECT_THAT(directory.problems(), ElementsAre(HasSubstr("b.lua:1: rule same: the id is taken by the rule in a.lua:1"),
                                                HasSubstr("c.lua:1: rule no spaces: 'no spaces' is no id of a rule")));
}

TEST(RuleProblems, SyntaxAndRunErrorsHaveTheirLine) {
  RuleDirectory directory;
  directory.write("syntax.lua", "\n\nrule 'a' { on = = }");
  directory.write("run.lua", "\nlocal x = nil + 1");
  directory.write("module.lua", "require 'm'");
  directory.write("missing.lua", "\nrequire 'aws.s4'");
  directory.write("empty.lua", "-- nothing yet");
  directory.write("lib/m.lua", "\n\n\nerror('no')");
  directory.write("lib/aws/s3.lua", "return {}");
  EXPECT_THAT(directory.problems(),
              ElementsAre(HasSubstr("empty.lua: declares no rule"), HasSubstr("lib/m.lua:4: no"),
                          HasSubstr("missing.lua:2: there is no module 'aws.s4' (did you mean 'aws.s3'?)"),
                          HasSubstr("run.lua:2: attempt to perform arithmetic on a nil value"),
                          HasSubstr("syntax.lua:3: unexpected symbol near '='")));
}

TEST(RuleProblems, AFileThatCannotBeReadIsNamed) {
  RuleDirectory directory;
  directory.write("a.lua", rule_text("a"));
  std::filesystem::create_symlink("nowhere.lua", std::filesystem::path(directory.options().directory) / "b.lua");
  EXPECT_THAT(directory.problems(), ElementsAre(HasSubstr("b.lua")));
  directory.write("lib/c.lua", "-- \xff");
  std::filesystem::remove(std::filesystem::path(directory.options().directory) / "b.lua");
  EXPECT_THAT(directory.problems(), ElementsAre(HasSubstr("lib/c.lua: the text is not UTF-8")));
}

TEST(RuleProblems, ADirectoryWithoutRulesIsNotAnEmptyRuleSet) {
  RuleDirectory directory;
  EXPECT_THAT(directory.problems(), ElementsAre(HasSubstr("there is no rule in")));
  RuleSet::Options options = directory.options();
  options.directory += "/nowhere";
  EXPECT_THAT(to_string(RuleSet::load(options).problems.at(0)), HasSubstr("cannot be read"));
}

std::string rule_on(const std::string& id, const std::string& on) {
  return "rule \"" + id + "\" { on = " + on + R"(,
    target = function(event) return "t" end, respond = function() return { notify = { "security" } } end,
  })";
}

std::vector<uint32_t> matches(const RuleSet& rules, const std::string& document) {
  MatchScratch scratch;
  std::vector<uint32_t> matched;
  EXPECT_TRUE(rules.matcher().match_document(document, scratch, matched));
  return matched;
}

TEST(RuleSet, TakesPatternsBeyondTheGrammarOfEventPatterns) {
  RuleDirectory directory;
  directory.write("a.lua", rule_on("a", R"({ detail = { name = { { regex = "^x+$" } } } })"));
  directory.write("b.lua",
                  rule_on("b", R"({ detail = { size = { { numeric = { ">", { field = "detail.limit" } } } } } })"));
  directory.write("c.lua", rule_on("c", R"({ detail = { ip = { { cidr = { "10.0.0.0/8", "192.0.2.0/24" } } } } })"));
  const auto rules = directory.rules();
  ASSERT_NE(rules, nullptr) << directory.problems().front();
  EXPECT_THAT(matches(*rules, R"({"detail":{"name":"xxx","size":2,"limit":3,"ip":"192.0.2.7"}})"), ElementsAre(0, 2));
  EXPECT_THAT(matches(*rules, R"({"detail":{"name":"xy","size":4,"limit":3,"ip":"192.0.3.7"}})"), ElementsAre(1));
}

TEST(RuleSet, AListOfNetworksBelongsToTheBundleOfTheRuleThatNamesIt) {
  RuleDirectory directory;
  directory.write("lib/office.txt", "# the office\n10.1.0.0/16\n2001:db8::/32\n");
  directory.write("both.lua", rule_on("near", R"({ detail = { ip = { { cidr = { file = "lib/office.txt" } } } } })") +
                                  rule_on("other", R"({ source = { "house" } })"));
  const auto before = directory.rules();
  ASSERT_NE(before, nullptr) << directory.problems().front();
  EXPECT_THAT(matches(*before, R"({"detail":{"ip":"10.1.2.3"}})"), ElementsAre(0));
  EXPECT_TRUE((*parse_json(before->bundle(*before->find("near"))))["files"].contains("lib/office.txt"));
  directory.write("lib/office.txt", "10.2.0.0/16\n");
  const auto after = directory.rules();
  ASSERT_NE(after, nullptr);
  EXPECT_NE(after->find("near")->version, before->find("near")->version);
  EXPECT_EQ(after->find("other")->version, before->find("other")->version);
  EXPECT_THAT(matches(*after, R"({"detail":{"ip":"10.1.2.3"}})"), testing::IsEmpty());
}

TEST(RuleSet, SaysWhatIsWrongWithAListOfNetworks) {
  RuleDirectory directory;
  directory.write("a.lua", rule_on("a", R"({ detail = { ip = { { cidr = { file = "lib/none.txt" } } } } })"));
  directory.write("b.lua", rule_on("b", R"({ detail = { ip = { { cidr = { file = "lib/bad.txt" } } } } })"));
  directory.write("lib/bad.txt", "10.0.0.0/8\n10.0.0.0/33\n");
  EXPECT_THAT(directory.problems(),
              ElementsAre(testing::AllOf(StartsWith("a.lua:1: rule a: on: "), HasSubstr("lib/none.txt")),
                          testing::AllOf(StartsWith("b.lua:1: rule b: on: "), HasSubstr("line 2"))));
}

}  // namespace
}  // namespace kedge
