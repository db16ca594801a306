#include "trail/record_index.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/support/temporary_directory.h"
#include "tests/trail/kept_journal.h"
#include "trail/index_file.h"
#include "trail/record_index_builder.h"

namespace kedge {
namespace {

using testing::KeptJournal;

// Record `seq`, as the trail `of` has it: its target is even or odd.
JournalEntry record(int64_t seq, const std::string& of = "one") {
  return {seq, fmt::format(R"({{"kind":"test","note":"note-{:07}-{}","seq":{},"target":"{}"}})", seq, of, seq,
                           seq % 2 == 0 ? "even" : "odd")};
}

std::vector<JournalEntry> records(int64_t first, int64_t last, const std::string& of = "one") {
  std::vector<JournalEntry> entries;
  for (int64_t seq = first; seq <= last; ++seq) entries.push_back(record(seq, of));
  return entries;
}

std::vector<JournalEntry> joined(std::vector<JournalEntry> entries, const std::vector<JournalEntry>& more) {
  entries.insert(entries.end(), more.begin(), more.end());
  return entries;
}

class RecordIndexTest : public ::testing::Test {
 protected:
  std::unique_ptr<RecordIndexBuilder> builder() {
    auto opened = RecordIndexBuilder::open(directory_.path());
    EXPECT_TRUE(opened) << opened.error().message;
    return *std::move(opened);
  }

  void build(std::vector<JournalEntry> entries) {
    KeptJournal journal(std::move(entries));
    JournalRecords records(journal);
    const auto progress = builder()->advance(records, SIZE_MAX);
    ASSERT_TRUE(progress) << progress.error().message;
    EXPECT_TRUE(progress->complete);
  }

  std::unique_ptr<RecordIndex> index() {
    auto opened = RecordIndex::open(directory_.path());
    EXPECT_TRUE(opened) << opened.error().message;
    return *std::move(opened);
  }

  std::vector<int64_t> found(const IndexQuery& query) {
    std::vector<int64_t> all;
    const auto done = index()->search(query, [&](const std::vector<int64_t>& numbers) -> Result<bool> {
      all.insert(all.end(), numbers.begin(), numbers.end());
      return true;
    });
    EXPECT_TRUE(done) << done.error().message;
    return all;
  }

  std::vector<int64_t> with_target(const std::string& target) {
    IndexQuery query;
    query.conditions = {{{RecordField::target}, IndexQuery::How::equal, {target}}};
    return found(query);
  }

  bool may_hold(const std::string& text, int64_t seq) {
    IndexQuery query;
    query.text = text;
    const auto numbers = found(query);
    return std::find(numbers.begin(), numbers.end(), seq) != numbers.end();
  }

  std::string file() { return index_path(directory_.path()); }

