// The reading half of MemoryLedger.
#include <fmt/format.h>

#include <algorithm>

#include "ledger/claim.h"
#include "tests/ledger/memory_ledger.h"

namespace kedge {

Result<std::string> MemoryLedger::ledger_id() { return ledger_id_; }

Result<std::vector<StoredPosition>> MemoryLedger::positions() {
  const std::lock_guard lock(mutex_);
  std::vector<StoredPosition> all;
  for (const auto& [partition, position] : positions_) all.push_back(position);
  return all;
}

Result<std::vector<Remediation>> MemoryLedger::open_remediations() {
  const std::lock_guard lock(mutex_);
  std::vector<Remediation> all;
  for (const auto& [id, r] : open_) all.push_back(r);
  return all;
}

Result<std::vector<Remediation>> MemoryLedger::first_open(const OpenFilter& filter) {
  const std::lock_guard lock(mutex_);
  std::vector<Remediation> first;
  for (const auto& [id, r] : open_) {
    const bool stands_still = r.state == State::held || !r.guard.empty();
    if (filter.standing_still && !stands_still) continue;
    if (!filter.rule.empty() && r.plan.rule.id != filter.rule) continue;
    if (first.size() < filter.limit) first.push_back(r);
  }
  return first;
}

Result<std::vector<LedgerReader::OpenCount>> MemoryLedger::open_counts() {
  const std::lock_guard lock(mutex_);
  std::vector<OpenCount> counts;
  for (const auto& [id, r] : open_) counts.push_back({r.plan.rule.id, r.guard, r.state, 0});
  std::sort(counts.begin(), counts.end(), [](const OpenCount& a, const OpenCount& b) {
    return std::tie(a.rule, a.guard, a.state) < std::tie(b.rule, b.guard, b.state);
  });
  counts.erase(std::unique(counts.begin(), counts.end()), counts.end());
  for (const auto& [id, r] : open_) {
    const OpenCount one{r.plan.rule.id, r.guard, r.state, 0};
    for (OpenCount& count : counts) {
      if (std::tie(count.rule, count.guard, count.state) == std::tie(one.rule, one.guard, one.state)) ++count.number;
    }
  }
  return counts;
}

Result<std::vector<LedgerReader::Unfinished>> MemoryLedger::unfinished(Time until) {
  const std::lock_guard lock(mutex_);
  std::vector<Unfinished> all;
  for (const auto& [id, r] : open_) {
    const bool handed_out = r.state == State::held || (r.state == State::waiting && r.guard == "locks");
    if (r.due ? *r.due > until : handed_out) continue;
    all.push_back({id, r.due, !r.due && !r.plan.isolate.empty()});
  }
  return all;
}

Result<std::vector<LedgerReader::Unfinished>> MemoryLedger::due(Time until) {
  auto all = unfinished(until);
  std::erase_if(*all, [](const Unfinished& one) { return !one.due; });
  return all;
}

Result<Remediation> MemoryLedger::remediation(const std::string& id) {
  const std::lock_guard lock(mutex_);
  if (const auto found = open_.find(id); found != open_.end()) return found->second;
  const auto found = ended_.find(id);
  if (found != ended_.end() && remembered(found->second.day, options_.undo_horizon)) return found->second.remediation;
  return Error{ErrorCode::not_found, "no remediation " + id + " is open or within the undo horizon"};
}

Result<std::vector<AttemptTrace>> MemoryLedger::attempts_by_mark(const std::string& mark) {
  const std::lock_guard lock(mutex_);
  std::vector<AttemptTrace> traces;
  for (const AttemptRow& row : attempts_) {
    if (row.trace.mark == mark && remembered(row.day, options_.undo_horizon)) traces.push_back(row.trace);
  }
  return traces;
}

Result<std::vector<AttemptTrace>> MemoryLedger::attempts_by_request(const std::string& request_id) {
  const std::lock_guard lock(mutex_);
  std::vector<AttemptTrace> traces;
  for (const AttemptRow& row : attempts_) {
    if (row.request_ids.contains(request_id) && remembered(row.day, options_.undo_horizon)) traces.push_back(row.trace);
  }
  return traces;
}

Result<std::vector<Exception>> MemoryLedger::exceptions() {
  const std::lock_guard lock(mutex_);
  std::vector<Exception> all;
  for (const auto& [id, exception] : exceptions_) all.push_back(exception);
  return all;
}

Result<std::vector<Pause>> MemoryLedger::pauses() {
  const std::lock_guard lock(mutex_);
  std::vector<Pause> all;
  for (const auto& [scope, pause] : pauses_) all.push_back(pause);
  return all;
}

Result<std::vector<DeadLetter>> MemoryLedger::dead_letters(const DeadLetterFilter& filter) {
  const std::lock_guard lock(mutex_);
  std::vector<DeadLetter> all;
  for (const auto& [number, letter] : dead_letters_) {
    if (number <= filter.after || all.size() == filter.limit) continue;
    if (!filter.source.empty() && letter.source != filter.source) continue;
    if (!filter.rule.empty() && letter.rule != filter.rule) continue;
    all.push_back(letter);
  }
  return all;
}

Result<DeadLetter> MemoryLedger::dead_letter(int64_t number) {
  const std::lock_guard lock(mutex_);
  if (const auto found = dead_letters_.find(number); found != dead_letters_.end()) return found->second;
  return Error{ErrorCode::not_found, fmt::format("there is no dead letter {}", number)};
}

Result<std::vector<DeadLetterRange>> MemoryLedger::dead_letter_ranges() {
  const std::lock_guard lock(mutex_);
  return ranges_;
}

Result<std::vector<Claim>> MemoryLedger::claims(const ClaimPlace& after, uint32_t until, size_t limit) {
  const std::lock_guard lock(mutex_);
  std::map<ClaimPlace, Claim> by_place;
  for (const auto& [name, claim] : claims_)
    by_place[{phase_of(name.first, name.second), name.first, name.second}] = claim;
  std::vector<Claim> found;
  for (const auto& [place, claim] : by_place) {
    if (place > after && place.phase <= until && found.size() < limit) found.push_back(claim);
  }
  return found;
}

Result<std::vector<Notice>> MemoryLedger::due_notices(Time now, size_t limit) {
  const std::lock_guard lock(mutex_);
  std::vector<const Notice*> due;  // copied when they are few
  for (const auto& [number, notice] : outbox_) {
    if (notice.due <= now) due.push_back(&notice);
  }
  std::stable_sort(due.begin(), due.end(), [](const Notice* a, const Notice* b) { return a->due < b->due; });
  if (due.size() > limit) due.resize(limit);
  std::vector<Notice> handed_out;
  for (const Notice* notice : due) handed_out.push_back(*notice);
  return handed_out;
}

Result<std::optional<Time>> MemoryLedger::next_notice_due() {
  const std::lock_guard lock(mutex_);
  std::optional<Time> next;
  for (const auto& [number, notice] : outbox_) next = next ? std::min(*next, notice.due) : notice.due;
  return next;
}

Result<std::vector<LedgerReader::Counted>> MemoryLedger::counts(Time from, Time to) {
  const std::lock_guard lock(mutex_);
  std::vector<Counted> all;
  for (const auto& [key, number] : counters_) {
    const Time hour{std::chrono::hours(std::get<0>(key))};
    if (hour >= from && hour < to) all.push_back({std::get<1>(key), std::get<2>(key), hour, number});
  }
  return all;
}

Result<std::vector<JournalEntry>> MemoryLedger::journal(int64_t from, size_t limit) {
  const std::lock_guard lock(mutex_);
  std::vector<JournalEntry> entries;
  const int64_t first = std::max<int64_t>(0, from - journal_.front().seq);  // the reference's numbers have no gap
  for (auto i = static_cast<size_t>(first); i < journal_.size() && entries.size() < limit; ++i) {
    entries.push_back(journal_[i]);
  }
  return entries;
}

Result<int64_t> MemoryLedger::journal_head() {
  const std::lock_guard lock(mutex_);
  return journal_.back().seq;
}

Result<std::string> MemoryLedger::blob(const std::string& digest) {
  const std::lock_guard lock(mutex_);
  if (const auto found = blobs_.find(digest); found != blobs_.end()) return found->second;
  return Error{ErrorCode::not_found, "there is no blob " + digest};
}

}  // namespace kedge
