// Actions on hosts, called as the executor calls them, with the gate in front of a host whose answers a test decides.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "actions/table.h"
#include "remediate/gated_client.h"
#include "remediate/gated_hosts.h"
#include "tests/actions/stage.h"
#include "tests/remediate/fake_hosts.h"

namespace kedge {

using nlohmann::json;

struct HostSubject {
  const char* action;
  json args;
  bool is_lease = false;
};
inline void PrintTo(const HostSubject& one, std::ostream* out) { *out << one.action; }

// Every built-in action on hosts, with arguments for it.
inline const std::vector<HostSubject> kHostSubjects = {
    {"host.quarantine",
     {{"host", "web-1"}, {"lifeline", {"192.0.2.7:9092"}}, {"management", {"192.0.2.0/24"}}, {"lease_seconds", 7200}},
     true},
    {"host.capture_evidence", {{"host", "web-1"}, {"root", "web"}, {"paths", {"usr/bin/tool"}}}},
    {"host.replace", {{"host", "web-1"}, {"root", "web"}}},
};

// A host on which one thing is so or not so.
struct FakeHost {
  FakeHosts::Answer answer(const HostCommand& command) {
    if (instead) return *instead;
    if (command.operation == HostOperation::observe) {
      const bool so = held == command.body.at("args");
      return json{{"holds", so}, {"state", state()}, {"summary", so ? "it is so" : "it is not so"}};
    }
    if (!refuse.empty()) return ActionError{ActionError::Kind::refused, "refused", refuse, {}};
    Luck luck = Luck::fine;
    if (!fate.empty()) {
      luck = fate.front();
      fate.pop_front();
    }
    if (luck == Luck::unreachable) return ActionError{ActionError::Kind::retry, kHostUnreachable, "no way", {}};
    if (luck != Luck::request_lost) carry_out(command);
    if (luck == Luck::fine) return json{{"notes", {"done"}}};
    return ActionError{ActionError::Kind::unknown, kHostSilent, "no answer", {}};
  }
  void carry_out(const HostCommand& command) {
    const bool undo = command.operation == HostOperation::undo;
    EXPECT_EQ(command.body.at(undo ? "after" : "now"), state());
    held = undo ? command.body.at("before").at("it") : command.body.at("args");
    ++(undo ? undone : done);
  }
  json state() const { return {{"it", held}}; }
  bool holds(const json& args) const { return held == args; }
  void forget() { held = nullptr; }

  using Luck = FakeHosts::Luck;
  json held;                    // for which arguments it is so; null: for none
  std::string refuse;           // not empty: what it says to whatever writes
  std::optional<json> instead;  // what it answers to everything
  std::deque<Luck> fate;        // of the next writes
  int done = 0, undone = 0;
};

class HostStage : public testing::Test {
 public:
  explicit HostStage(const HostSubject& of) : args(of.args) {
    client = *AwsClient::create(options_of_stage(), {}, clock, aws);
    actions = std::make_unique<ActionTable>(built_in_actions(*client));
    subject = actions->find(of.action);
  }

  ActionResult<Observation> observe() {
    ActionResult<Observation> seen = Observation{};
    call(false, [&](Context& context) { seen = subject->observe(context, args); });
    return seen;
  }
  Observation look() {
    auto seen = observe();
    EXPECT_TRUE(seen.ok()) << (seen ? "" : seen.error().message);
    return seen ? *seen : Observation{};
  }
  ActionResult<Applied> apply(const Observation& now) {
    ActionResult<Applied> done = Applied{};
    call(true, [&](Context& context) { done = subject->apply(context, args, now); });
    return done;
  }
  ActionResult<Applied> undo(const json& before, const json& after) {
    ActionResult<Applied> done = Applied{};
    call(true, [&](Context& context) { done = subject->undo(context, args, before, after); });
    return done;
  }

  FakeClock clock;
  FakeAws aws;
  FakeHost host;
  FakeHosts hosts{[this](const HostCommand& command) { return host.answer(command); }};
  EffectsStopped effects = [] { return std::optional<Stop>(); };
  std::unique_ptr<AwsClient> client;
  std::unique_ptr<ActionTable> actions;
  const Action* subject = nullptr;
  json args;

 private:
  void call(bool writes, const std::function<void(Context&)>& body) {
    const CallGate::Permit permit{writes, clock.elapsed() + std::chrono::seconds(20), {}};
    GatedClient http(aws, clock, effects, permit);
    GatedHosts gate(hosts, clock, effects, permit);
    Context context{http, gate, clock, "r", writes ? "abc" : "", "kedge/1", permit.deadline};
    body(context);
    EXPECT_FALSE(gate.misused() || http.misused()) << "an observation wrote";
  }
};

}  // namespace kedge
