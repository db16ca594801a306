#include "trail/export.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "base/json.h"
#include "tests/ledger/fixtures.h"
#include "tests/ledger/memory_ledger.h"
#include "tests/trail/kept_journal.h"
#include "trail/record_text.h"

namespace kedge {
namespace {

using ::testing::HasSubstr;
using testing::KeptJournal;

constexpr const char* kBucket = "arn:aws:s3:::b";

class ExportTest : public ::testing::Test {
 protected:
  ExportTest() {
    apply(sample_rules());
    apply(batch_of({sample_finding(1, kBucket, ledger_.now())}));
    apply(sample_start(sample_id(1), kBucket, ledger_.head()));
    apply(AddPause{{"all", "looking", "alice (uid 1)", ledger_.now()}});
  }

  void apply(Change change) {
    const std::vector<Change> changes = {std::move(change)};
    const Answer answer = ledger_.apply(changes)[0];
    ASSERT_TRUE(answer.done()) << answer.error.message;
  }

  std::vector<std::string> lines(ExportFormat format, const RecordFilter& filter = {}) {
    std::vector<std::string> lines;
    const auto exported = export_records(Trail(ledger_), filter, format, "0.1.0", [&](std::string_view line) {
      lines.emplace_back(line);
      return Result<void>();
    });
    EXPECT_TRUE(exported) << exported.error().message;
    exported_ = *exported;
    return lines;
  }

  SystemClock clock_;
  MemoryLedger ledger_{clock_};
  Exported exported_;
};

TEST_F(ExportTest, GivesTheJournalsBytesALineEach) {
  const auto entries = *ledger_.journal(0, 100);
  const auto exported = lines(ExportFormat::jsonl);
  ASSERT_EQ(exported.size(), entries.size());
  for (size_t i = 0; i < entries.size(); ++i) EXPECT_EQ(exported[i], entries[i].bytes + "\n");
  EXPECT_EQ(exported_.records, static_cast<int64_t>(entries.size()));
  EXPECT_EQ(exported_.first, 0);
  EXPECT_EQ(exported_.last, ledger_.head());
}

TEST_F(ExportTest, HasALineForEachRecordInEveryFormat) {
  const size_t records = static_cast<size_t>(ledger_.head()) + 1;
  EXPECT_EQ(lines(ExportFormat::cloudevents).size(), records);
  EXPECT_EQ(lines(ExportFormat::ocsf).size(), records);
  EXPECT_EQ(lines(ExportFormat::csv).size(), records + 1) << "and the names of the columns";
}

TEST_F(ExportTest, TakesTheFiltersOfTheList) {
  RecordFilter filter;
  filter.kinds = {"attempt", "pause"};
  filter.limit = 1;  // of lists alone
  EXPECT_EQ(lines(ExportFormat::jsonl, filter).size(), 2);
  filter.rule = kSampleRule;
  EXPECT_EQ(lines(ExportFormat::jsonl, filter).size(), 1);
  filter.text = "nowhere";
  EXPECT_TRUE(lines(ExportFormat::jsonl, filter).empty());
  EXPECT_EQ(exported_.records, 0);
}

TEST_F(ExportTest, KnowsTheCauseOfWhatItExportsWithoutTheCauseItself) {
  RecordFilter filter;
  filter.kinds = {"attempt"};
  const auto exported = lines(ExportFormat::ocsf, filter);
  ASSERT_EQ(exported.size(), 1);
  EXPECT_EQ((*parse_json(exported[0]))["severity"], "High");
}

TEST_F(ExportTest, EndsWithTheFirstFailureOfItsWriter) {
  int written = 0;
  const auto exported = export_records(Trail(ledger_), {}, ExportFormat::jsonl, "0.1.0", [&](std::string_view) {
    return ++written < 3 ? Result<void>() : Result<void>(Error{ErrorCode::no_room, "the disk is full"});
  });
  EXPECT_EQ(exported.error().message, "the disk is full");
  EXPECT_EQ(written, 3);
}

TEST_F(ExportTest, NamesTheRecordThatIsDamaged) {
  class Damaged final : public KeptJournal {
   public:
    Damaged() : KeptJournal({{0, R"({"kind":"start","seq":0})"}, {1, R"({"kind":)"}}) {}
    Result<std::string> ledger_id() override { return std::string("l"); }
  } damaged;
  const auto exported =
      export_records(Trail(damaged), {}, ExportFormat::csv, "0.1.0", [](std::string_view) { return Result<void>(); });
  EXPECT_THAT(exported.error().message, HasSubstr("record 1"));
}

}  // namespace
}  // namespace kedge
