// The judge can find each breach, and does not find it where there is none.
#include "tests/crash/evidence.h"

#include <gtest/gtest.h>

namespace kedge {
namespace {

using std::chrono::seconds;
using Time = FaultProxy::Clock::time_point;

Time at(int second) { return Time(seconds(second)); }

FaultProxy::Seen write(const std::string& subject, int second, const std::string& mark = "m1", int deliveries = 1) {
  FaultProxy::Seen seen;
  seen.call = {true, "PUT acl", subject.substr(0, subject.find(' ')), subject, mark};
  seen.deliveries = deliveries;
  seen.arrived = seen.delivering = at(second);
  seen.delivered = at(second + 1);
  return seen;
}

Drift drift(const std::string& target, int second, const std::string& event = "e1") {
  return {target, event, at(second), at(second)};
}

Json plan(const std::string& event) {
  return {{"kind", "plan"}, {"record", {{"event", {{"request_id", event}}}, {"rule", {{"id", "r"}}}}}};
}

Json attempt(const std::string& mark) { return {{"kind", "attempt"}, {"record", {{"mark", mark}}}}; }

TEST(Evidence, AnEventThatNoRecordDecidedIsLost) {
  Evidence evidence{.drifts = {drift("one", 1, "e1"), drift("two", 2, "e2")}};
  evidence.records.push_back(plan("e1"));
  EXPECT_EQ(lost_events(evidence), std::vector<std::string>{"e2, of two"});
  evidence.records.push_back(plan("e2"));
  EXPECT_TRUE(lost_events(evidence).empty());
}

TEST(Evidence, AnEventIsDecidedOnceByEachRule) {
  Evidence evidence;
  evidence.records = {plan("e1"), plan("e2")};
  EXPECT_TRUE(events_decided_twice(evidence).empty());
  evidence.records.push_back(plan("e1"));
  EXPECT_EQ(events_decided_twice(evidence), std::vector<std::string>{"e1 of r: 2 times"});
  evidence.records.at(2)["record"]["rule"]["id"] = "another";
  EXPECT_TRUE(events_decided_twice(evidence).empty());
}

TEST(Evidence, AnEffectIsMadeAgainOnlyAfterAnotherDriftOfItsTarget) {
  Evidence evidence{.drifts = {drift("one", 0)}, .calls = {write("one acl", 10), write("one acl", 20)}};
  EXPECT_EQ(effects_made_twice(evidence).size(), 1U);
  evidence.drifts.push_back(drift("two", 15));
  EXPECT_EQ(effects_made_twice(evidence).size(), 1U) << "of another target";
  evidence.drifts.push_back(drift("one", 30));
  EXPECT_EQ(effects_made_twice(evidence).size(), 1U) << "after both";
  evidence.drifts.push_back(drift("one", 15));
  EXPECT_TRUE(effects_made_twice(evidence).empty());
}

TEST(Evidence, EffectsOnDifferentSubjectsAreTwoEffects) {
  EXPECT_TRUE(effects_made_twice({.calls = {write("one acl", 10), write("one policy", 20)}}).empty());
}

TEST(Evidence, ACallIsMadeAgainWithOthersOfAnEffectThatWasObservedUndone) {
  Evidence evidence{.calls = {write("one acl", 10, "m1"), write("one acl", 20, "m2")}};
  ASSERT_EQ(effects_made_twice(evidence).size(), 1U);
  evidence.calls.push_back(write("one policy", 15, "m2", 0));
  EXPECT_EQ(effects_made_twice(evidence).size(), 1U) << "which was not carried out";
  evidence.calls.push_back(write("one policy", 16, "m2"));
  EXPECT_TRUE(effects_made_twice(evidence).empty());
  evidence.calls.push_back(write("one policy", 5, "m0"));
  EXPECT_EQ(effects_made_twice(evidence).size(), 2U) << "which is a repeat itself";
}

TEST(Evidence, WhatWasNotCarriedOutIsNoEffect) {
  EXPECT_TRUE(effects_made_twice({.calls = {write("one acl", 10, "m1", 0), write("one acl", 20)}}).empty());
}

TEST(Evidence, ACallThatTheNetworkCarriesOutTwiceIsOne) {
  EXPECT_TRUE(effects_made_twice({.calls = {write("one acl", 10, "m1", 2)}}).empty());
}

TEST(Evidence, EveryCallThatChangesHasAnAttemptOnRecordAlsoOneThatWasNotCarriedOut) {
  Evidence evidence{.calls = {write("one acl", 10, "m1"), write("two acl", 10, "m2", 0)}};
  evidence.records.push_back(attempt("m1"));
  ASSERT_EQ(effects_without_intent(evidence).size(), 1U);
  EXPECT_NE(effects_without_intent(evidence).at(0).find("m2"), std::string::npos);
  evidence.records.push_back(attempt("m2"));
  EXPECT_TRUE(effects_without_intent(evidence).empty());
  evidence.calls.push_back(write("three acl", 10, ""));
  EXPECT_EQ(effects_without_intent(evidence).size(), 1U) << "without a mark";
}

Json opened(const std::string& remediation, const std::string& plan) {
  return {{"kind", "plan"}, {"record", {{"remediation", remediation}, {"plan_sha256", plan}}}};
}

Json ended(const std::string& remediation, const std::string& to) {
  const std::string target = "arn:aws:s3:::one";
  return {{"kind", "confirmation"}, {"record", {{"remediation", remediation}, {"target", target}, {"to", to}}}};
}

TEST(Evidence, WhatIsNotRightIsSilentUnlessTheLastTryOfOneOfItsPlansFailed) {
  const std::vector<std::string> wrong = {"one"};
  Evidence evidence;
  EXPECT_EQ(silently_wrong(evidence, wrong), wrong) << "nobody even tried";
  evidence.records = {opened("r1", "p1"), ended("r1", "failed")};
  EXPECT_TRUE(silently_wrong(evidence, wrong).empty());
  evidence.records.push_back(opened("r2", "p2"));
  evidence.records.push_back(ended("r2", "confirmed"));
  EXPECT_TRUE(silently_wrong(evidence, wrong).empty()) << "the other plan did not do what the first one should have";
  evidence.records.push_back(opened("r3", "p1"));
  evidence.records.push_back(ended("r3", "confirmed"));
  EXPECT_EQ(silently_wrong(evidence, wrong), wrong);
}

TEST(Evidence, WhatIsOpenIsStuckUnlessItIsHeldWithAReason) {
  Evidence evidence;
  evidence.open = {{{"state", "held"}, {"reason", "a person must look at it"}}};
  EXPECT_TRUE(stuck(evidence).empty());
  evidence.open.push_back({{"state", "running"}, {"reason", ""}});
  evidence.open.push_back({{"state", "held"}, {"reason", ""}});
  EXPECT_EQ(stuck(evidence).size(), 2U);
}

}  // namespace
}  // namespace kedge
