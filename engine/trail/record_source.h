// RecordSource: the records of a trail by their numbers, wherever they are kept.
#pragma once

#include <vector>

#include "base/result.h"
#include "ledger/ledger.h"

namespace kedge {

// From one thread at a time.
class RecordSource {
 public:
  virtual ~RecordSource() = default;

  // The records from `from` on, in order, at most `limit`. None: there is none with such a number or a larger one.
  virtual Result<std::vector<JournalEntry>> records(int64_t from, size_t limit) = 0;

  // The number behind the last record.
  virtual Result<int64_t> end() = 0;
};

// The journal of the ledger, as far back as it is kept. The reader must outlive it.
class JournalRecords final : public RecordSource {
 public:
  explicit JournalRecords(LedgerReader& reader) : reader_(reader) {}

  Result<std::vector<JournalEntry>> records(int64_t from, size_t limit) override {
    return reader_.journal(from, limit);
  }
  Result<int64_t> end() override {
    const auto head = reader_.journal_head();
    return head ? Result<int64_t>(*head + 1) : head;
  }

 private:
  LedgerReader& reader_;
};

}  // namespace kedge
