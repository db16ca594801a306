#include "trail/journal_scan.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/json.h"
#include "tests/ledger/memory_ledger.h"
#include "tests/trail/kept_journal.h"

namespace kedge {
namespace {

using testing::KeptJournal;

const Time kStart = *parse_time("2026-01-01T00:00:00Z");

// Records `first` to `last`, one a second; record n is n seconds after the start.
std::vector<JournalEntry> records(int64_t first, int64_t last) {
  std::vector<JournalEntry> entries;
  for (int64_t seq = first; seq <= last; ++seq) {
    const std::string at = format_time(kStart + std::chrono::seconds(seq));
    entries.push_back({seq, fmt::format(R"({{"at":"{}","kind":"test","seq":{}}})", at, seq)});
  }
  return entries;
}

std::vector<int64_t> visited(LedgerReader& reader, std::optional<Time> before, size_t most = SIZE_MAX) {
  JournalRecords records(reader);
  std::vector<int64_t> seqs;
  const auto done = scan_backwards(records, before, [&](const JournalEntry& entry) -> Result<bool> {
    seqs.push_back(entry.seq);
    return seqs.size() < most;
  });
  EXPECT_TRUE(done);
  return seqs;
}

std::vector<int64_t> numbers_down(int64_t first, int64_t last) {
  std::vector<int64_t> numbers;
  for (int64_t number = first; number >= last; --number) numbers.push_back(number);
  return numbers;
}

TEST(JournalScan, VisitsEachRecordOnceFromTheNewestToTheFirst) {
  KeptJournal journal(records(0, 2500));
  EXPECT_EQ(visited(journal, std::nullopt), numbers_down(2500, 0));
}

TEST(JournalScan, EndsWhereTheJournalBeginsWhenOldRecordsAreGone) {
  KeptJournal journal(records(1700, 4200));
  EXPECT_EQ(visited(journal, std::nullopt), numbers_down(4200, 1700));
}

TEST(JournalScan, PassesOverNumbersThatWereLost) {
  auto entries = records(0, 100);
  for (JournalEntry& entry : records(4500, 4600)) entries.push_back(std::move(entry));
  KeptJournal journal(std::move(entries));
  auto wanted = numbers_down(4600, 4500);
  for (const int64_t number : numbers_down(100, 0)) wanted.push_back(number);
  EXPECT_EQ(visited(journal, std::nullopt), wanted);
  EXPECT_EQ(visited(journal, kStart + std::chrono::seconds(4500)), numbers_down(100, 0));
}

TEST(JournalScan, StopsWhenItIsTold) {
  KeptJournal journal(records(0, 100));
  EXPECT_EQ(visited(journal, std::nullopt, 3), numbers_down(100, 98));
}

TEST(JournalScan, BeginsBeforeATimeWithoutReadingWhatIsNewer) {
  KeptJournal journal(records(300, 9000));
  EXPECT_EQ(visited(journal, kStart + std::chrono::seconds(400)), numbers_down(399, 300));
  EXPECT_LT(journal.reads, 1000);
  EXPECT_EQ(visited(journal, kStart + std::chrono::seconds(8999), 1), numbers_down(8998, 8998));
  EXPECT_TRUE(visited(journal, kStart).empty());
  EXPECT_EQ(visited(journal, kStart + std::chrono::hours(9), 1), numbers_down(9000, 9000));
}

std::vector<int64_t> visited_forwards(LedgerReader& reader, const JournalRange& range) {
  JournalRecords records(reader);
  std::vector<int64_t> seqs;
  const auto done = scan_forwards(records, range, [&](const JournalEntry& entry) -> Result<bool> {
    seqs.push_back(entry.seq);
    return true;
  });
  EXPECT_TRUE(done);
  return seqs;
}

std::vector<int64_t> numbers_up(int64_t first, int64_t last) {
  std::vector<int64_t> numbers = numbers_down(last, first);
  std::reverse(numbers.begin(), numbers.end());
  return numbers;
}

TEST(JournalScan, VisitsEachRecordOnceFromTheFirstToTheNewest) {
  KeptJournal whole(records(0, 2500));
  EXPECT_EQ(visited_forwards(whole, {}), numbers_up(0, 2500));
  KeptJournal pruned(records(1700, 4200));
  EXPECT_EQ(visited_forwards(pruned, {}), numbers_up(1700, 4200));
}

TEST(JournalScan, BeginsAndEndsAtTimesWithoutReadingWhatIsOutside) {
  KeptJournal journal(records(300, 9000));
  EXPECT_EQ(visited_forwards(journal, {-1, kStart + std::chrono::seconds(400), kStart + std::chrono::seconds(410)}),
            numbers_up(400, 409));
  EXPECT_LT(journal.reads, 100);
  EXPECT_EQ(visited_forwards(journal, {8'997, std::nullopt, std::nullopt}), numbers_up(8998, 9000));
  EXPECT_TRUE(visited_forwards(journal, {9'000, std::nullopt, std::nullopt}).empty());
  EXPECT_TRUE(visited_forwards(journal, {-1, kStart + std::chrono::hours(9), std::nullopt}).empty());
  EXPECT_TRUE(visited_forwards(journal, {-1, std::nullopt, kStart}).empty());
}

TEST(JournalScan, PassesOverNumbersThatWereLostForwardsToo) {
  auto entries = records(0, 100);
  for (JournalEntry& entry : records(4500, 4600)) entries.push_back(std::move(entry));
  KeptJournal journal(std::move(entries));
  auto wanted = numbers_up(50, 100);
  for (const int64_t number : numbers_up(4500, 4600)) wanted.push_back(number);
  EXPECT_EQ(visited_forwards(journal, {-1, kStart + std::chrono::seconds(50), std::nullopt}), wanted);
  EXPECT_EQ(visited_forwards(journal, {-1, std::nullopt, kStart + std::chrono::seconds(3000)}), numbers_up(0, 100));
}

TEST(JournalScan, ForwardsStopsWhenItIsToldAndHandsOnAFailure) {
  KeptJournal journal(records(0, 10));
  JournalRecords records_of(journal);
  int visits = 0;
  EXPECT_TRUE(scan_forwards(records_of, {}, [&](const JournalEntry&) -> Result<bool> { return ++visits < 3; }));
  EXPECT_EQ(visits, 3);
  const auto failed = scan_forwards(records_of, {}, [](const JournalEntry&) -> Result<bool> {
    return Error{ErrorCode::corrupt, "no"};
  });
  EXPECT_EQ(failed.error().message, "no");
}

TEST(JournalScan, HandsOnAFailureOfItsVisitor) {
  KeptJournal journal(records(0, 10));
  JournalRecords records_of(journal);
  const auto done = scan_backwards(records_of, std::nullopt, [](const JournalEntry&) -> Result<bool> {
    return Error{ErrorCode::corrupt, "no"};
  });
  EXPECT_EQ(done.error().message, "no");
}

TEST(OpenRecord, PutsBackThePartsThatWereTooLarge) {
  SystemClock clock;
  SqliteLedgerOptions options;
  options.record_bytes_max = 600;
  MemoryLedger ledger(clock, options);
  RaiseAlarm alarm;
  alarm.kind = "test";
  alarm.details = {{"long", std::string(2000, 'x')}};
  const std::vector<Change> changes = {alarm};
  ASSERT_TRUE(ledger.apply(changes)[0].done());
  const auto entries = ledger.journal(ledger.head(), 1);
  ASSERT_EQ(entries->front().bytes.find("xxx"), std::string::npos);
  EXPECT_EQ((*open_record(Trail(ledger), entries->front()))["details"], alarm.details);
}

TEST(OpenRecord, LeavesTheDigestOfAPartThatIsNoLongerKept) {
  KeptJournal journal({});
  const std::string bytes = R"({"plan":{"bytes":9,"sha256":"ab"}})";
  EXPECT_EQ((*open_record(Trail(journal), {1, bytes})).dump(), bytes);
}

TEST(OpenRecord, RefusesWhatIsNoRecord) {
  KeptJournal journal({});
  for (const char* bytes : {"", "{", "[]", "7"}) {
    EXPECT_EQ(open_record(Trail(journal), {1, bytes}).error().code, ErrorCode::corrupt) << bytes;
  }
}

TEST(MayHold, NeverDeniesWhatARecordHolds) {
  for (const char* text : {"plain", "two words", "quo\"te", "back\\slash", "line\nbreak", "umlaut ä €", ""}) {
    const Json record = {{"member", std::string("before ") + text + " after"}};
    EXPECT_TRUE(may_hold({1, *canonical_json(record)}, text)) << text;
  }
  EXPECT_FALSE(may_hold({1, R"({"member":"other"})"}, "plain"));
}

}  // namespace
}  // namespace kedge
