// A LedgerReader that knows a journal and nothing else.
#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "ledger/ledger.h"

namespace kedge::testing {

class KeptJournal : public LedgerReader {
 public:
  explicit KeptJournal(std::vector<JournalEntry> entries) : entries_(std::move(entries)) {}

  Result<std::vector<JournalEntry>> journal(int64_t from, size_t limit) override {
    const auto first = std::lower_bound(entries_.begin(), entries_.end(), from,
                                        [](const JournalEntry& entry, int64_t seq) { return entry.seq < seq; });
    const auto count = std::min(limit, static_cast<size_t>(entries_.end() - first));
    reads += count;
    return std::vector<JournalEntry>(first, first + static_cast<std::ptrdiff_t>(count));
  }
  Result<int64_t> journal_head() override { return entries_.empty() ? 0 : entries_.back().seq; }

  Result<std::string> ledger_id() override { return nothing(); }
  Result<std::vector<StoredPosition>> positions() override { return nothing(); }
  Result<std::vector<Remediation>> open_remediations() override { return nothing(); }
  Result<std::vector<Remediation>> first_open(const OpenFilter&) override { return nothing(); }
  Result<std::vector<OpenCount>> open_counts() override { return nothing(); }
  Result<std::vector<Unfinished>> unfinished(Time) override { return nothing(); }
  Result<std::vector<Unfinished>> due(Time) override { return nothing(); }
  Result<Remediation> remediation(const std::string&) override { return nothing(); }
  Result<std::vector<AttemptTrace>> attempts_by_mark(const std::string&) override { return nothing(); }
  Result<std::vector<AttemptTrace>> attempts_by_request(const std::string&) override { return nothing(); }
  Result<std::vector<Exception>> exceptions() override { return nothing(); }
  Result<std::vector<Pause>> pauses() override { return nothing(); }
  Result<std::vector<DeadLetter>> dead_letters(const DeadLetterFilter&) override { return nothing(); }
  Result<DeadLetter> dead_letter(int64_t) override { return nothing(); }
  Result<std::vector<DeadLetterRange>> dead_letter_ranges() override { return nothing(); }
  Result<std::vector<Claim>> claims(const ClaimPlace&, uint32_t, size_t) override { return nothing(); }
  Result<std::vector<Notice>> due_notices(Time, size_t) override { return nothing(); }
  Result<std::optional<Time>> next_notice_due() override { return nothing(); }
  Result<std::vector<Counted>> counts(Time, Time) override { return nothing(); }
  Result<std::string> blob(const std::string&) override { return nothing(); }

  void append(JournalEntry entry) { entries_.push_back(std::move(entry)); }

  size_t reads = 0;  // records handed out

 private:
  static Error nothing() { return {ErrorCode::not_found, "only the journal is here"}; }

  std::vector<JournalEntry> entries_;
};

}  // namespace kedge::testing
