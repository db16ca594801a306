// The index finds what the walk finds: the same random questions are put to both.
#include "trail/record_search.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "tests/support/temporary_directory.h"
#include "tests/trail/kept_journal.h"
#include "tests/trail/random_trail.h"
#include "trail/record_index_builder.h"
#include "trail/record_list.h"
#include "trail/story.h"

namespace kedge {
namespace {

using testing::KeptJournal;
using testing::RandomTrail;

class RecordSearchTest : public ::testing::TestWithParam<uint64_t> {
 protected:
  // Runs of records with gaps between them, over two complete stretches and a piece.
  void live(size_t runs) {
    for (; runs > 0; --runs) {
      for (size_t records = 0; records < 120; ++records) journal_.append(trail_.next());
      trail_.skip(runs % 3 == 0 ? 20'000 : 700);
    }
  }

  void build(size_t at_once = 333) {
    auto builder = RecordIndexBuilder::open(directory_.path());
    ASSERT_TRUE(builder) << builder.error().message;
    for (;;) {
      const auto progress = (*builder)->advance(records_, at_once);
      ASSERT_TRUE(progress) << progress.error().message;
      if (progress->complete) return;
    }
  }

  RecordSearch with_index() {
    auto index = RecordIndex::open(directory_.path());
    EXPECT_TRUE(index) << index.error().message;
    return RecordSearch(records_, *std::move(index));
  }

  std::vector<int64_t> listed(RecordSearch search, const RecordFilter& filter) {
    const auto rows = list_records(search, filter);
    EXPECT_TRUE(rows) << rows.error().message;
    std::vector<int64_t> numbers;
    for (const RecordRow& row : *rows) numbers.push_back(row.seq);
    return numbers;
  }

  std::string told(RecordSearch search, const std::string& id) {
    const auto story = find_story(Trail(journal_), search, id);
    return story ? to_json(*story).dump() : story.error().message;
  }

  void compare(int questions) {
    size_t found = 0;
    for (int question = 0; question < questions; ++question) {
      const RecordFilter filter = trail_.filter();
      const auto walked = listed(RecordSearch(records_), filter);
      ASSERT_EQ(listed(with_index(), filter), walked) << "question " << question;
      found += walked.size();
    }
    for (int question = 0; question < questions / 4; ++question) {
      const std::string id = trail_.remediation();
      ASSERT_EQ(told(with_index(), id), told(RecordSearch(records_), id)) << id;
    }
    EXPECT_GT(found, 0U);
  }

  TemporaryDirectory directory_;
  RandomTrail trail_{GetParam()};
  KeptJournal journal_{{}};
  JournalRecords records_{journal_};
};

INSTANTIATE_TEST_SUITE_P(Seeds, RecordSearchTest, ::testing::Range<uint64_t>(1, 5));

TEST_P(RecordSearchTest, FindsByTheIndexWhatTheWalkFinds) {
  live(25);
  build();
  compare(100);
}

TEST_P(RecordSearchTest, FindsWhatIsNewerThanTheIndexToo) {
  live(10);
  build();
  live(3);
  compare(100);
}

TEST_P(RecordSearchTest, FindsTheSameAfterTheIndexHasGrown) {
  for (size_t more = 1; more < 6; ++more) {
    live(more);
    build(more * 50);
  }
  compare(100);
}

}  // namespace
}  // namespace kedge
