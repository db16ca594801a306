// The rules that are shipped: their own tests, and what they say about events that were recorded elsewhere.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "aws/public_access_json.h"
#include "base/json.h"
#include "rule/replay.h"
#include "rule/rule_tests.h"

namespace kedge {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

// What the rules need to know of the actions that they name.
ActionCatalog known_actions() {
  const auto spec = [](const char* name, const std::vector<const char*>& required,
                       const std::vector<const char*>& optional) {
    ActionSpec action;
    action.name = name;
    for (const char* argument : required) action.arguments.push_back({argument, ArgumentType::string, true, false, ""});
    for (const char* argument : optional)
      action.arguments.push_back({argument, ArgumentType::string, false, false, ""});
    return action;
  };
  ActionSpec revoke = spec("aws.ec2.revoke_security_group_rules", {"group", "region", "account"}, {});
  revoke.arguments.push_back({"rules", ArgumentType::string_list, true, false, ""});
  ActionSpec quarantine = spec("host.quarantine", {"host"}, {});
  quarantine.arguments.push_back({"lifeline", ArgumentType::string_list, true, false, ""});
  quarantine.arguments.push_back({"management", ArgumentType::string_list, false, false, ""});
  quarantine.lease = true;
  ActionSpec evidence = spec("host.capture_evidence", {"host"}, {"root"});
  evidence.arguments.push_back({"paths", ArgumentType::string_list, false, false, ""});
  return ActionCatalog({spec("aws.s3.block_public_access", {"bucket"}, {"account", "region"}),
                        spec("aws.s3.remove_public_grants", {"bucket"}, {"account", "region"}),
                        spec("aws.s3.restore_ownership_controls", {"bucket"}, {"account", "region"}),
                        spec("aws.cloudtrail.start_logging", {"trail", "region", "account"}, {}), revoke, quarantine,
                        evidence, spec("host.replace", {"host", "root"}, {"made_after"})});
}

class ShippedRules : public testing::Test {
 protected:
  ShippedRules() {
    auto loaded = RuleSet::load(options());
    for (const RuleProblem& problem : loaded.problems) ADD_FAILURE() << to_string(problem);
    rules_ = std::move(loaded.rules);
  }

  RuleSet::Options options() const {
    RuleSet::Options options;
    options.directory = KEDGE_SOURCE_DIR "/rules";
    options.actions = &actions_;
    options.host_functions = {{"aws.public_access", "judge", "", judge_public_access}};
    return options;
  }

  // The rules that fire, or fail, for each line of a file of events; empty where none does.
  std::vector<std::set<std::string>> fired_by(const std::string& path) {
    std::vector<std::set<std::string>> lines;
    Replay replay(rules_, {});
    std::ifstream input(path);
    for (std::string line; std::getline(input, line);) {
      lines.emplace_back();
      const auto decisions = replay.replay(line);
      for (const ReplayedDecision& decision : *decisions) {
        if (decision.decision.kind == Decision::Kind::failed) lines.back().insert(decision.decision.reason);
        if (decision.decision.kind == Decision::Kind::plan) lines.back().insert(decision.rule);
      }
    }
    return lines;
  }

  // Lines are counted from 1.
  static std::set<std::string> at(const std::vector<std::set<std::string>>& lines, size_t line) {
    return line <= lines.size() ? lines[line - 1] : std::set<std::string>{"the file has no such line"};
  }

