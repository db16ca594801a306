// What becomes of a built-in action's write and of its undo, whatever the endpoint does to them: carried by the
// protocol as the executor does it, every action ends as its kind of repetition promises. What it was to do is done,
// once: absolute and exact writes are repeated only where two looks have told that they were not done, and nothing that
// belongs to others is touched. (`once` and `token` have no built-in action; tests/remediate has them.)
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/actions/host_stage.h"
#include "tests/remediate/play.h"

namespace kedge {
namespace {

using Luck = FakeAws::Luck;

struct Subject {
  const char* action;
  const char* write;
  const char* undo;  // the write that takes it back
};

struct Fate {
  const char* name;
  std::deque<Luck> luck;  // of the first writes
  int sent;               // at most, until it is done
  // An answer that says that it was done, and it was not: what does not show in its time has failed. It is not claimed
  // to be done, and not repeated either.
  bool may_fail = false;
};

const std::vector<Subject> kSubjects = {
    {"aws.s3.block_public_access", "PUT publicAccessBlock", "DELETE publicAccessBlock"},
    {"aws.s3.remove_public_grants", "PUT policy", "PUT policy"},
    {"aws.s3.restore_ownership_controls", "PUT ownershipControls", "DELETE ownershipControls"},
    {"aws.ec2.revoke_security_group_rules", "RevokeSecurityGroupIngress", "AuthorizeSecurityGroupIngress"},
    {"aws.cloudtrail.start_logging", "StartLogging", "StopLogging"}};

const std::vector<Fate> kFates = {
    {"Answered", {Luck::fine}, 1},
    {"AnsweredTooLate", {Luck::slow}, 1},
    {"SeenLater", {Luck::late}, 2},  // the answer has no document, so that some do not take it for one
    {"DoneAfterTheClientGaveUp", {Luck::arrives_late}, 1},
    {"DeliveredTwice", {Luck::twice}, 1},
    {"ResetBeforeIt", {Luck::reset_before}, 2},
    {"ResetBehindIt", {Luck::reset_after}, 1},
    {"ResetEachTimeAndDoneOnce", {Luck::reset_before, Luck::reset_after}, 2},
    {"Throttled", {Luck::throttled, Luck::throttled}, 3},
    {"AnsweredWithAnotherDocument", {Luck::wrong_document}, 2, true},
    {"AnsweredWithAnErrorAnd200", {Luck::error_with_200}, 2}};

class Repetition : public testing::TestWithParam<std::tuple<Subject, Fate>> {
 protected:
  // A world of its own, and the engine in it.
  struct World {
    explicit World(const std::string& action) {
      aws.pass = [this](Duration span) { clock.advance(span); };
      aws.bucket.acl = acl_xml();
      step.action = action;
      step.args = set_up_for(action, aws);
      client = *AwsClient::create(options_of_stage(), {}, clock, aws);
      play = std::make_unique<Play>(Cast{clock, aws, built_in_actions(*client)});
    }
    State carry_out() { return play->run(id = play->open({step})); }
    State undo() {
      EXPECT_TRUE(play->commit(PersonalMove{id, Move::undo, "alice", "it was meant"}).done());
      play->take_up(id);
      return play->run(id);
    }
    // All that there is, but for names that AWS gives.
    std::string all() const {
      std::string text;
      const auto& b = aws.bucket;
      const auto flag = [](bool on) { return on ? '1' : '0'; };
      if (b.block) {
        text += {'b', flag(b.block->block_public_acls), flag(b.block->ignore_public_acls),
                 flag(b.block->block_public_policy), flag(b.block->restrict_public_buckets)};
      }
      text += b.acl + b.policy.value_or("no policy") + b.ownership.value_or("no ownership") + flag(aws.trail.logging);
      for (const auto& rule : aws.rules) text += rule.protocol + rule.cidr_ipv4 + rule.description;
      return text;
    }

    FakeClock clock;
    FakeAws aws;
    Step step;
    std::unique_ptr<AwsClient> client;
    std::unique_ptr<Play> play;
    std::string id;
  };

  static int sent(const World& world, const std::string& write, size_t from = 0) {
    const auto begin = world.aws.writes.begin() + static_cast<std::ptrdiff_t>(from);
    return static_cast<int>(std::count(begin, world.aws.writes.end(), write));
  }
  static void expect_nothing_claimed(World& world, const std::string& before, const std::string& write,
                                     size_t from = 0) {
    EXPECT_EQ(world.all(), before);
    EXPECT_EQ(sent(world, write, from), 1);
    EXPECT_THAT(world.play->stored(world.id).reason, testing::HasSubstr("within 1m"));
  }
};

TEST_P(Repetition, OfTheEffectLeavesTheWorldAsOneCleanWriteDoes) {
  const auto& [subject, fate] = GetParam();
  World clean(subject.action);
  ASSERT_EQ(clean.carry_out(), State::confirmed);
  World world(subject.action);
  const std::string before = world.all();
  world.aws.next(subject.write, fate.luck);
  const State end = world.carry_out();
  if (fate.may_fail && end == State::failed) return expect_nothing_claimed(world, before, subject.write);
  EXPECT_EQ(end, State::confirmed) << world.play->stored(world.id).reason;
  EXPECT_EQ(world.all(), clean.all());
  EXPECT_GE(sent(world, subject.write), 1);
  EXPECT_LE(sent(world, subject.write), fate.sent);
}

TEST_P(Repetition, OfTheUndoPutsBackWhatWasThere) {
  const auto& [subject, fate] = GetParam();
  World world(subject.action);
  const std::string before = world.all();
  ASSERT_EQ(world.carry_out(), State::confirmed);
  const std::string after = world.all();
  const size_t written = world.aws.writes.size();
  world.aws.next(subject.undo, fate.luck);
  const State end = world.undo();
  if (fate.may_fail && end == State::failed) return expect_nothing_claimed(world, after, subject.undo, written);
  EXPECT_EQ(end, State::undone) << world.play->stored(world.id).reason;
  EXPECT_EQ(world.all(), before);
  EXPECT_GE(sent(world, subject.undo, written), 1);
  EXPECT_LE(sent(world, subject.undo, written), fate.sent);
}

INSTANTIATE_TEST_SUITE_P(BuiltIn, Repetition, testing::Combine(testing::ValuesIn(kSubjects), testing::ValuesIn(kFates)),
                         [](const auto& one) {
                           const std::string action = std::get<0>(one.param).action;
                           return action.substr(action.rfind('.') + 1) + "_" + std::get<1>(one.param).name;
                         });

// A new action has to stand in the list above; one on hosts in that of host_stage.h.
TEST(RepetitionList, HasEveryBuiltInAction) {
  FakeClock clock;
  FakeAws aws;
  AwsOptions options;
  options.access_key_id = "AK";
  options.secret_access_key = "secret";
  const auto client = *AwsClient::create(options_of_stage(), {}, clock, aws);
  const ActionTable actions(built_in_actions(*client));
  std::vector<std::string> known, listed;
  for (const ActionSpec& spec : actions.catalog().all()) known.push_back(spec.name);
  for (const Subject& subject : kSubjects) listed.emplace_back(subject.action);
  for (const HostSubject& subject : kHostSubjects) listed.emplace_back(subject.action);
  EXPECT_THAT(listed, testing::UnorderedElementsAreArray(known));
}

}  // namespace
}  // namespace kedge
