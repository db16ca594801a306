// LogRecords: the records that an audit log holds: record n is its entry n. LogThenJournal: those, and behind them what
// the ledger's journal has and the log has not yet.
//
// Nothing that is read is verified (`kedge audit verify` does that); a log may grow meanwhile. From one thread at a
// time.
#pragma once

#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <vector>

#include "audit/tile.h"
#include "trail/record_source.h"

namespace kedge {

// The trail up to the checkpoint that was there when it was last looked at.
class LogRecords final : public RecordSource {
 public:
  explicit LogRecords(std::string directory) : directory_(std::move(directory)) {}

  // Takes the checkpoint as it is now; how many records there are. Until then there are none. not_found: there is no
  // log; corrupt: its checkpoint is none.
  Result<int64_t> look();
  int64_t size() const { return size_; }
  const std::string& origin() const { return origin_; }  // the log's name; empty: it has not been looked at
  const std::string& directory() const { return directory_; }

  // Errors name the file: not_found when it is missing, corrupt when it is not as long as it must be.
  Result<std::vector<JournalEntry>> records(int64_t from, size_t limit) override;
  Result<int64_t> end() override { return size_; }

 private:
  // The records of one bundle.
  struct Bundle {
    int64_t index = 0;
    std::string bytes;
    std::vector<std::string_view> entries;  // of bytes
  };
  Result<const Bundle*> bundle(int64_t index);

  const std::string directory_;
  int64_t size_ = 0;
  std::string origin_;
  std::list<Bundle> read_;  // what was asked for last first: questions go to records that lie near each other
};

// Borrows both. A record that the log does not give, because a file of it is damaged or gone, comes from the journal
// where that still has it.
class LogThenJournal final : public RecordSource {
 public:
  LogThenJournal(LogRecords& log, LedgerReader& ledger) : log_(log), journal_(ledger) {}

  Result<std::vector<JournalEntry>> records(int64_t from, size_t limit) override;
  // Looks at the log again.
  Result<int64_t> end() override;

 private:
  Result<void> look_at_log();
  Result<std::vector<JournalEntry>> from_log(int64_t from, size_t limit);
  Result<std::vector<JournalEntry>> from_journal(int64_t from, size_t limit);

  LogRecords& log_;
  JournalRecords journal_;
};

// Whether log and journal tell the same, by the last record that both can have: false where the ledger is another one,
// or went on by itself after it was put back. A ledger that is older than its log tells the same, as far as it goes.
Result<bool> tells_the_same(LogRecords& log, LedgerReader& ledger);

}  // namespace kedge
