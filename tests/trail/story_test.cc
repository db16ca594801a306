#include "trail/story.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "tests/ledger/fixtures.h"
#include "tests/ledger/memory_ledger.h"

namespace kedge {
namespace {

using ::testing::HasSubstr;

constexpr const char* kBucket = "arn:aws:s3:::b";

class StoryTest : public ::testing::Test {
 protected:
  StoryTest() { apply(sample_rules()); }

  Answer apply(Change change) {
    const std::vector<Change> changes = {std::move(change)};
    Answer answer = ledger_.apply(changes)[0];
    EXPECT_TRUE(answer.done()) << answer.error.message;
    return answer;
  }

  void open(int number = 1, const std::string& target = kBucket) {
    apply(batch_of({sample_finding(number, target, ledger_.now())}));
  }

  void start(int number = 1, const std::string& target = kBucket) {
    apply(sample_start(sample_id(number), target, ledger_.head()));
  }

  void confirm(int number = 1) {
    const std::string id = sample_id(number);
    apply(RecordOutcome{id, sample_outcome(0, 1, "mark-of-" + id, ledger_.now()), Move::apply_all, ""});
    Conclude conclude;
    conclude.remediation = id;
    conclude.observed_from = ledger_.head();
    conclude.afters = {{0, captured("private")}};
    apply(conclude);
  }

  Story story(const std::string& id = sample_id(1)) {
    auto story = find_story(Trail(ledger_), id);
    EXPECT_TRUE(story) << story.error().message;
    return story ? *story : Story{};
  }

  static std::vector<std::string> kinds(const Story& story) {
    std::vector<std::string> kinds;
    for (const Json& record : story.records) kinds.push_back(record["kind"]);
    return kinds;
  }

