#include "pipeline/checkpoint_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>

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
