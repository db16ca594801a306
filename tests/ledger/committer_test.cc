#include "ledger/committer.h"

#include <gtest/gtest.h>

#include <thread>

#include "tests/ledger/fixtures.h"
#include "tests/ledger/memory_ledger.h"
#include "tests/support/fake_clock.h"
#include "tests/support/temporary_directory.h"

namespace kedge {
namespace {

constexpr Duration kLong = std::chrono::seconds(60);

class CommitterTest : public testing::Test {
 protected:
  FakeClock clock;
  MemoryLedger ledger{clock};
  Mailbox<Remediation> runnable{100};
};

TEST_F(CommitterTest, AnswersEachOfManyThreads) {
  Committer committer(ledger, runnable, {});
  constexpr int kThreads = 8;
  constexpr int kEach = 50;
  std::vector<std::thread> threads;
  std::atomic<int> done{0};
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < kEach; ++i) done += committer.commit(NoteStop{"one of many"}).done();
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(done, kThreads * kEach);
  EXPECT_EQ(committer.head(), kThreads * kEach);
  EXPECT_EQ(committer.figures().changes, kThreads * kEach);
}

TEST_F(CommitterTest, HandsOnWhatACommitMakesRunnable) {
  Committer committer(ledger, runnable, {});
  committer.commit(sample_rules());
  const Answer answer = committer.commit(batch_of({sample_finding(1, "bucket", clock.now())}));
  ASSERT_TRUE(answer.done());
  const auto handed_on = runnable.take(kLong);
  ASSERT_TRUE(handed_on.has_value());
  EXPECT_EQ(handed_on->id, sample_id(1));
  EXPECT_GE(committer.head(), handed_on->last_finding);
}

TEST_F(CommitterTest, GoesOnByItselfWithWhatIsMoreThanOneCommit) {
  Mailbox<Remediation> many(SIZE_MAX);
  constexpr size_t kHeld = 3 * kResumedAtOnce + 1;
  {
    Committer committer(ledger, many, {});
    committer.commit(sample_rules());
    for (size_t i = 0; i < kHeld; ++i) {
      const int number = static_cast<int>(i);
      committer.commit(batch_of({sample_finding(number, "b" + std::to_string(i), clock.now())}));
      MoveRemediation hold;
      hold.remediation = sample_id(number);
      hold.guard = "pause";
      ASSERT_TRUE(committer.commit(hold).done());
    }
    many.take_all(Duration{0});
    ASSERT_TRUE(committer.commit(AddPause{{"all", "", "alice", clock.now()}}).done());
    EXPECT_EQ(committer.commit(RemovePause{"all", "alice"}).runnable.size(), kResumedAtOnce)
        << "the answer waits for no more";
  }
  EXPECT_EQ(many.weight(), kHeld) << "it ends with nothing left over";
}

TEST_F(CommitterTest, LetsOthersCommitBetweenTheParts) {
  Mailbox<Remediation> many(SIZE_MAX);
  constexpr size_t kHeld = 3 * kResumedAtOnce + 1;
  Committer committer(ledger, many, {});
  committer.commit(sample_rules(Mode::shadow));
  for (size_t i = 0; i < kHeld; ++i) {
    const int number = static_cast<int>(i);
    const std::string target = "b" + std::to_string(i);
    committer.commit(batch_of({sample_finding(number, target, clock.now())}));
    ASSERT_EQ(committer.commit(sample_start(sample_id(number), target, ledger.head())).go->guard, "rule");
  }
  many.take_all(Duration{0});
  const int64_t before = committer.figures().groups;
  EXPECT_EQ(committer.commit(sample_rules(Mode::enforce)).runnable.size(), kResumedAtOnce);
  for (size_t i = 0; i < kHeld; ++i) ASSERT_TRUE(many.take(kLong)) << i;
  EXPECT_EQ(committer.figures().groups - before, 4) << "a part with each group";
}

// What the next start finds again keeps nobody who stops; what a person has let go on does.
TEST_F(CommitterTest, LeavesToTheNextStartWhatThatFindsAgain) {
  class Endless final : public Ledger {
   public:
    explicit Endless(Ledger& ledger) : ledger_(ledger) {}
    std::vector<Answer> apply(std::span<const Change> changes) override {
      std::vector<Answer> answers(changes.size());
      answers.front().more = {WakeStanding{"rule a", "", "rules_loaded", ""}};
      return answers;
    }
    int64_t head() const override { return ledger_.head(); }
    Time now() const override { return ledger_.now(); }
    std::optional<Duration> clock_doubt() const override { return ledger_.clock_doubt(); }
    Time time_of_day() const override { return ledger_.time_of_day(); }

   private:
    Ledger& ledger_;
  } endless(ledger);
  Committer committer(endless, runnable, {});
  EXPECT_TRUE(committer.commit(NoteStop{""}).done());
  committer.stop();
  EXPECT_FALSE(committer.failed());
}

TEST_F(CommitterTest, AnswersEvenWhenNobodyTakesWhatIsRunnable) {
  Mailbox<Remediation> small(1);
  Committer committer(ledger, small, {});
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(committer.commit(batch_of({sample_finding(i, "b" + std::to_string(i), clock.now())})).done());
  }
  for (int i = 0; i < 5; ++i) EXPECT_EQ(small.take(kLong)->id, sample_id(i));  // in order, as soon as there is room
}