  TemporaryDirectory directory_;
};

TEST_F(RecordIndexTest, NamesExactlyTheRecordsWithAValueNewestFirst) {
  build(records(0, 9));
  EXPECT_EQ(with_target("odd"), (std::vector<int64_t>{9, 7, 5, 3, 1}));
  EXPECT_EQ(with_target("neither"), std::vector<int64_t>{});
  IndexQuery query;
  query.conditions = {{{RecordField::target}, IndexQuery::How::part, {"ve"}}};
  query.begin = 3;
  query.end = 8;
  EXPECT_EQ(found(query), (std::vector<int64_t>{6, 4}));
}

TEST_F(RecordIndexTest, FindsTextsInCompleteStretchesAndInTheNewestOne) {
  build(records(0, kStretchRecords + 1000));
  for (const int64_t seq : {int64_t{0}, int64_t{40'000}, kStretchRecords - 1, kStretchRecords, kStretchRecords + 999}) {
    EXPECT_TRUE(may_hold(fmt::format("note-{:07}", seq), seq)) << seq;
  }
  IndexQuery query;
  query.text = "a text that stands nowhere";
  EXPECT_TRUE(found(query).empty());
  query.text = "note-0040000";
  EXPECT_LE(found(query).size(), 20 * kBlockRecords) << "few blocks are to be looked through";
}

TEST_F(RecordIndexTest, IsTakenFurtherBySmallStepsAndByOthersThanWhoBeganIt) {
  KeptJournal journal(records(0, 1000));
  JournalRecords source(journal);
  for (int step = 0; step < 4; ++step) {
    const auto progress = builder()->advance(source, 300);
    ASSERT_TRUE(progress);
    EXPECT_EQ(progress->complete, step == 3);
    EXPECT_EQ(progress->next, std::min(1001, (step + 1) * 300));
  }
  EXPECT_EQ(with_target("even").size(), 501);
  EXPECT_TRUE(may_hold("note-0000299", 299)) << "the block that two of them wrote";
  EXPECT_TRUE(may_hold("note-0000300", 300));
}

TEST_F(RecordIndexTest, IsSeenAsItWasWhenItWasOpened) {
  build(records(0, 9));
  const auto before = index();
  build(records(0, 19));
  EXPECT_EQ(before->next(), 10);
  int64_t newest = -1;
  ASSERT_TRUE(before->search({}, [&](const std::vector<int64_t>& numbers) -> Result<bool> {
    newest = std::max(newest, numbers.front());
    return true;
  }));
  EXPECT_EQ(newest, 9);
}

TEST_F(RecordIndexTest, IsForItsOwnerAlone) {
  build(records(0, 9));
  EXPECT_EQ(std::filesystem::status(file()).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST_F(RecordIndexTest, IsBuiltByOneProcessAtATime) {
  const auto first = builder();
  const auto second = RecordIndexBuilder::open(directory_.path());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::conflict);
}

TEST_F(RecordIndexTest, IsBuiltAnewFromAnotherTrail) {
  build(records(0, 99));
  KeptJournal other(records(0, 49, "two"));
  JournalRecords source(other);
  EXPECT_FALSE(*index()->tells_of(source));
  build(records(0, 49, "two"));
  EXPECT_TRUE(*index()->tells_of(source));
  EXPECT_EQ(with_target("odd").size(), 25);
}

TEST_F(RecordIndexTest, GoesBackToWhatATrailThatWasCutStillHas) {
  build(records(0, 2 * kStretchRecords + 50));
  build(records(0, kStretchRecords + 20));
  EXPECT_EQ(index()->next(), kStretchRecords + 21);
  EXPECT_EQ(with_target("odd").size(), kStretchRecords / 2 + 10);
  EXPECT_TRUE(may_hold("note-0000007-one", 7));
  EXPECT_TRUE(may_hold("note-0065540-one", kStretchRecords + 4));
}

TEST_F(RecordIndexTest, FollowsALedgerThatWasRestored) {
  build(records(0, 250));
  build(joined(records(0, 200), records(251, 260, "restored")));
  EXPECT_EQ(index()->next(), 261);
  EXPECT_EQ(with_target("even").size(), 101 + 5);
}

// The stretch of the last common record is complete in the index, but in the trail it goes on.
TEST_F(RecordIndexTest, AddsToAStretchThatWasCompleteInAnotherTrail) {
  build(joined(records(0, 200), records(kStretchRecords + 9, kStretchRecords + 9)));
  build(records(0, 210));
  EXPECT_EQ(with_target("odd").size(), 105);
  EXPECT_TRUE(may_hold("note-0000100", 100));
  EXPECT_TRUE(may_hold("note-0000205", 205));
}

TEST_F(RecordIndexTest, IsMadeAnewWhenItsFileIsNone) {
  std::ofstream(file()) << std::string(10'000, 'x');
  EXPECT_EQ(RecordIndex::open(directory_.path()).error().code, ErrorCode::not_found);
  build(records(0, 9));
  EXPECT_EQ(with_target("even").size(), 5);
}

// SQLite notices damage to its own structure; the lists in it have checksums.
TEST_F(RecordIndexTest, MissesNoRecordUnnoticedWhereAByteOfItsFileIsDamaged) {
  build(records(0, 600));
  const std::string whole = directory_.read("index.db");
  size_t noticed = 0;
  for (size_t at = 100; at < whole.size(); at += 97) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    directory_.write("index.db", damaged);
    auto opened = RecordIndex::open(directory_.path());
    std::vector<int64_t> numbers;
    IndexQuery query;
    query.conditions = {{{RecordField::target}, IndexQuery::How::part, {"od"}}};
    query.text = "note-00";
    const bool well = opened && (*opened)->search(query, [&](const std::vector<int64_t>& some) -> Result<bool> {
      numbers.insert(numbers.end(), some.begin(), some.end());
      return true;
    });
    if (!well) ++noticed;
    const bool complete = numbers.size() >= 300 || (opened && (*opened)->next() < 601);
    ASSERT_TRUE(!well || complete) << "byte " << at;
  }
  EXPECT_GT(noticed, 0U);
}

TEST_F(RecordIndexTest, IsMadeAnewWhereItIsDamaged) {
  build(records(0, 600));
  std::string bytes = directory_.read("index.db");
  for (size_t at = 8192; at < bytes.size(); at += 50) bytes[at] = 'x';
  directory_.write("index.db", bytes);
  build(records(0, 700));
  EXPECT_EQ(with_target("odd").size(), 350);
}

TEST_F(RecordIndexTest, StandsStillBeforeWhatIsNoRecord) {
  auto entries = records(0, 20);
  entries[10].bytes = "not JSON";
  KeptJournal journal(entries);
  JournalRecords source(journal);
  const auto one = builder();
  const auto before = one->advance(source, 1000);
  ASSERT_TRUE(before) << before.error().message;
  EXPECT_EQ(before->next, 10);
  EXPECT_EQ(one->advance(source, 1000).error().code, ErrorCode::corrupt);
  EXPECT_EQ(with_target("even").size(), 5);
}

}  // namespace
}  // namespace kedge