  using Kinds = std::vector<std::string>;
  SystemClock clock_;
  MemoryLedger ledger_{clock_};
};

TEST_F(StoryTest, HoldsEveryRecordFromThePlanToTheEnd) {
  open(1);
  open(2, "arn:aws:s3:::another");
  start(1);
  confirm(1);
  const Story told = story();
  EXPECT_EQ(told.remediation, sample_id(1));
  EXPECT_EQ(told.state, "confirmed");
  EXPECT_EQ(kinds(told), (Kinds{"plan", "attempt", "outcome", "confirmation"}));
  EXPECT_EQ(told.event, (Json{{"id", "event-1"}}));
  EXPECT_EQ(told.plan["target"], kBucket);
}

TEST_F(StoryTest, TellsWhatEachStepChanged) {
  open();
  start();
  confirm();
  const Story told = story();
  ASSERT_EQ(told.steps.size(), 1);
  const StoryStep& step = told.steps[0];
  EXPECT_EQ(step.action, "test.step0");
  EXPECT_EQ(step.args, (Json{{"bucket", kBucket}}));
  EXPECT_EQ(step.attempts, 1);
  EXPECT_EQ(step.writes, 1);
  EXPECT_EQ(step.result, "applied");
  EXPECT_EQ(step.changes, (std::vector<StateChange>{{"is", "public", "private"}}));
}

TEST_F(StoryTest, HasAllPhasesOfWhatWasConfirmed) {
  open();
  start();
  confirm();
  for (const char* phase : {"detection", "evaluation", "response", "recovery", "confirmation"}) {
    EXPECT_TRUE(story().phases.contains(phase)) << phase;
  }
}

TEST_F(StoryTest, HasThePhasesSoFarOfWhatIsOpen) {
  open();
  EXPECT_EQ(story().state, "planned");
  EXPECT_EQ(story().phases["detection"], 1'000'000);
  EXPECT_FALSE(story().phases.contains("response"));
}

TEST_F(StoryTest, HoldsTheFindingsThatJoined) {
  open(1);
  start(1);
  Finding again = sample_finding(2, kBucket, ledger_.now());
  apply(batch_of({again}));
  EXPECT_EQ(kinds(story()), (Kinds{"plan", "attempt", "plan"}));
}

TEST_F(StoryTest, HoldsTheNoticesAboutItAndNoOthers) {
  open(1);
  start(1);
  confirm(1);
  open(2, "arn:aws:s3:::other");
  start(2, "arn:aws:s3:::other");
  confirm(2);
  const auto notices = ledger_.due_notices(ledger_.now(), 100);
  ASSERT_EQ(notices->size(), 2);
  for (const Notice& notice : *notices) apply(NoticeDelivered{notice.number, notice.id, 200});
  EXPECT_EQ(kinds(story()), (Kinds{"plan", "attempt", "outcome", "confirmation", "notice"}));
}

TEST_F(StoryTest, GoesOnAfterTheEndWhenAPersonUndoesIt) {
  open();
  start();
  confirm();
  apply(PersonalMove{sample_id(1), Move::undo, "alice (uid 1)", "a mistake"});
  apply(AttemptUndo{sample_id(1), std::nullopt, 0, 1, "undo-mark"});
  const Story told = story();
  EXPECT_EQ(told.state, "undoing");
  EXPECT_EQ(kinds(told), (Kinds{"plan", "attempt", "outcome", "confirmation", "undo", "attempt"}));
  EXPECT_EQ(told.steps[0].attempts, 1) << "those of the undo are not those of the step";
  EXPECT_EQ(told.steps[0].after, (Json{{"is", "private"}}));
}

TEST_F(StoryTest, IsFoundByTheBeginningOfAnIdThatIsOneOnly) {
  open(1);
  open(12, "arn:aws:s3:::other");
  EXPECT_EQ(story(sample_id(12).substr(0, 35)).remediation, sample_id(12));
  const auto both = find_story(Trail(ledger_), sample_id(1).substr(0, 20));
  ASSERT_FALSE(both);
  EXPECT_EQ(both.error().code, ErrorCode::invalid);
  EXPECT_THAT(both.error().message, HasSubstr(sample_id(12)));
}

TEST_F(StoryTest, IsNotFoundWhereNoRecordTellsOfIt) {
  EXPECT_EQ(find_story(Trail(ledger_), "018f").error().code, ErrorCode::not_found);
  EXPECT_EQ(find_story(Trail(ledger_), "").error().code, ErrorCode::not_found);
}

TEST_F(StoryTest, IsWholeForProgramsToo) {
  open();
  start();
  confirm();
  const Json json = to_json(story());
  EXPECT_EQ(json["state"], "confirmed");
  EXPECT_EQ(json["steps"][0]["changes"], (Json{{{"where", "is"}, {"before", "public"}, {"after", "private"}}}));
  EXPECT_EQ(json["records"].size(), 4);
}

TEST(StoryOf, BearsRecordsOfAnyShape) {
  const Story told = story_of({Json(), Json(7), Json{{"kind", "plan"}, {"plan", {{"revert", 7}}}},
                               Json{{"kind", "plan"}, {"plan", {{"revert", {7, Json::object()}}}}},
                               Json{{"kind", "attempt"}, {"step", 99}, {"befores", {7, {{"step", 0}}}}},
                               Json{{"kind", "outcome"}, {"step", -1}, {"result", 7}, {"phases", 7}, {"to", 7}}});
  EXPECT_NO_THROW((void)to_text(told));
  EXPECT_NO_THROW((void)to_json(told));
}

TEST(StoryOf, KeepsTheStateThatWasThereBeforeTheFirstAttempt) {
  const auto befores = [](const char* is) { return Json::array({{{"step", 0}, {"state", is}}}); };
  const Story told = story_of({Json{{"kind", "plan"}, {"plan", {{"revert", {{{"action", "a"}}}}}}},
                               Json{{"kind", "hold"}, {"befores", befores("when held")}},
                               Json{{"kind", "attempt"}, {"step", 0}, {"befores", befores("when begun")}},
                               Json{{"kind", "attempt"}, {"step", 0}, {"befores", befores("later")}}});
  EXPECT_EQ(told.steps.at(0).before, "when begun");
}

}  // namespace
}  // namespace kedge
