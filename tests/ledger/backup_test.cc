// A backup holds what one commit left, and is only there when it is whole.
#include "ledger/backup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "ledger/durable_files.h"
#include "ledger/sqlite.h"
#include "ledger/sqlite_ledger.h"
#include "tests/ledger/faulty_disk.h"
#include "tests/ledger/fixtures.h"
#include "tests/support/fake_clock.h"
#include "tests/support/temporary_directory.h"

namespace kedge {
namespace {

constexpr Duration kHorizon = std::chrono::hours(24 * 90);

class BackupTest : public testing::Test {
 protected:
  BackupTest() {
    set_disk_fault(DiskFault::none);
    options.directory = directory.path() / "data";
    ledger = *open_sqlite_ledger(options, clock, random);
  }
  ~BackupTest() override { set_disk_fault(DiskFault::none); }

  void open_one(int number) {
    const Change change = batch_of({sample_finding(number, "t" + std::to_string(number), clock.now())});
    ASSERT_TRUE(ledger->apply({&change, 1}).at(0).done());
  }
  Result<LedgerCheck> back_up() { return back_up_ledger(options.directory, file, kHorizon); }
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(directory.path() / "backups")) {
      names.push_back(entry.path().filename());
    }
    return names;
  }

  TemporaryDirectory directory;
  const std::string file = (directory.write("backups/.keep", "").parent_path() / "ledger.db");
  SqliteLedgerOptions options;
  FakeClock clock;
  Random random{1};
  std::unique_ptr<Ledger> ledger;
};

TEST_F(BackupTest, HoldsTheLedgerBesideItsWriter) {
  open_one(1);
  const auto made = back_up();
  ASSERT_TRUE(made.ok()) << made.error().message;
  EXPECT_TRUE(made->good());
  EXPECT_EQ(made->head, ledger->head());
  EXPECT_EQ(made->open, 1);
  open_one(2);
  EXPECT_EQ(check_ledger(file, kHorizon)->head, ledger->head() - 1);
  EXPECT_THAT(files(), testing::UnorderedElementsAre(".keep", "ledger.db"));  // reading it made no file beside it
}

TEST_F(BackupTest, IsReadableByItsOwnerOnly) {
  ASSERT_TRUE(back_up().ok());
  struct stat status {};
  ASSERT_EQ(stat(file.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
}

TEST_F(BackupTest, TakesNoOthersPlace) {
  directory.write("backups/ledger.db", "another");
  const auto made = back_up();
  ASSERT_FALSE(made.ok());
  EXPECT_EQ(made.error().code, ErrorCode::conflict);
  EXPECT_EQ(directory.read("backups/ledger.db"), "another");
  const std::string mine = directory.write("backups/mine", "mine");
  EXPECT_EQ(take_free_name(mine, file).error().code, ErrorCode::conflict);  // also when it comes later
  EXPECT_EQ(directory.read("backups/ledger.db"), "another");
}

TEST_F(BackupTest, OfAFaultyLedgerIsNone) {
  open_one(1);
  ledger.reset();
  Database(options.directory + "/ledger.db", SQLITE_OPEN_READWRITE).execute("DELETE FROM journal WHERE seq = 0");
  const auto made = back_up();
  ASSERT_TRUE(made.ok()) << made.error().message;
  EXPECT_FALSE(made->good());
  EXPECT_THAT(files(), testing::ElementsAre(".keep"));
}

TEST_F(BackupTest, LeavesNothingWhereThereIsNoRoom) {
  set_disk_fault(DiskFault::full);
  const auto made = back_up();
  ASSERT_FALSE(made.ok());
  EXPECT_EQ(made.error().code, ErrorCode::no_room);
  EXPECT_THAT(files(), testing::ElementsAre(".keep"));
}

TEST_F(BackupTest, SaysWhatIsMissing) {
  EXPECT_EQ(back_up_ledger(directory.path() / "none", file, kHorizon).error().code, ErrorCode::not_found);
  EXPECT_EQ(back_up_ledger(options.directory, directory.path() / "none/x", kHorizon).error().code,
            ErrorCode::not_found);
}

// Whatever is being committed meanwhile: the copy is never between two commits.
TEST_F(BackupTest, IsOneCommitOfMany) {
  constexpr int kBackups = 10;
  constexpr int kCommits = 50;  // beside each backup at most: it takes the longer, the more there is
  std::atomic<int> begun = 0;
  std::thread writer([&] {
    for (int i = 1; begun <= kBackups; ++i) {
      while (i > begun * kCommits && begun <= kBackups) std::this_thread::yield();
      open_one(i);
    }
  });
  for (int i = 0; i < kBackups; ++i) {
    begun = i + 1;
    const auto made = back_up_ledger(options.directory, file + std::to_string(i), kHorizon);
    EXPECT_TRUE(made.ok() && made->good());
    if (!made.ok()) break;
    EXPECT_EQ(made->open, made->head);  // each record but the first is a remediation's
  }
  begun = kBackups + 1;
  writer.join();
}

}  // namespace
}  // namespace kedge
