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
