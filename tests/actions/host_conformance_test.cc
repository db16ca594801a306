// What every built-in action on hosts must do, whatever becomes of its calls; and what the protocol makes of it. What
// the host itself does is tested with the host (tests/host).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "actions/table.h"
#include "base/json.h"
#include "tests/actions/host_stage.h"
#include "tests/remediate/play.h"

namespace kedge {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;
using Kind = ActionError::Kind;
using Luck = FakeHosts::Luck;

class HostConformance : public HostStage, public testing::WithParamInterface<HostSubject> {
 public:
  HostConformance() : HostStage(GetParam()) {}
};

TEST_P(HostConformance, DeclaresWhatItNeedsAndWhatItTouches) {
  EXPECT_TRUE(actions->catalog().check(GetParam().action, args).ok());
  EXPECT_THAT(subject->spec().touches(args), testing::Each(HasSubstr("host:web-1")));
  EXPECT_THAT(subject->spec().touches(args), testing::Not(testing::IsEmpty()));
  EXPECT_EQ(subject->spec().endpoint(args).name(), "host/web-1/");
  EXPECT_FALSE(subject->spec().summary.empty());
  EXPECT_EQ(subject->spec().lease, GetParam().is_lease);
  for (const json& wrong : {json(""), json("web 1"), json("a/b")}) {
    json other = args;
    other["host"] = wrong;
    EXPECT_THAT(actions->catalog().check(GetParam().action, other).error().message, HasSubstr("'host'")) << wrong;
  }
}

TEST_P(HostConformance, ObservesWithoutWritingAndGivesAStateThatCanBeKept) {
  const Observation seen = look();
  EXPECT_FALSE(seen.holds);
  EXPECT_FALSE(seen.summary.empty());
  EXPECT_TRUE(canonical_json(seen.state).ok());
  EXPECT_EQ(look().state, seen.state);
}

TEST_P(HostConformance, MakesItHoldAndPutsBackExactlyWhatWasThere) {
  const Observation before = look();
  ASSERT_TRUE(apply(before).ok());
  const Observation after = look();
  EXPECT_TRUE(after.holds);
  const auto done = undo(before.state, after.state);
  ASSERT_TRUE(done.ok()) << done.error().message;
  EXPECT_EQ(look().state, before.state);
}

TEST_P(HostConformance, TellsTheHostWhoAsksWithWhichMarkAndForHowLong) {
  ASSERT_TRUE(apply(look()).ok());
  const auto commands = hosts.commands();
  ASSERT_EQ(commands.size(), 2U);
  EXPECT_EQ(commands[0].mark, "");
  EXPECT_EQ(commands[1].host, "web-1");
  EXPECT_EQ(commands[1].action, GetParam().action);
  EXPECT_EQ(commands[1].remediation, "r");
  EXPECT_EQ(commands[1].mark, "abc");
  EXPECT_EQ(commands[1].timeout, seconds(20));
}

TEST_P(HostConformance, SaysWhatTheHostSaysAndKnowsWhatBecameOfItsCalls) {
  const Observation now = look();
  host.refuse = "not allowed here";
  EXPECT_EQ(apply(now).error().kind, Kind::refused);
  EXPECT_THAT(apply(now).error().message, HasSubstr("not allowed here"));
  host.refuse.clear();
  hosts.next({Luck::unreachable});
  EXPECT_EQ(apply(now).error().kind, Kind::retry);
  hosts.next({Luck::request_lost});
  EXPECT_EQ(apply(now).error().kind, Kind::unknown);
  EXPECT_FALSE(look().holds);
  hosts.next({Luck::answer_lost});
  EXPECT_EQ(apply(now).error().kind, Kind::unknown);
  EXPECT_TRUE(look().holds);
}

TEST_P(HostConformance, NeverTakesAnythingElseForAnAnswer) {
  const Observation now = look();
  for (const json& wrong :
       {json(), json::array(), json("done"), json{{"holds", "yes"}, {"state", {}}, {"summary", ""}},
        json{{"holds", true}, {"summary", "no state"}}, json{{"holds", true}, {"state", {{"x", 0.5}}}, {"summary", ""}},
        json{{"notes", "one"}}, json{{"notes", {1}}}}) {
    host.instead = wrong;
    EXPECT_EQ(observe().error().kind, Kind::retry) << wrong;
    EXPECT_EQ(apply(now).error().kind, Kind::unknown) << wrong;
  }
}

struct Fate {
  const char* name;
  std::deque<Luck> luck;  // of the first writes
};
const std::vector<Fate> kFates = {{"Answered", {Luck::fine}},
                                  {"NotReachedAtFirst", {Luck::unreachable, Luck::unreachable}},
                                  {"LostOnItsWay", {Luck::request_lost}},
                                  {"DoneWithoutAnAnswer", {Luck::answer_lost}},
                                  {"LostAndThenWithoutAnAnswer", {Luck::request_lost, Luck::answer_lost}}};

class HostRepetition : public testing::TestWithParam<std::tuple<HostSubject, Fate>> {
 protected:
  HostRepetition() {
    const auto& [subject, fate] = GetParam();
    step.action = subject.action;
    step.args = subject.args;
    play = std::make_unique<Play>(Cast{clock, aws, built_in_actions(*client), &hosts});
  }
  State isolate(Policy policy = {}) {
    policy.lease = hours(1);
    id = play->isolate({step}, {}, std::move(policy));
    return play->run(id, minutes(30));
  }