TEST_F(CommitterTest, GivesWordOfNotices) {
  Mailbox<bool> noticed(1);
  Committer::Options options;
  options.noticed = &noticed;
  Committer committer(ledger, runnable, options);
  committer.commit(NoteStop{"of which nobody is told"});
  EXPECT_EQ(noticed.weight(), 0U);
  RaiseAlarm alarm;
  alarm.notify = {"ops"};
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(committer.commit(alarm).done());
  EXPECT_TRUE(noticed.take(kLong));
}

TEST_F(CommitterTest, TakesAllThatWaitAsOneGroup) {
  Committer committer(ledger, runnable, {});
  std::vector<Reply<Answer>> replies;
  for (int i = 0; i < 300; ++i) replies.push_back(committer.submit(NoteStop{""}));
  for (Reply<Answer>& reply : replies) EXPECT_TRUE(reply.get(kLong)->done());
  EXPECT_LE(committer.figures().groups, 300);
  EXPECT_EQ(committer.figures().changes, 300);
}

// Which thread had the ledger apply what.
class WatchedLedger final : public Ledger {
 public:
  explicit WatchedLedger(Ledger& ledger) : ledger_(ledger) {}
  std::vector<Answer> apply(std::span<const Change> changes) override {
    writers.push_back(std::this_thread::get_id());
    if (hold) held.take(kLong);
    return ledger_.apply(changes);
  }
  int64_t head() const override { return ledger_.head(); }
  Time now() const override { return ledger_.now(); }
  std::optional<Duration> clock_doubt() const override { return ledger_.clock_doubt(); }
  Time time_of_day() const override { return ledger_.time_of_day(); }

  std::atomic<bool> hold{false};
  Mailbox<bool> held{1};
  std::vector<std::thread::id> writers;

 private:
  Ledger& ledger_;
};

TEST_F(CommitterTest, LetsWhoCommitsAloneWriteItself) {
  WatchedLedger watched(ledger);
  Committer committer(watched, runnable, {});
  EXPECT_TRUE(committer.commit(NoteStop{""}).done());
  EXPECT_TRUE(committer.submit(NoteStop{""}).get(kLong)->done());
  committer.stop();
  ASSERT_EQ(watched.writers.size(), 2U);
  EXPECT_EQ(watched.writers[0], std::this_thread::get_id());
  EXPECT_NE(watched.writers[1], std::this_thread::get_id());
}