  const ActionCatalog actions_ = known_actions();
  std::shared_ptr<const RuleSet> rules_;
};

class RecordedEvents : public ShippedRules {
 protected:
  void SetUp() override {
    if (std::getenv("KEDGE_SHARED") == nullptr) GTEST_SKIP() << "KEDGE_SHARED names no folder of recorded events";
  }
  std::vector<std::set<std::string>> fired(const std::string& file) {
    return fired_by(std::string(std::getenv("KEDGE_SHARED")) + "/events/" + file);
  }
};

// Which rules fire, by line; each of those that are not named is tried, and must be of no interest.
using FiredByLine = std::map<size_t, std::set<std::string>>;

FiredByLine without_silent(const std::vector<std::set<std::string>>& lines) {
  FiredByLine loud;
  for (size_t line = 1; line <= lines.size(); ++line) {
    if (!lines[line - 1].empty()) loud[line] = lines[line - 1];
  }
  return loud;
}

// Events in the forms in which sensors on hosts write them: host_events/README.md says where each line is from.
class HostEvents : public ShippedRules {
 protected:
  FiredByLine fired(const std::string& sensor, size_t lines) {
    const auto by_line = fired_by(KEDGE_SOURCE_DIR "/tests/rule/host_events/" + sensor + ".jsonl");
    EXPECT_EQ(by_line.size(), lines);
    return without_silent(by_line);
  }
};

TEST_F(ShippedRules, PassTheirOwnTests) {
  ASSERT_NE(rules_, nullptr);
  const RuleTestReport report = run_rule_tests(rules_);
  EXPECT_TRUE(report.passed()) << to_text(report);
  EXPECT_EQ(rules_->rules().size(), 9U);
}

TEST_F(ShippedRules, AreOfTheSameVersionFromTheirBundles) {
  for (const Rule& rule : rules_->rules()) {
    const auto kept = RuleSet::load_bundle(options(), rules_->bundle(rule), rule.id);
    ASSERT_NE(kept.rules, nullptr) << to_string(kept.problems.at(0));
    EXPECT_EQ(kept.rules->rules().front().version, rule.version);
  }
}

TEST_F(ShippedRules, ActOnlyWhereTheyAreMeantTo) {
  EXPECT_EQ(rules_->find("aws.s3.public-bucket")->policy.mode, Mode::enforce);
  EXPECT_EQ(rules_->find("aws.cloudtrail.stopped")->policy.mode, Mode::enforce);
  EXPECT_EQ(rules_->find("aws.s3.shared-bucket")->policy.mode, Mode::shadow);
  EXPECT_EQ(rules_->find("aws.ec2.open-security-group")->policy.mode, Mode::shadow);
  for (const char* acts : {"host.binary-replaced", "host.library-injected", "host.persistence-added"}) {
    EXPECT_EQ(rules_->find(acts)->policy.mode, Mode::shadow) << acts;
  }
}

TEST_F(RecordedEvents, OfOneAccountUnderAttack) {
  const auto lines = fired("cloudtrail_recorded/invictus.jsonl");
  // A policy for one foreign account: a fixed principal, so shared, not public.
  EXPECT_THAT(at(lines, 1266), ElementsAre("aws.s3.shared-bucket"));
  // Policies for CloudTrail's service principal: certainly harmless, no rule fires.
  EXPECT_THAT(at(lines, 326), IsEmpty());
  EXPECT_THAT(at(lines, 455), IsEmpty());
  // The policy of 1266 is removed. A removed policy may have held a Deny, so the rule fires and observe looks: what it
  // then does is in tests/actions/shipped_rules_test.cc.
  EXPECT_THAT(at(lines, 1302), ElementsAre("aws.s3.public-bucket"));
  // Trails that are not there cannot be stopped.
  EXPECT_THAT(at(lines, 313), IsEmpty());
  EXPECT_THAT(at(lines, 334), IsEmpty());
}

TEST_F(RecordedEvents, OfOneAccountUnderAttackFireOnNothingElse) {
  const auto lines = fired("cloudtrail_recorded/invictus.jsonl");
  ASSERT_EQ(lines.size(), 1432U);
  std::map<std::string, int> count;
  for (const auto& line : lines) {
    for (const std::string& rule : line) ++count[rule];
  }
  EXPECT_THAT(count,
              UnorderedElementsAre(testing::Pair("aws.s3.shared-bucket", 1), testing::Pair("aws.s3.public-bucket", 1)));
}

TEST_F(RecordedEvents, OfSingleAttacksFireOnTheTrailThatWasStopped) {
  const auto lines = fired("cloudtrail_recorded/stratus_detonations.jsonl");
  for (size_t line = 1; line <= lines.size(); ++line) {
    if (line == 59) {
      EXPECT_THAT(at(lines, line), ElementsAre("aws.cloudtrail.stopped"));
    } else {
      EXPECT_THAT(at(lines, line), IsEmpty()) << line;
    }
  }
}

TEST_F(RecordedEvents, OfEverydayTrafficFireOnNothing) {
  for (const char* file :
       {"cloudtrail_recorded/opensearch_catalog.jsonl", "cloudtrail_recorded/otrf_ec2_proxy_s3.jsonl"}) {
    for (const auto& line : fired(file)) EXPECT_THAT(line, IsEmpty());
  }
}

TEST_F(RecordedEvents, OfHostsFireOnWhatListensAndOnNothingElse) {
  size_t count = 0;
  const std::filesystem::path events = std::filesystem::path(std::getenv("KEDGE_SHARED")) / "events";
  for (const auto& entry : std::filesystem::recursive_directory_iterator(events)) {
    if (entry.path().extension() != ".jsonl" || !entry.path().parent_path().filename().string().starts_with("host_")) {
      continue;
    }
    const auto lines = fired_by(entry.path());
    const FiredByLine nginx = {{16, {"host.port-opened"}}};
    EXPECT_EQ(without_silent(lines), entry.path().filename() == "tetragon_docs.jsonl" ? nginx : FiredByLine())
        << entry.path();
    count += lines.size();
  }
  EXPECT_GE(count, 250U);
}

TEST_F(HostEvents, OfFalcoFireOnWhatWasWritten) {
  EXPECT_EQ(fired("falco", 4), (FiredByLine{{3, {"host.binary-replaced"}}}));
}

TEST_F(HostEvents, OfWazuhFireOnTheFilesThatCount) {
  EXPECT_EQ(fired("wazuh", 5),
            (FiredByLine{
                {1, {"host.binary-replaced"}}, {2, {"host.configuration-changed"}}, {3, {"host.persistence-added"}}}));
}

TEST_F(HostEvents, OfOsqueryFireOnFilesAndPorts) {
  EXPECT_EQ(fired("osquery", 9), (FiredByLine{{5, {"host.persistence-added"}}, {7, {"host.port-opened"}}}));
}

TEST_F(HostEvents, OfAuditdFireWhereTheHostIsNamedAndItIsNoEditorsFile) {
  EXPECT_EQ(fired("auditd", 6), (FiredByLine{{5, {"host.configuration-changed"}}, {6, {"host.persistence-added"}}}));
}

TEST_F(HostEvents, OfTetragonFireOnWritesAndOnWhatListens) {
  EXPECT_EQ(fired("tetragon", 9), (FiredByLine{{4, {"host.port-opened"}}, {6, {"host.persistence-added"}}}));
}

}  // namespace
}  // namespace kedge
