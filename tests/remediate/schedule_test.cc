// Whose turn it is.
#include "remediate/schedule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "tests/remediate/fake_world.h"

namespace kedge {
namespace {

using std::chrono::seconds;

WritePlaces places(1);  // all are given back at the end of each test that takes one

std::unique_ptr<Job> job(const std::string& id, const std::string& endpoint = "s3", std::vector<std::string> keys = {},
                         bool isolates = false) {
  auto made = std::make_unique<Job>();
  made->id = id;
  made->endpoint = endpoint;
  if (keys.empty()) keys = {"key-of-" + id};
  for (const std::string& key : keys) made->keys.push_back(hash_of_key(key));
  made->isolates = isolates;
  return made;
}

std::vector<std::string> ids_of(const std::vector<std::unique_ptr<Job>>& jobs) {
  std::vector<std::string> ids;
  for (const auto& one : jobs) ids.push_back(one->id);
  return ids;
}

// All that can go at once.
std::vector<std::unique_ptr<Job>> take_all(Schedule& schedule, Duration elapsed) {
  std::vector<std::unique_ptr<Job>> out;
  while (auto job = schedule.take(elapsed)) out.push_back(std::move(job));
  return out;
}

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

TEST(Schedule, GivesOutNoMoreThanAnEndpointHasPlaces) {
  Schedule schedule(places, 2);
  for (const char* id : {"a", "b", "c"}) schedule.make_ready(job(id));
  auto out = take_all(schedule, seconds(0));
  EXPECT_THAT(ids_of(out), ElementsAre("a", "b"));
  EXPECT_THAT(ids_of(take_all(schedule, seconds(0))), IsEmpty());
  schedule.forget(std::move(out[0]));
  EXPECT_THAT(ids_of(take_all(schedule, seconds(0))), ElementsAre("c"));
}

TEST(Schedule, LetsAHangingEndpointHoldUpNobodyElse) {
  Schedule schedule(places, 1);
  for (const char* id : {"a", "b", "c"}) schedule.make_ready(job(id, "hangs"));
  schedule.make_ready(job("d", "works"));
  EXPECT_THAT(ids_of(take_all(schedule, seconds(0))), UnorderedElementsAre("a", "d"));
}

TEST(Schedule, GivesOutThatWhichWaitsToWriteWithAPlaceToDoSo) {
  WritePlaces of_each(1);
  Schedule schedule(of_each, 9);
  for (const char* id : {"a", "b"}) {
    auto waits = job(id);
    waits->put_off = seconds(1);
    schedule.make_ready(std::move(waits));
  }
  auto cuts_off = job("c", "s3", {}, true);
  cuts_off->put_off = seconds(2);
  schedule.make_ready(std::move(cuts_off));
  schedule.make_ready(job("d"));
  auto out = take_all(schedule, seconds(3));
  ASSERT_THAT(ids_of(out), ElementsAre("c", "d"));
  EXPECT_EQ(out[0]->writes_at, "s3");
  EXPECT_EQ(out[1]->writes_at, "") << "it asks for no such place";
  EXPECT_FALSE(of_each.take("s3", false));
  schedule.forget(std::move(out[0]));
  out = take_all(schedule, seconds(4));
  ASSERT_THAT(ids_of(out), ElementsAre("a"));
  out[0]->put_off.reset();  // as a worker does
  schedule.make_timed(std::move(out[0]), seconds(9));
  EXPECT_THAT(ids_of(take_all(schedule, seconds(4))), ElementsAre("b"));
}

// A storm must not pile up what has looked at its target and waits to write.
TEST(Schedule, BeginsNoMoreWhereEnoughWaitToWrite) {
  WritePlaces of_each(1);
  Schedule schedule(of_each, 4);
  for (int i = 0; i < 1000; ++i) schedule.make_ready(job("job-" + std::to_string(i)));
  ASSERT_TRUE(of_each.take("s3", false)) << "somebody writes, for long";
  std::set<std::string> looked;
  while (auto next = schedule.take(seconds(0))) {
    looked.insert(next->id);
    next->put_off = seconds(0);  // as a worker does
    schedule.make_ready(std::move(next));
  }
  EXPECT_EQ(looked.size(), 16U);
  schedule.make_ready(job("urgent", "s3", {}, true));
  schedule.make_ready(job("elsewhere", "ec2"));
  EXPECT_THAT(ids_of(take_all(schedule, seconds(0))), UnorderedElementsAre("urgent", "elsewhere"));
  of_each.give_back("s3");
  auto writes = schedule.take(seconds(0));
  ASSERT_NE(writes, nullptr);
  EXPECT_EQ(writes->writes_at, "s3") << "before any that has not looked";
  EXPECT_TRUE(looked.contains(writes->id));
}

TEST(Schedule, ServesEndpointsInTurn) {
  Schedule schedule(places, 9);
  for (const char* id : {"a1", "a2", "a3"}) schedule.make_ready(job(id, "a"));
  for (const char* id : {"b1", "b2"}) schedule.make_ready(job(id, "b"));
  EXPECT_THAT(ids_of(take_all(schedule, seconds(0))), ElementsAre("a1", "b1", "a2", "b2", "a3"));
}

TEST(Schedule, NeverLetsTwoThatTouchTheSameThingOutAtOnce) {
  Schedule schedule(places, 9);
  schedule.make_ready(job("a", "s3", {"bucket-1", "bucket-2"}));
  schedule.make_ready(job("b", "s3", {"bucket-2"}));
  schedule.make_ready(job("c", "s3", {"bucket-3"}));
  auto out = take_all(schedule, seconds(0));
  EXPECT_THAT(ids_of(out), UnorderedElementsAre("a", "c"));
  schedule.make_timed(std::move(out[0]->id == "a" ? out[0] : out[1]), seconds(9));
  EXPECT_THAT(ids_of(take_all(schedule, seconds(0))), ElementsAre("b"));
}

TEST(Schedule, PutsIsolationFirst) {
  Schedule schedule(places, 9);
  schedule.make_ready(job("a"));
  schedule.make_ready(job("b", "s3", {}, true));
  EXPECT_THAT(ids_of(take_all(schedule, seconds(0))), ElementsAre("b", "a"));
}

TEST(Schedule, HasAPlaceForIsolationWhereAllOthersHang) {
  Schedule schedule(places, 2);
  for (const char* id : {"a", "b", "c"}) schedule.make_ready(job(id));
  EXPECT_THAT(ids_of(take_all(schedule, seconds(0))), ElementsAre("a", "b"));
  schedule.make_ready(job("d", "s3", {}, true));
  schedule.make_ready(job("e", "s3", {}, true));
  auto out = take_all(schedule, seconds(0));
  EXPECT_THAT(ids_of(out), ElementsAre("e")) << "one";
  schedule.forget(std::move(out[0]));
  EXPECT_THAT(ids_of(take_all(schedule, seconds(0))), ElementsAre("d"));
}

TEST(Schedule, KeepsWorkersForIsolationWhereverAllOthersHang) {
  Schedule schedule(places, 2, SIZE_MAX, 3);
  for (const char* id : {"a", "b", "c", "d"}) schedule.make_ready(job(id, std::string("hangs-") + id));
  auto out = take_all(schedule, seconds(0));
  EXPECT_EQ(out.size(), 3U);
  schedule.make_ready(job("e", "another", {}, true));
  EXPECT_THAT(ids_of(take_all(schedule, seconds(0))), ElementsAre("e"));
  schedule.forget(std::move(out[0]));
  EXPECT_THAT(ids_of(take_all(schedule, seconds(0))), IsEmpty()) << "three are out still";
  schedule.forget(std::move(out[1]));
  EXPECT_THAT(ids_of(take_all(schedule, seconds(0))), ElementsAre("d"));
}

TEST(Schedule, KeepsAJobUntilItsTimeHasCome) {
  Schedule schedule(places, 9);
  schedule.make_ready(job("a"));
  auto out = take_all(schedule, seconds(0));
  schedule.make_timed(std::move(out[0]), seconds(10));
  EXPECT_EQ(schedule.next_due(seconds(60)), seconds(10));
  EXPECT_THAT(ids_of(take_all(schedule, seconds(9))), IsEmpty());
  EXPECT_THAT(ids_of(take_all(schedule, seconds(10))), ElementsAre("a"));
  EXPECT_EQ(schedule.next_due(seconds(60)), seconds(60));
}

TEST(Schedule, WakesAWaitingJobWhenTheLedgerHoldsSomethingNewerAboutIt) {
  Schedule schedule(places, 9);
  schedule.make_ready(job("a"));
  auto out = take_all(schedule, seconds(0));
  schedule.make_timed(std::move(out[0]), seconds(10));
  schedule.note_newer("a");
  auto again = take_all(schedule, seconds(0));
  ASSERT_THAT(ids_of(again), ElementsAre("a"));
  EXPECT_TRUE(std::exchange(again[0]->reread, false));
  schedule.make_timed(std::move(again[0]), seconds(20));
  EXPECT_THAT(ids_of(take_all(schedule, seconds(10))), IsEmpty()) << "the old timer means nothing any more";
  EXPECT_THAT(ids_of(take_all(schedule, seconds(20))), ElementsAre("a"));
}

TEST(Schedule, DoesNotForgetAJobOfWhichSomethingNewerCameWhileItWasOut) {
  Schedule schedule(places, 9);
  schedule.make_ready(job("a"));
  auto out = take_all(schedule, seconds(0));
  schedule.note_newer("a");
  schedule.forget(std::move(out[0]));
  auto again = take_all(schedule, seconds(0));
  ASSERT_THAT(ids_of(again), ElementsAre("a"));
  EXPECT_TRUE(again[0]->reread);
}

TEST(Schedule, GivesPlacesAndKeysBackWhateverBecomesOfAJob) {
  Schedule schedule(places, 1);
  for (int i = 0; i < 100; ++i) {
    schedule.make_ready(job("job-" + std::to_string(i), "s3", {"the key"}));
    auto out = take_all(schedule, seconds(i));
    ASSERT_EQ(out.size(), 1U);
    EXPECT_EQ(schedule.out(), 1U);
    if (i % 2 == 0) {
      schedule.forget(std::move(out[0]));
    } else {
      schedule.make_timed(std::move(out[0]), seconds(1000));
    }
    EXPECT_EQ(schedule.out(), 0U);
  }
  EXPECT_EQ(schedule.timed(), 50U);
}

TEST(Schedule, LetsAJobThatIsToBeReadAnewWaitAsLongAsItMust) {
  Schedule schedule(places, 9);
  schedule.make_ready(job("a"));
  auto out = take_all(schedule, seconds(0));
  out[0]->reread = true;  // the ledger could not be read just now
  schedule.make_timed(std::move(out[0]), seconds(10));
  EXPECT_THAT(ids_of(take_all(schedule, seconds(9))), IsEmpty());
  auto again = take_all(schedule, seconds(10));
  ASSERT_THAT(ids_of(again), ElementsAre("a"));
  EXPECT_TRUE(again[0]->reread);
}

TEST(Schedule, GivesBackTheKeysThatAJobHadThoughItHasOthersNow) {
  Schedule schedule(places, 9);
  schedule.make_ready(job("a", "s3", {"before"}));
  schedule.make_ready(job("b", "s3", {"now"}));
  auto out = take_all(schedule, seconds(0));
  ASSERT_THAT(ids_of(out), ElementsAre("a", "b"));
  out[0]->keys = {hash_of_key("now")};  // found out while it was out
  schedule.make_ready(std::move(out[0]));
  schedule.make_ready(job("c", "s3", {"before"}));
  EXPECT_THAT(ids_of(take_all(schedule, seconds(0))), ElementsAre("c")) << "b is out, and touches what a wants";
  schedule.forget(std::move(out[1]));
  EXPECT_THAT(ids_of(take_all(schedule, seconds(0))), ElementsAre("a"));
}

struct ScheduleOfCourses : testing::Test {
  std::unique_ptr<Job> with_course(const std::string& id) {
    auto made = job(id);
    Remediation remediation;
    remediation.id = id;
    made->course =
        std::make_unique<Course>(std::move(remediation), actions.catalog(), options, random, Moment{}, false);
    return made;
  }
  ActionTable actions{fake_actions()};
  ExecutorOptions options;
  Random random{1};
};

TEST_F(ScheduleOfCourses, KeepsNoMoreOfThemThanItMay) {
  Schedule schedule(places, 9, 2);
  for (const char* id : {"a", "b", "c"}) schedule.make_ready(with_course(id));
  auto out = take_all(schedule, seconds(0));
  ASSERT_THAT(ids_of(out), ElementsAre("a", "b", "c"));
  EXPECT_TRUE(out[0]->course && out[1]->course);
  EXPECT_FALSE(out[2]->course) << "it is begun from the ledger";
  schedule.make_ready(with_course("d"));
  EXPECT_TRUE(take_all(schedule, seconds(0)).at(0)->course) << "those that are out do not count";
}

TEST_F(ScheduleOfCourses, DropsNoneThatKnowsMoreThanTheLedger) {
  Schedule schedule(places, 9, 0);
  auto begun = with_course("a");
  begun->begun = true;
  schedule.make_ready(std::move(begun));
  EXPECT_TRUE(take_all(schedule, seconds(0)).at(0)->course);
}

}  // namespace
}  // namespace kedge
