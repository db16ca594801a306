#include "pipeline/checkpoint_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "audit/kept_checkpoints.h"
#include "base/files.h"
#include "tests/audit/log_files.h"
#include "tests/audit/reference_tree.h"
#include "tests/support/temporary_directory.h"

namespace kedge {
namespace {

using testing::HasSubstr;

PublishedCheckpoint checkpoint(uint64_t size) {
  return {vectors::kOrigin, size, checkpoint_of(numbered_entries(size))};
}

// A disk that is full at so many bytes of a file: the write that comes to it takes a part, the next one nothing.
class FullAt {
 public:
  explicit FullAt(size_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before_);
    rlimit now = before_;
    now.rlim_cur = bytes;
    setrlimit(RLIMIT_FSIZE, &now);
  }
  ~FullAt() { setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_{};
};

class CheckpointFileTest : public testing::Test {
 protected:
  Delivery publish(uint64_t size) { return place_.publish(checkpoint(size), Time{}, {}); }
  std::string text() const { return read_file(path_).value(); }
  std::vector<std::string> kept() const {
    std::vector<std::string> notes;
    const std::string all = text();
    for (const KeptCheckpoint& one : split_kept_checkpoints(all).notes) notes.emplace_back(one.note);
    return notes;
  }

  const TemporaryDirectory directory_;
  const std::string path_ = directory_.path() / "checkpoints";
  CheckpointFile place_{path_};
};

TEST_F(CheckpointFileTest, HasEachCheckpointBehindTheOneBefore) {
  EXPECT_EQ(publish(1).kind, Delivery::Kind::delivered);
  EXPECT_EQ(publish(2).kind, Delivery::Kind::delivered);
  EXPECT_EQ(text(), checkpoint(1).note + checkpoint(2).note);
}

TEST_F(CheckpointFileTest, GoesOnInANewOneWhereItWasMovedAway) {
  (void)publish(1);
  std::filesystem::rename(path_, path_ + ".1");
  EXPECT_EQ(publish(2).kind, Delivery::Kind::delivered);
  EXPECT_EQ(text(), checkpoint(2).note);
}

// Of a log that was put back: what is kept would say of the sound one, too, that it is a fork.
TEST_F(CheckpointFileTest, TakesNoneBehindANewerOneOfTheSameLog) {
  ASSERT_EQ(publish(7).kind, Delivery::Kind::delivered);
  const std::string before = text();
  const Delivery older = publish(3);
  EXPECT_EQ(older.kind, Delivery::Kind::retry);
  EXPECT_THAT(older.error, HasSubstr("has a checkpoint of 7 entries, and this one is of 3: the log was put back"));
  const std::string other = checkpoint_of({"a", "b", "c", "d", "e", "f", "g"});
  EXPECT_THAT(place_.publish({vectors::kOrigin, 7, other}, Time{}, {}).error, HasSubstr("the log was put back"));
  EXPECT_EQ(text(), before);
  EXPECT_EQ(publish(7).kind, Delivery::Kind::delivered) << "what is said again";
  EXPECT_EQ(publish(8).kind, Delivery::Kind::delivered);
}

TEST_F(CheckpointFileTest, TellsTheLastOnesThatAKeySigned) {
  const std::vector<VerifierKey> keys = {known_key().verifier()};
  EXPECT_EQ(last_checkpoints_in(path_, keys)->size(), 0U) << "there is no file";
  for (const uint64_t size : {1, 2, 3}) (void)publish(size);
  std::ofstream(path_, std::ios::app) << "no checkpoint\n";
  const auto found = last_checkpoints_in(path_, keys);
  ASSERT_TRUE(found) << found.error().message;
  ASSERT_EQ(found->size(), 3U);
  EXPECT_EQ(found->back(), open_checkpoint(checkpoint(3).note, keys).value());
  EXPECT_EQ(
      last_checkpoints_in(path_, {SigningKey::from_seed(vectors::kOrigin, std::string(32, 'k'))->verifier()})->size(),
      0U);
  EXPECT_FALSE(last_checkpoints_in(directory_.path(), keys));
}

TEST_F(CheckpointFileTest, SaysWhatIsInTheWayAndMakesNoDirectory) {
  CheckpointFile nowhere(directory_.path() / "not-mounted" / "checkpoints");
  const Delivery delivery = nowhere.publish(checkpoint(1), Time{}, {});
  EXPECT_EQ(delivery.kind, Delivery::Kind::retry);
  EXPECT_THAT(delivery.error, HasSubstr("No such file or directory"));
  EXPECT_FALSE(std::filesystem::exists(directory_.path() / "not-mounted"));
  std::filesystem::create_directory(path_);
  EXPECT_THAT(publish(1).error, HasSubstr("Is a directory"));
  EXPECT_THAT(CheckpointFile("/dev/null").publish(checkpoint(1), Time{}, {}).error, HasSubstr("is no file that"));
}

TEST_F(CheckpointFileTest, ThatIsCutOffByAFullDiskAnywhereIsWholeAgainWithTheNextOne) {
  (void)publish(1);
  const size_t size = text().size();
  for (size_t room = 0; room < checkpoint(2).note.size(); ++room) {
    std::filesystem::resize_file(path_, size);
    {
      const FullAt full(size + room);
      EXPECT_EQ(publish(2).kind, Delivery::Kind::retry) << room;
      EXPECT_EQ(publish(2).kind, Delivery::Kind::retry) << room;
    }
    EXPECT_EQ(publish(3).kind, Delivery::Kind::delivered);
    EXPECT_EQ(kept(), (std::vector{checkpoint(1).note, checkpoint(3).note})) << room;
  }
}

}  // namespace
}  // namespace kedge