  FakeClock clock;
  FakeAws aws;
  std::unique_ptr<AwsClient> client = *AwsClient::create(options_of_stage(), {}, clock, aws);
  FakeHost host;
  FakeHosts hosts{[this](const HostCommand& command) { return host.answer(command); }};
  Step step;
  std::unique_ptr<Play> play;
  std::string id;
};

TEST_P(HostRepetition, IsolatesAndReleasesWhateverBecomesOfTheCalls) {
  const auto& [subject, fate] = GetParam();
  host.fate = fate.luck;
  ASSERT_EQ(isolate(), State::isolated) << play->stored(id).reason;
  EXPECT_TRUE(host.holds(subject.args));
  EXPECT_EQ(host.done, 1) << "it was done once";
  host.fate = fate.luck;
  EXPECT_EQ(play->run(id), State::confirmed) << play->stored(id).reason;
  EXPECT_FALSE(host.holds(subject.args));
}

TEST_P(HostRepetition, AHostThatEndedItByItsOwnClockIsNotReleasedAgain) {
  ASSERT_EQ(isolate(), State::isolated);
  host.forget();
  EXPECT_EQ(play->run(id), State::confirmed) << play->stored(id).reason;
  EXPECT_EQ(host.undone, 0);
}

TEST_P(HostRepetition, WhatTheHostUndidAtOnceHasFailedAndIsNotTriedAgain) {
  const auto& [subject, fate] = GetParam();
  host.refuse = "the lifeline does not answer any more; the isolation was undone";
  EXPECT_EQ(isolate(), State::failed);
  EXPECT_THAT(play->stored(id).reason, HasSubstr("the lifeline does not answer any more"));
  EXPECT_FALSE(host.holds(subject.args));
}

std::vector<HostSubject> leases() {
  std::vector<HostSubject> found;
  for (const HostSubject& subject : kHostSubjects) {
    if (subject.is_lease) found.push_back(subject);
  }
  return found;
}

std::string short_name(const std::string& action) { return action.substr(action.rfind('.') + 1); }

INSTANTIATE_TEST_SUITE_P(BuiltIn, HostConformance, testing::ValuesIn(kHostSubjects),
                         [](const auto& one) { return short_name(one.param.action); });
INSTANTIATE_TEST_SUITE_P(BuiltIn, HostRepetition,
                         testing::Combine(testing::ValuesIn(leases()), testing::ValuesIn(kFates)), [](const auto& one) {
                           return short_name(std::get<0>(one.param).action) + "_" + std::get<1>(one.param).name;
                         });

}  // namespace
}  // namespace kedge
