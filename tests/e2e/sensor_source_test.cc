// The sensor as a source of the engine: one machine, one process, and no broker anywhere.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>
#include <set>

#include "tests/e2e/engine.h"
#include "tests/support/child_process.h"

namespace kedge {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr const char* kRule = R"(
rule "machine.changed" {
  title    = "A file of this machine was changed",
  severity = "high",
  mode     = "enforce",
  on       = { source = { "kedge.sensor" }, ["detail-type"] = { "host.mutation" } },
  target   = function(event) return event.resources[1] end,
  respond  = function(event)
    return { replace = { action.host.capture_evidence { host = event.detail.host, paths = { event.detail.path } } } }
  end,
}
)";

class OneMachine : public testing::Test {
 protected:
  void SetUp() override {
    write("usr/bin/tool", "a tool");
    write("etc/hosts", "127.0.0.1 localhost\n");
    make_baseline();
    engine.directory().write("rules/changed.lua", kRule);
    engine.directory().write("sensor.yaml", sensor.dump());
    Json budgets = Json::object();
    for (const char* of : {"all", "account", "action", "rule"}) budgets[of] = "1000/1m";
    engine.configuration["guards"] = {{"unsafe_limits", true}, {"mass_match", "off"}, {"budgets", budgets}};
    engine.configuration["sources"] = {{{"name", "this-host"}, {"sensor", "sensor.yaml"}}};
    engine.configuration["host"] = {{"name", "m1"}, {"allow", {"host.capture_evidence"}}};
    engine.configuration["aws"] = {{"region", "us-east-1"}, {"principals", {"arn:aws:iam::123456789012:user/kedge"}}};
  }
  void TearDown() override {
    if (HasFailure()) std::cerr << "---- the engine said:\n" << engine.output();
  }

  std::string at(const std::string& path) const { return (engine.directory().path() / "root" / path).string(); }
  void write(const std::string& path, const std::string& text) const {
    engine.directory().write("root/" + path, text);
    ASSERT_EQ(chmod(at(path).c_str(), 0755), 0);
  }
  void replace(const std::string& path, const std::string& text) const {
    write(path + ".new", text);
    fs::rename(at(path + ".new"), at(path));
  }
  void make_baseline() const {
    const auto made =
        run({.command = {kedge_program(), "baseline", "create", "--root", (engine.directory().path() / "root").string(),
                         "--output", engine.directory().path() / "golden.manifest"}});
    ASSERT_TRUE(made) << made.error().message;
    ASSERT_EQ(made->exit, Exit{}) << made->output;
  }

  // The remediations of a file, by their plans.
  std::vector<std::string> remediations_of(const std::string& path) const {
    std::vector<std::string> ids;
    for (const Json& record : engine.records({"--kind", "plan", "--target", "host:m1" + at(path)})) {
      ids.push_back(record.at("remediation"));
    }
    return ids;
  }
  bool is_confirmed(const std::string& path) const {
    const auto ids = remediations_of(path);
    return !ids.empty() && engine.ask({"remediation", "show", ids.back()}).at("state") == "confirmed";
  }
  Json position() const { return engine.ask({"source", "list"}).at(0); }

  Engine engine;
  Json sensor = {
      {"version", 1},
      {"data", "sensor"},
      {"roots",
       {{{"path", (engine.directory().path() / "root").string()}, {"as", "/"}, {"baseline", "golden.manifest"}}}},
      {"ports", {{"every", "0s"}}},
      {"processes", {{"every", "0s"}}}};
};

TEST_F(OneMachine, RespondsToAReplacedFileWithoutABrokerAndLosesNothingWhenKilled) {
  engine.start();
  replace("usr/bin/tool", "a trojan");
  ASSERT_TRUE(comes_true([&] { return is_confirmed("usr/bin/tool"); })) << engine.records({}).dump(1);
  const std::string id = remediations_of("usr/bin/tool").at(0);
  EXPECT_THAT(engine.run({"audit", "show", id}).output,
              AllOf(HasSubstr("host.mutation"), HasSubstr("host.capture_evidence"), HasSubstr("confirmed")));
  EXPECT_EQ(remediations_of("usr/bin/tool").size(), 1U);

  engine.kill();
  const Json before = position();
  EXPECT_EQ(before.at("source"), "this-host");
  EXPECT_EQ(before.at("topic"), "sensor");
  replace("etc/hosts", "6.6.6.6 updates.example.com\n");  // while nobody watches
  engine.start();
  ASSERT_TRUE(comes_true([&] { return is_confirmed("etc/hosts"); })) << engine.records({}).dump(1);
  EXPECT_GT(position().at("epoch"), before.at("epoch"));
  EXPECT_GT(position().at("next"), before.at("next"));
  EXPECT_EQ(remediations_of("usr/bin/tool").size(), 1U);  // what was told is not told again

  // And in the midst of many, again and again.
  std::set<std::string> made;
  for (int round = 0; round < 3; ++round) {
    const std::string first = "usr/bin/implant-" + std::to_string(round) + "-0";
    for (int i = 0; i < 12; ++i) {
      made.insert("usr/bin/implant-" + std::to_string(round) + "-" + std::to_string(i));
      write("usr/bin/implant-" + std::to_string(round) + "-" + std::to_string(i), "an implant");
    }
    ASSERT_TRUE(comes_true([&] { return !remediations_of(first).empty(); }));
    engine.kill();
    engine.start();
  }
  for (const std::string& path : made) {
    EXPECT_TRUE(comes_true([&] { return is_confirmed(path); })) << path;
  }
  EXPECT_EQ(engine.stop()->code, 0);
  EXPECT_EQ(engine.run({"ledger", "check"}).exit, Exit{});
}

