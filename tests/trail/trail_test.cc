// A trail tells the same wherever it lies: the same random questions are put to a ledger's journal, to its audit log
// alone, and to the log with the journal's end behind it.
#include "trail/trail.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "tests/audit/log_files.h"
#include "tests/ledger/change_maker.h"
#include "tests/ledger/memory_ledger.h"
#include "tests/support/fake_clock.h"
#include "tests/trail/kept_journal.h"
#include "tests/trail/random_trail.h"
#include "trail/export.h"
#include "trail/record_index_builder.h"
#include "trail/record_list.h"
#include "trail/statistics.h"
#include "trail/story.h"

namespace kedge {
namespace {

using testing::KeptJournal;
using testing::RandomTrail;

// A log of the first so many records.
void publish(const TemporaryDirectory& directory, const std::vector<JournalEntry>& records, size_t count) {
  std::vector<std::string> bytes;
  for (size_t i = 0; i < count; ++i) bytes.push_back(records[i].bytes);
  write_log(directory, log_files(bytes));
}

std::unique_ptr<RecordIndex> index_of(const Trail& trail, const std::string& directory) {
  {
    const auto builder = RecordIndexBuilder::open(directory);
    EXPECT_TRUE(builder) << builder.error().message;
    const auto progress = (*builder)->advance(trail.records(), SIZE_MAX);
    EXPECT_TRUE(progress && progress->complete);
  }
  auto index = RecordIndex::open(directory);
  EXPECT_TRUE(index) << index.error().message;
  return *std::move(index);
}

std::string listed(const Trail& trail, const std::string& index, const RecordFilter& filter) {
  RecordSearch search(trail.records(), index_of(trail, index));
  const auto rows = list_records(search, filter);
  if (!rows) return rows.error().message;
  std::string all;
  for (const RecordRow& row : *rows) all += row.record.dump() + row.summary + "\n";
  return all;
}

std::string told(const Trail& trail, const std::string& index, const std::string& id) {
  RecordSearch search(trail.records(), index_of(trail, index));
  const auto story = find_story(trail, search, id);
  return story ? to_json(*story).dump() : story.error().message;
}

class TrailTest : public ::testing::TestWithParam<uint64_t> {};

INSTANTIATE_TEST_SUITE_P(Seeds, TrailTest, ::testing::Range<uint64_t>(1, 4));

TEST_P(TrailTest, IsFoundByAnIndexOfTheLogAloneAsByOneOfTheJournal) {
  RandomTrail random(GetParam());
  std::vector<JournalEntry> records;
  while (records.size() < 2'000) {
    JournalEntry next = random.next();
    next.seq = static_cast<int64_t>(records.size());
    records.push_back(std::move(next));
  }
  TemporaryDirectory log;
  TemporaryDirectory part;
  publish(log, records, records.size());
  publish(part, records, 1'234);
  KeptJournal journal(records);
  KeptJournal end({records.begin() + 1'000, records.end()});
  const Trail kept(journal);
  const auto logged = Trail::of_log(log.path());
  const auto both = Trail::of_engine(part.path(), end);
  ASSERT_TRUE(logged && both);
  TemporaryDirectory indexes[3];
  size_t found = 0;
  for (int question = 0; question < 150; ++question) {
    const RecordFilter filter = random.filter();
    const std::string expected = listed(kept, indexes[0].path(), filter);
    ASSERT_EQ(listed(*logged, indexes[1].path(), filter), expected) << question;
    ASSERT_EQ(listed(*both, indexes[2].path(), filter), expected) << question;
    found += expected.size();
  }
  EXPECT_GT(found, 0U);
  for (int question = 0; question < 40; ++question) {
    const std::string id = random.remediation();
    const std::string expected = told(kept, indexes[0].path(), id);
    ASSERT_EQ(told(*logged, indexes[1].path(), id), expected) << id;
    ASSERT_EQ(told(*both, indexes[2].path(), id), expected) << id;
  }
}

std::string exported(const Trail& trail, ExportFormat format) {
  std::string all;
  const auto done = export_records(trail, {}, format, "0.1.0", [&](std::string_view line) {
    all += line;
    return Result<void>();
  });
  return done ? all : done.error().message;
}

TEST_P(TrailTest, OfALedgerIsExportedAndCountedFromItsLogAsFromItself) {
  FakeClock clock;
  MemoryLedger ledger(clock);
  ChangeMaker maker(GetParam(), clock);
  for (int i = 0; i < 600; ++i) {
    clock.advance(maker.pause());
    const Change change = maker.next(ledger);
    ledger.apply({&change, 1});
  }
  TemporaryDirectory log;
  const auto records = *ledger.journal(0, SIZE_MAX);
  publish(log, records, records.size());
  const Trail kept(ledger);
  const auto logged = Trail::of_log(log.path());
  ASSERT_TRUE(logged);
  EXPECT_EQ(*logged->ledger_id(), *ledger.ledger_id());
  for (const ExportFormat format : {ExportFormat::jsonl, ExportFormat::cloudevents, ExportFormat::csv}) {
    EXPECT_EQ(exported(*logged, format), exported(kept, format));
  }
  EXPECT_NE(exported(*logged, ExportFormat::ocsf).find("\"log_name\":\"" + vectors::kOrigin + "\""), std::string::npos);
  const auto counted = statistics_of(*logged, {});
  const auto all = statistics_of(kept, {});
  ASSERT_TRUE(counted && all);
  EXPECT_EQ(counted->records, all->records);
  EXPECT_EQ(counted->all().ends, all->all().ends);
  EXPECT_EQ(counted->all().suppressed, all->all().suppressed);
  EXPECT_TRUE(counted->all().only_counted.empty()) << "which the ledger alone knows";
}

TEST(Trail, IsNotTakenFromTheLogOfAnotherLedger) {
  FakeClock clock;
  MemoryLedger one(clock);
  const Change change = NoteStop{"the end"};
  one.apply({&change, 1});
  TemporaryDirectory log;
  const auto records = *one.journal(0, SIZE_MAX);
  publish(log, records, records.size());
  EXPECT_TRUE(Trail::of_engine(log.path(), one));
  MemoryLedger other(clock);
  const Change another = NoteStop{"another history"};
  for (int i = 0; i < 3; ++i) other.apply({&another, 1});
  EXPECT_EQ(Trail::of_engine(log.path(), other).error().code, ErrorCode::conflict);
}

}  // namespace
}  // namespace kedge
