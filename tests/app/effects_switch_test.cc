#include "app/effects_switch.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "audit/key_file.h"
#include "base/random.h"
#include "ledger/sqlite_ledger.h"
#include "tests/pipeline/reading.h"
#include "tests/support/fake_clock.h"
#include "tests/support/temporary_directory.h"

namespace kedge {
namespace {

class SharedSource : public RecordingSource {
 public:
  std::optional<std::string> not_alone() const override { return why; }
  std::optional<std::string> ledger_in_doubt() const override { return doubt; }
  std::optional<std::string> why;
  std::optional<std::string> doubt;
};

class EffectsSwitchTest : public testing::Test {
 protected:
  EffectsSwitchTest() {
    options_.directory = directory_.path();
    ledger_ = *open_sqlite_ledger(options_, clock_, random_);
    reader_ = *open_sqlite_reader(options_.directory);
    committer_ = std::make_unique<Committer>(*ledger_, runnable_, Committer::Options{});
    file_.emplace(*PauseFile::open(options_.directory));
    effects_ = std::make_unique<EffectsSwitch>(EffectsSwitch::Parts{*committer_, *reader_, *file_, {&source_}});
  }

  void pause(const std::string& scope) {
    ASSERT_TRUE(committer_->commit(AddPause{{scope, "a storm", "alice", ledger_->now()}}).done());
  }
  void resume(const std::string& scope) { ASSERT_TRUE(committer_->commit(RemovePause{scope, "alice"}).done()); }
  std::string why() const {
    const auto stop = effects_->stopped();
    return stop ? stop->reason : "";
  }

  TemporaryDirectory directory_;
  FakeClock clock_;
  Random random_{1};
  SqliteLedgerOptions options_;
  std::unique_ptr<Ledger> ledger_;
  std::unique_ptr<LedgerReader> reader_;
  Mailbox<Remediation> runnable_{SIZE_MAX};
  std::unique_ptr<Committer> committer_;
  std::optional<PauseFile> file_;
  SharedSource source_;
  std::unique_ptr<EffectsSwitch> effects_;
};

TEST_F(EffectsSwitchTest, FollowsThePausesOfTheLedger) {
  EXPECT_EQ(why(), "");
  pause("all");
  EXPECT_EQ(why(), "paused by alice (a storm); `kedge resume` goes on");
  EXPECT_TRUE(effects_->stopped()->gate_knows);
  resume("all");
  EXPECT_EQ(why(), "");
  pause("rule:aws.s3.public-bucket");
  EXPECT_EQ(why(), "");
}

TEST_F(EffectsSwitchTest, LetsNothingExpireWhileTheClockIsInDoubtWhateverElseStopsEffects) {
  pause("all");
  EXPECT_FALSE(effects_->stopped()->nothing_expires);
  clock_.set_wall(clock_.now() + std::chrono::hours(2));
  ASSERT_TRUE(committer_->commit(CommitBatch{}).done());
  EXPECT_EQ(why(), "paused by alice (a storm); `kedge resume` goes on");
  EXPECT_TRUE(effects_->stopped()->nothing_expires);
  resume("all");
  EXPECT_TRUE(effects_->stopped()->nothing_expires);
}

TEST_F(EffectsSwitchTest, KnowsWhatAPauseOfARuleOrOfAnAccountIsFor) {
  Remediation one;
  one.plan.rule.id = "aws.s3.public-bucket";
  one.event.account = "123456789012";
  Remediation other;
  other.plan.rule.id = "another";
  other.event.account = "210987654321";
  for (const std::string scope : {"rule:aws.s3.public-bucket", "account:123456789012"}) {
    EXPECT_FALSE(effects_->stopped(&one));
    pause(scope);
    ASSERT_TRUE(effects_->stopped(&one)) << scope;
    EXPECT_EQ(effects_->stopped(&one)->reason,
              "paused by alice (a storm); `kedge resume --scope " + scope + "` goes on");
    EXPECT_TRUE(effects_->stopped(&one)->gate_knows);
    EXPECT_FALSE(effects_->stopped(&other));
    resume(scope);
  }
  pause("all");
  EXPECT_TRUE(effects_->stopped(&other));
}

TEST_F(EffectsSwitchTest, AnAuditLogThatLagsStopsThemUnlessTheyMayGoOnWithoutIt) {
  const std::string key = directory_.path() / "key";
  ASSERT_TRUE(make_key_file(key, "example.com/audit"));
  for (const bool stops : {true, false}) {
    AuditOptions options;
    options.keys = {key};
    options.behind_records = 0;
    options.stops_effects = stops;
    options.directory = directory_.path() / (stops ? "stops" : "goes-on");
    options.publish_every = std::chrono::hours(24 * 3650);
    const std::string data = directory_.path() / (stops ? "head-1" : "head-2");
    std::filesystem::create_directories(data);
    auto log = AuditLog::start(options, data, *reader_, clock_);
    ASSERT_TRUE(log) << log.error().message;
    const EffectsSwitch effects({*committer_, *reader_, *file_, {&source_}, log->get()});
    while (!(*log)->trouble()) std::this_thread::yield();
    EXPECT_EQ(effects.stopped().has_value(), stops);
  }
}

TEST_F(EffectsSwitchTest, APauseFileCountsAtOnce) {
  EXPECT_EQ(why(), "");
  std::ofstream(file_->path()).close();
  EXPECT_EQ(why(), "the file " + file_->path() + " is there: remove it to go on");
  EXPECT_FALSE(effects_->stopped()->gate_knows);
  pause("file:" + file_->path());
  EXPECT_TRUE(effects_->stopped()->gate_knows);
  std::filesystem::remove(file_->path());
  EXPECT_EQ(why(), "a storm");
  resume("file:" + file_->path());
  EXPECT_EQ(why(), "");
}

TEST_F(EffectsSwitchTest, StopsWhileASourceIsNotAlone) {
  source_.why = "a stranger reads the same group";
  EXPECT_EQ(why(), "source trail: a stranger reads the same group");
  source_.why.reset();
  EXPECT_EQ(why(), "");
}

// Contracts §6: a ledger that is older than the world does not act.
TEST_F(EffectsSwitchTest, StopsWhileTheLedgerMayBeOlderThanTheWorld) {
  source_.doubt = "the group was read further";
  EXPECT_EQ(why(), "source trail: the group was read further");
  source_.doubt.reset();
  EXPECT_EQ(why(), "");
}

TEST_F(EffectsSwitchTest, IsTurnedOffForGood) {
  effects_->turn_off();
  EXPECT_EQ(why(), "the engine is stopping");
}

}  // namespace
}  // namespace kedge
