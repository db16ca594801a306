#include "source/kafka_problems.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kedge {
namespace {

using Kind = KafkaProblem::Kind;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

KafkaProblem problem(Kind kind, std::string text, std::string topic = "") {
  return {.kind = kind, .text = std::move(text), .topic = std::move(topic)};
}

TEST(KafkaProblems, AreListedOnceAndCountedEachTime) {
  KafkaProblems problems("trail");
  problems.add(problem(Kind::unreachable, "away"), seconds(1));
  problems.add(problem(Kind::unreachable, "still away"), seconds(2));
  problems.add(problem(Kind::no_topic, "not there", "events"), seconds(2));
  EXPECT_THAT(problems.texts(), ElementsAre("still away", "topic `events`: not there"));
  EXPECT_EQ(problems.count(), 3U);
}

TEST(KafkaProblems, KeepUsOutWhereSomebodyRefusesUs) {
  for (const Kind kind : {Kind::log_in, Kind::not_allowed, Kind::fenced}) {
    KafkaProblems problems("trail");
    problems.add(problem(kind, "no"), {});
    EXPECT_TRUE(problems.kept_out());
  }
  KafkaProblems problems("trail");
  problems.add(problem(Kind::unreachable, "away"), {});
  problems.add(problem(Kind::no_topic, "not there", "events"), {});
  EXPECT_FALSE(problems.kept_out());
}

TEST(KafkaProblems, EndOnEvidence) {
  KafkaProblems problems("trail");
  problems.add(problem(Kind::unreachable, "away"), {});
  problems.add(problem(Kind::not_allowed, "no grant on the group"), {});
  problems.add(problem(Kind::not_allowed, "no grant", "events"), {});
  problems.cluster_answered();
  EXPECT_THAT(problems.texts(), ElementsAre("no grant on the group", "topic `events`: no grant"));
  problems.group_joined();
  EXPECT_THAT(problems.texts(), ElementsAre("topic `events`: no grant"));
  problems.topics_seen({{"others", 1}});
  EXPECT_EQ(problems.texts().size(), 1U);
  problems.topics_seen({{"events", 1}});
  EXPECT_THAT(problems.texts(), IsEmpty());
}

TEST(KafkaProblems, WithoutEvidenceEndAfterAMinuteOfSilence) {
  KafkaProblems problems("trail");
  problems.add(problem(Kind::other, "odd"), seconds(0));
  problems.add(problem(Kind::unreachable, "away"), seconds(0));
  problems.forget_old(seconds(60));
  EXPECT_EQ(problems.texts().size(), 2U);
  problems.forget_old(seconds(61));
  EXPECT_THAT(problems.texts(), ElementsAre("away"));
}

TEST(KafkaProblems, ThatAreFatalStay) {
  KafkaProblems problems("trail");
  KafkaProblem fenced = problem(Kind::fenced, "fenced");
  fenced.fatal = true;
  problems.add(fenced, seconds(0));
  problems.group_joined();
  problems.forget_old(seconds(1000));
  EXPECT_TRUE(problems.fatal());
  EXPECT_THAT(problems.texts(), ElementsAre("fenced"));
}

}  // namespace
}  // namespace kedge
