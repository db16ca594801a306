#include "trail/log_records.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "audit/bundle.h"
#include "audit/checkpoint.h"
#include "audit/log_reader.h"
#include "base/json.h"
#include "trail/record_text.h"

namespace kedge {
namespace {

constexpr auto kBundle = static_cast<int64_t>(kTileWidth);
constexpr size_t kBundlesKept = 6;  // as many as are read at once, and one

void add(std::vector<JournalEntry>& to, std::vector<JournalEntry> more) {
  to.insert(to.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

// The record with this number, if it is there.
Result<std::optional<std::string>> bytes_of(RecordSource& records, int64_t number) {
  auto found = records.records(number, 1);
  if (!found) return found.error();
  if (found->empty() || found->front().seq != number) return std::optional<std::string>();
  return std::optional(std::move(found->front().bytes));
}

bool is_restoration(const std::string& bytes) {
  const auto record = parse_json(bytes);
  return record && raw_text_at(*record, "/kind") == "restoration";
}

}  // namespace

Result<int64_t> LogRecords::look() {
  const auto text = read_checkpoint_file(directory_);
  if (!text) return text.error();
  const auto note = parse_note(*text);
  const auto checkpoint = note ? parse_checkpoint(note->text) : Result<Checkpoint>(note.error());
  if (!checkpoint) return Error{ErrorCode::corrupt, checkpoint.error().message}.with(directory_ + "/checkpoint");
  if (static_cast<int64_t>(checkpoint->size) != size_) read_.clear();  // one of them was partial
  size_ = static_cast<int64_t>(checkpoint->size);
  origin_ = checkpoint->origin;
  return size_;
}

Result<std::vector<JournalEntry>> LogRecords::records(int64_t from, size_t limit) {
  std::vector<JournalEntry> found;
  int64_t next = std::max<int64_t>(from, 0);
  while (next < size_ && found.size() < limit) {
    const auto of = bundle(next / kBundle);
    if (!of) return of.error();
    const auto& entries = (*of)->entries;
    for (auto i = static_cast<size_t>(next % kBundle); i < entries.size() && found.size() < limit; ++i) {
      found.push_back({next++, std::string(entries[i])});
    }
  }
  return found;
}

Result<const LogRecords::Bundle*> LogRecords::bundle(int64_t index) {
  const auto known = std::find_if(read_.begin(), read_.end(), [&](const Bundle& one) { return one.index == index; });
  if (known != read_.end()) {
    read_.splice(read_.begin(), read_, known);
    return &read_.front();
  }
  const auto size = static_cast<uint64_t>(size_);
  const LogReader log(directory_, size);
  const TilePlace place{std::nullopt, static_cast<uint64_t>(index),
                        tile_width(std::nullopt, static_cast<uint64_t>(index), size)};
  auto found = log.bundle(place);
  if (!found) return found.error().with("the audit log in " + directory_);
  std::list<Bundle> fresh;
  fresh.push_back({index, std::move(found->bytes), {}});
  auto entries = parse_bundle(fresh.front().bytes, place.width, AfterEntries::ignored);
  if (!entries) return entries.error().with(directory_ + "/" + path_of(place));
  fresh.front().entries = *std::move(entries);
  read_.splice(read_.begin(), fresh);
  if (read_.size() > kBundlesKept) read_.pop_back();
  return &read_.front();
}

// Where nothing was published yet there is no checkpoint.
Result<void> LogThenJournal::look_at_log() {
  const auto looked = log_.look();
  if (!looked && looked.error().code != ErrorCode::not_found) return looked.error();
  return {};
}

Result<std::vector<JournalEntry>> LogThenJournal::records(int64_t from, size_t limit) {
  if (from >= log_.size()) return from_journal(from, limit);
  auto found = from_log(from, limit);
  if (!found || found->size() == limit) return found;
  auto newer = from_journal(log_.size(), limit - found->size());
  if (!newer) return newer.error();
  add(*found, *std::move(newer));
  return found;
}

Result<std::vector<JournalEntry>> LogThenJournal::from_log(int64_t from, size_t limit) {
  auto found = log_.records(from, limit);
  if (found) return found;
  const auto wanted = std::min(limit, static_cast<size_t>(log_.size() - from));
  auto instead = journal_.records(from, wanted);
  const bool has_all = instead && instead->size() == wanted && instead->front().seq == from &&
                       instead->back().seq + 1 == from + static_cast<int64_t>(wanted);
  return has_all ? std::move(instead) : found.error();
}

// What the journal has not any more, the log has by now.
Result<std::vector<JournalEntry>> LogThenJournal::from_journal(int64_t from, size_t limit) {
  auto found = journal_.records(from, limit);
  if (!found || (!found->empty() && found->front().seq == from)) return found;
  const int64_t before = log_.size();
  if (auto looked = look_at_log(); !looked) return looked.error();
  return log_.size() > before && from < log_.size() ? records(from, limit) : found;
}

Result<int64_t> LogThenJournal::end() {
  const auto behind = journal_.end();
  if (!behind) return behind;
  if (auto looked = look_at_log(); !looked) return looked.error();
  return std::max(*behind, log_.size());
}

Result<bool> tells_the_same(LogRecords& log, LedgerReader& ledger) {
  JournalRecords journal(ledger);
  const auto end = journal.end();
  if (!end) return end.error();
  if (log.size() == 0 || *end == 0) return true;
  const int64_t last = std::min(*end, log.size()) - 1;
  const auto logged = bytes_of(log, last);
  const auto kept = logged ? bytes_of(journal, last) : logged;
  if (!kept) return kept.error();
  if (*kept) return *kept == *logged;
  // The journal goes on behind records that it does not have: it was put back, and says so.
  const auto next = bytes_of(journal, last + 1);
  if (!next) return next.error();
  return *next && is_restoration(**next);
}

}  // namespace kedge
