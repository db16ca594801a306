#include "trail/index_follower.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <future>

#include "tests/support/temporary_directory.h"
#include "trail/record_index.h"

namespace kedge {
namespace {

// Tells when it was asked for what lies behind its last record: all before that is in the index.
class Asked final : public RecordSource {
 public:
  Result<std::vector<JournalEntry>> records(int64_t from, size_t limit) override {
    std::vector<JournalEntry> found;
    for (int64_t seq = from; seq < kRecords && found.size() < limit; ++seq) {
      found.push_back({seq, fmt::format(R"({{"kind":"test","seq":{}}})", seq)});
    }
    if (found.empty() && !told_) {
      told_ = true;
      all_read.set_value();
    }
    return found;
  }
  Result<int64_t> end() override { return kRecords; }

  static constexpr int64_t kRecords = 5000;
  std::promise<void> all_read;

 private:
  bool told_ = false;
};

TEST(IndexFollower, TakesInAllRecordsAndEndsWhenItIsStopped) {
  TemporaryDirectory directory;
  Asked records;
  IndexFollower follower(directory.path(), records, {});
  follower.start();
  records.all_read.get_future().wait();
  follower.stop();
  const auto index = RecordIndex::open(directory.path());
  ASSERT_TRUE(index) << index.error().message;
  EXPECT_EQ((*index)->next(), Asked::kRecords);
}

TEST(IndexFollower, LetsAnotherProcessBuildIt) {
  TemporaryDirectory directory;
  const auto other = RecordIndexBuilder::open(directory.path());
  ASSERT_TRUE(other);
  Asked records;
  IndexFollower follower(directory.path(), records, {});
  follower.start();
  follower.stop();
  EXPECT_FALSE(RecordIndex::open(directory.path()));
}

}  // namespace
}  // namespace kedge
