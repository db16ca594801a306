// The gate between actions and hosts.
#include "remediate/gated_hosts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/remediate/fake_hosts.h"
#include "tests/support/fake_clock.h"

namespace kedge {
namespace {

using std::chrono::seconds;
using Kind = ActionError::Kind;
using Luck = FakeHosts::Luck;

HostCommand command(HostOperation operation) {
  HostCommand made;
  made.host = "web-1";
  made.action = "host.quarantine";
  made.operation = operation;
  return made;
}

struct HostGate : testing::Test {
  GatedHosts gate(bool writes) {
    return GatedHosts(hosts, clock, stopped, {writes, clock.elapsed() + seconds(20), stop.get_token()});
  }
  FakeClock clock;
  ActionResult<nlohmann::json> answer = nlohmann::json{{"notes", nlohmann::json::array()}};
  FakeHosts hosts{[this](const HostCommand&) { return answer; }};
  std::optional<Stop> why;
  EffectsStopped stopped = [this] { return why; };
  std::stop_source stop;
};

TEST_F(HostGate, LetsAnObservationThroughWhileEffectsAreStopped) {
  GatedHosts observing = gate(false);
  why = Stop{"paused"};
  EXPECT_TRUE(observing.call(command(HostOperation::observe)).ok());
  EXPECT_EQ(observing.writes(), 0);
  EXPECT_EQ(observing.health(), Breaker::Outcome::good);
}

TEST_F(HostGate, RefusesWhatWritesWhileObservingAndTellsOfTheBug) {
  for (const HostOperation operation : {HostOperation::apply, HostOperation::undo}) {
    GatedHosts observing = gate(false);
    const auto done = observing.call(command(operation));
    ASSERT_FALSE(done.ok());
    EXPECT_EQ(done.error().kind, Kind::refused);
    EXPECT_TRUE(observing.misused());
  }
  EXPECT_TRUE(hosts.commands().empty());
}

TEST_F(HostGate, AsksBeforeEveryWriteWhetherEffectsAreStopped) {
  GatedHosts working = gate(true);
  EXPECT_TRUE(working.call(command(HostOperation::apply)).ok());
  why = Stop{"paused by alice"};
  const auto done = working.call(command(HostOperation::undo));
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().kind, Kind::retry);
  EXPECT_THAT(*working.kept_back(), testing::HasSubstr("paused by alice"));
  EXPECT_EQ(hosts.commands().size(), 1U);
  EXPECT_EQ(working.writes(), 1);
}

TEST_F(HostGate, GivesAHostNoMoreTimeThanTheCallHasLeft) {
  GatedHosts working = gate(true);
  clock.advance(seconds(15));
  EXPECT_TRUE(working.call(command(HostOperation::apply)).ok());
  EXPECT_EQ(hosts.commands()[0].timeout, seconds(5));
  clock.advance(seconds(5));
  EXPECT_FALSE(working.call(command(HostOperation::apply)).ok());
  EXPECT_EQ(hosts.commands().size(), 1U);
}

TEST_F(HostGate, IsUnsureOfAWriteWithoutAnAnswerAndSureOfOneThatWasNotSent) {
  GatedHosts unsent = gate(true);
  hosts.next({Luck::unreachable});
  EXPECT_FALSE(unsent.call(command(HostOperation::apply)).ok());
  EXPECT_EQ(unsent.writes(), 0);
  EXPECT_FALSE(unsent.unsure());
  EXPECT_EQ(unsent.health(), Breaker::Outcome::bad);

  GatedHosts silent = gate(true);
  hosts.next({Luck::answer_lost});
  EXPECT_FALSE(silent.call(command(HostOperation::apply)).ok());
  EXPECT_EQ(silent.writes(), 1);
  EXPECT_TRUE(silent.unsure());
  EXPECT_EQ(silent.health(), Breaker::Outcome::bad);
}

TEST_F(HostGate, TakesAHostThatSaysNoForOneThatAnswers) {
  GatedHosts working = gate(true);
  answer = ActionError{Kind::refused, "not_allowed", "no", {}};
  EXPECT_FALSE(working.call(command(HostOperation::apply)).ok());
  EXPECT_EQ(working.health(), Breaker::Outcome::good);
  EXPECT_FALSE(working.unsure());
}

TEST(NoHosts, SayWhatWouldMakeOne) {
  NoHosts none;
  const auto answer = none.call(command(HostOperation::observe));
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().kind, Kind::refused);
  EXPECT_THAT(answer.error().message, testing::HasSubstr("`host` in the configuration makes this machine one"));
}

}  // namespace
}  // namespace kedge