TEST_F(OneMachine, SaysHowItStandsAndWhatCannotBeAskedOfIt) {
  const auto begun = static_cast<double>(time(nullptr));
  engine.start();
  EXPECT_TRUE(comes_true([&] { return engine.metric("kedge_sensor_watching{source=\"this-host\"}") == "1"; }));
  EXPECT_EQ(engine.metric("kedge_source_alone{source=\"this-host\"}"), "1");
  EXPECT_EQ(engine.metric("kedge_sensor_differing{source=\"this-host\"}"), "0");
  EXPECT_THAT(engine.readiness(), AllOf(StartsWith("ready"), Not(HasSubstr("who is in the group"))));
  EXPECT_TRUE(comes_true([&] { return position().at("next") > 1; }));  // sensor.started, sensor.ready
  EXPECT_GE(std::stod("0" + engine.metric("kedge_sensor_heard_timestamp_seconds{host=\"m1\"}")), begun);

  const Ran sought = engine.run({"source", "seek", "this-host", "sensor", "0", "--to", "0", "--reason", "to see"});
  EXPECT_EQ(sought.exit.code, 1);
  EXPECT_THAT(sought.output, HasSubstr("source this-host is a sensor: an event is kept until it is decided"));
  const Ran accepted = engine.run({"source", "accept", "this-host", "sensor", "0"});
  EXPECT_EQ(accepted.exit, Exit{}) << accepted.output;
  replace("usr/bin/tool", "a trojan");
  EXPECT_TRUE(comes_true([&] { return is_confirmed("usr/bin/tool"); }));
  EXPECT_EQ(engine.metric("kedge_sensor_differing{source=\"this-host\"}"), "1");
  const Ran why = engine.run({"audit", "why", "machine.changed", "--from", "2026-01-01"});
  EXPECT_THAT(why.output, HasSubstr("source this-host is a sensor"));
  EXPECT_EQ(engine.stop()->code, 0);
}

TEST_F(OneMachine, TakesANewBaselineWithTheRulesAndRefusesABadOneWithThem) {
  engine.start();
  replace("usr/bin/tool", "the next version");
  ASSERT_TRUE(comes_true([&] { return is_confirmed("usr/bin/tool"); }));
  make_baseline();
  engine.process().signal(SIGHUP);
  ASSERT_TRUE(comes_true([&] { return engine.metric("kedge_rules_reloads_total") == "1"; })) << engine.output();
  EXPECT_TRUE(comes_true([&] {
    return engine.metric("kedge_sensor_watching{source=\"this-host\"}") == "1" &&
           engine.metric("kedge_sensor_differing{source=\"this-host\"}") == "0";
  }));
  EXPECT_THAT(engine.output(), HasSubstr("sensors with other settings or baselines: 1"));

  engine.directory().write("golden.manifest", "#mtree\nnonsense\n");
  engine.process().signal(SIGHUP);
  ASSERT_TRUE(comes_true([&] { return engine.metric("kedge_rules_reloads_refused_total") == "1"; }));
  EXPECT_THAT(engine.output(), AllOf(HasSubstr("what is in force stays"), HasSubstr("sources[0].sensor: "),
                                     HasSubstr("sensor.yaml:1: roots[0].baseline: ")));
  replace("etc/hosts", "it is still watched\n");
  EXPECT_TRUE(comes_true([&] { return is_confirmed("etc/hosts"); }));
}

TEST_F(OneMachine, WaitsForADirectoryThatAnotherSensorUsesAndDoesNothingMeanwhile) {
  sensor["kafka"] = {{"brokers", {"127.0.0.1:1"}}, {"topic", "t"}};
  const auto file = engine.directory().write("own.yaml", sensor.dump());
  const auto other = ChildProcess::start({.command = {kedge_program(), "sensor", "-c", file.string()}});
  ASSERT_TRUE(other) << other.error().message;
  ASSERT_TRUE((*other)->wait_for_line("watches ", std::chrono::seconds(60)));
  engine.start_unawaited();
  ASSERT_TRUE(comes_true([&] {
    return engine.readiness().find("another sensor uses this directory") != std::string::npos;
  })) << engine.readiness();
  EXPECT_THAT(engine.readiness(), HasSubstr("effects are stopped: source this-host: it is not known yet"));
  (*other)->signal(SIGTERM);
  ASSERT_TRUE((*other)->wait());
  EXPECT_TRUE(comes_true([&] { return engine.readiness().rfind("ready", 0) == 0; })) << engine.readiness();
}

}  // namespace
}  // namespace kedge