TEST_F(CommitterTest, GathersWhoComesWhileAnotherWrites) {
  WatchedLedger watched(ledger);
  Committer committer(watched, runnable, {});
  watched.hold = true;
  std::thread first([&] { EXPECT_TRUE(committer.commit(NoteStop{"first"}).done()); });
  while (!Pulse::is_at_work(committer.pulse().beats())) std::this_thread::yield();
  std::vector<Reply<Answer>> replies;
  for (int i = 0; i < 20; ++i) replies.push_back(committer.submit(NoteStop{"behind it"}));
  watched.hold = false;
  watched.held.put(true);
  for (Reply<Answer>& reply : replies) EXPECT_TRUE(reply.get(kLong)->done());
  first.join();
  EXPECT_EQ(watched.writers.size(), 2U);
}

TEST_F(CommitterTest, KeepsTheOrderOfEachThread) {
  Committer committer(ledger, runnable, {});
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 100; ++i) {
        Reply<Answer> earlier = committer.submit(NoteStop{"earlier"});
        const Answer later = committer.commit(NoteStop{"later"});
        EXPECT_LT(earlier.get(kLong)->seq, later.seq);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_F(CommitterTest, SaysThatThereIsNoRoomUntilThereIs) {
  Committer committer(ledger, runnable, {});
  ledger.answer_with(Outcome::no_room);
  EXPECT_EQ(static_cast<int>(committer.commit(NoteStop{""}).outcome), static_cast<int>(Outcome::no_room));
  EXPECT_TRUE(committer.no_room());
  ledger.answer_with(Outcome::done);
  EXPECT_TRUE(committer.commit(NoteStop{""}).done());
  EXPECT_FALSE(committer.no_room());
}

TEST_F(CommitterTest, IsFinishedByAFinalAnswer) {
  Committer committer(ledger, runnable, {});
  ledger.answer_with(Outcome::final);
  EXPECT_EQ(static_cast<int>(committer.commit(NoteStop{""}).outcome), static_cast<int>(Outcome::final));
  ledger.answer_with(Outcome::done);
  EXPECT_EQ(static_cast<int>(committer.commit(NoteStop{""}).outcome), static_cast<int>(Outcome::final));
  EXPECT_TRUE(committer.failed().has_value());
  EXPECT_EQ(ledger.head(), 0);
}

TEST_F(CommitterTest, CommitsWhatWaitsWhenItStops) {
  std::vector<Reply<Answer>> replies;
  Committer committer(ledger, runnable, {});
  for (int i = 0; i < 100; ++i) replies.push_back(committer.submit(NoteStop{""}));
  committer.stop();
  for (Reply<Answer>& reply : replies) EXPECT_TRUE(reply.get(kLong)->done());
  const Answer late = committer.commit(NoteStop{""});
  EXPECT_EQ(static_cast<int>(late.outcome), static_cast<int>(Outcome::refused));
  EXPECT_EQ(late.error.code, ErrorCode::unavailable);
}

TEST_F(CommitterTest, WritesToSqliteWhileOthersRead) {
  TemporaryDirectory directory;
  Random random(1);
  SqliteLedgerOptions options;
  options.directory = directory.path();
  options.wal_bytes_max = 200'000;  // restarts and checkpoints come into play
  const auto sqlite = *open_sqlite_ledger(options, clock, random);
  const auto reader = *open_sqlite_reader(options.directory);
  Committer committer(*sqlite, runnable, {});
  std::thread reading([&] {
    for (int64_t head = 0; head < 100;) {
      head = *reader->journal_head();
      EXPECT_EQ(reader->journal(head, 1)->size(), 1U);
    }
  });
  std::vector<std::thread> writing;
  for (int t = 0; t < 4; ++t) {
    writing.emplace_back([&] {
      for (int i = 0; i < 25; ++i) EXPECT_TRUE(committer.commit(NoteStop{std::string(2'000, 'x')}).done());
    });
  }
  for (std::thread& thread : writing) thread.join();
  reading.join();
  EXPECT_EQ(committer.head(), 100);
}

}  // namespace
}  // namespace kedge
