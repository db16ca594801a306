// The journal lets records go that are in the audit log and past the horizon.
#include <gtest/gtest.h>

#include "tests/ledger/ledger_pair.h"

namespace kedge {
namespace {

using std::chrono::hours;

class LetRecordsGoTest : public LedgerTest {
 protected:
  LetRecordsGoTest() {
    options.published = [this] { return published_; };
  }

  void note(int times) {
    for (int i = 0; i < times; ++i)
      ASSERT_TRUE(commit(NoteStop{"record " + std::to_string(ledger().head() + 1)}).done());
  }
  int64_t begin() { return reader().journal(0, 1)->front().seq; }
  // So that all that was recorded until now is past the horizon.
  void wait() { clock.advance(options.journal_horizon + hours(48)); }

  int64_t published_ = 0;
};

INSTANTIATE_TEST_SUITE_P(Ledgers, LetRecordsGoTest, kAllLedgers, name_of_ledger);

TEST_P(LetRecordsGoTest, KeepsWhatIsNotPublishedAndTheLastOneThatIs) {
  note(20);
  wait();
  note(1);
  EXPECT_EQ(begin(), 0);
  published_ = 1;
  note(1);
  EXPECT_EQ(begin(), 0);
  published_ = 11;
  note(1);
  EXPECT_EQ(begin(), 10) << "which is the last that was published";
  note(20);
  EXPECT_EQ(begin(), 10);
  EXPECT_EQ(record(10)["seq"], 10);
}

TEST_P(LetRecordsGoTest, KeepsWhatIsWithinTheHorizon) {
  note(5);
  wait();
  const int64_t first = ledger().head() + 1;
  published_ = first + 100;
  note(15);
  EXPECT_EQ(begin(), first);
}

// The group that lets the others go writes one itself.
TEST_P(LetRecordsGoTest, KeepsTheLastRecordAndGoesOnBehindIt) {
  note(5);
  wait();
  published_ = 1'000;
  note(2);
  const int64_t head = ledger().head();
  wait();
  note(1);
  EXPECT_EQ(begin(), head + 1);
  restart();
  EXPECT_EQ(ledger().head(), head + 1);
  note(1);
  EXPECT_EQ(record(head + 2)["seq"], head + 2) << "numbers go on";
}

TEST_P(LetRecordsGoTest, TakesALittleWithEachGroup) {
  note(100);
  wait();
  published_ = 1'000;
  note(1);
  EXPECT_EQ(begin(), records_to_let_go(1));
  note(1);
  EXPECT_EQ(begin(), 2 * records_to_let_go(1));
  EXPECT_FALSE(commit(PersonalMove{"none", Move::cancel, "alice", ""}).done());
  EXPECT_EQ(begin(), 2 * records_to_let_go(1)) << "it wrote nothing";
}

TEST_P(LetRecordsGoTest, LeavesWhatIsOpenAsItIs) {
  const std::string id = open(1, "arn:aws:s3:::b");
  wait();
  published_ = ledger().head() + 1;
  note(3);
  EXPECT_EQ(begin(), published_ - 1);
  restart();
  const auto open = *reader().open_remediations();
  ASSERT_EQ(open.size(), 1U);
  const Answer started = commit(sample_start(id, "arn:aws:s3:::b", ledger().head()));
  EXPECT_TRUE(started.done()) << started.error.message;
  EXPECT_EQ(last_record()["remediation"], id);
}

}  // namespace
}  // namespace kedge
