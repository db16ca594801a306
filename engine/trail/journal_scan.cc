#include "trail/journal_scan.h"

#include <algorithm>

#include "base/json.h"
#include "ledger/named_blobs.h"
#include "trail/record_text.h"

namespace kedge {
namespace {

constexpr int64_t kPiece = 1000;

}  // namespace

Result<Json> parse_record(const JournalEntry& entry) {
  auto record = parse_json(entry.bytes);
  if (record && record->is_object()) return record;
  return Error{ErrorCode::corrupt, "record " + std::to_string(entry.seq) + " is not a JSON object"};
}

// Found by halving, as the journal is in the order of time.
Result<int64_t> first_since(RecordSource& records, int64_t end, Time time) {
  const std::string limit = format_time(time);
  int64_t low = 0;
  while (low < end) {
    const int64_t middle = low + (end - low) / 2;
    const auto entries = records.records(middle, 1);
    if (!entries) return entries.error();
    if (entries->empty() || entries->front().seq >= end) {
      end = middle;
      continue;
    }
    const auto record = parse_record(entries->front());
    if (!record) return record.error();
    if (raw_text_at(*record, "/at") < limit) {
      low = entries->front().seq + 1;
    } else {
      end = middle;
    }
  }
  return low;
}

Result<bool> scan_backwards(RecordSource& records, int64_t begin, int64_t end, const VisitRecord& visit) {
  while (end > begin) {
    const int64_t low = std::max(begin, end - kPiece);
    const auto entries = records.records(low, static_cast<size_t>(end - low));
    if (!entries) return entries.error();
    if (entries->empty() || entries->front().seq >= end) {  // they were lost, or are not kept any more
      const auto oldest = records.records(0, 1);
      if (!oldest) return oldest.error();
      if (oldest->empty() || oldest->front().seq >= low) return true;
      end = low;
      continue;
    }
    for (auto entry = entries->rbegin(); entry != entries->rend(); ++entry) {
      if (entry->seq >= end) continue;
      const auto more = visit(*entry);
      if (!more || !*more) return more;
    }
    end = low;
  }
  return true;
}

Result<void> scan_backwards(RecordSource& records, std::optional<Time> before, const VisitRecord& visit) {
  auto end = records.end();
  if (end && before) end = first_since(records, *end, *before);
  if (!end) return end.error();
  const auto done = scan_backwards(records, 0, *end, visit);
  return done ? Result<void>() : done.error();
}

Result<int64_t> first_at(RecordSource& records, Time time) {
  const auto end = records.end();
  return end ? first_since(records, *end, time) : end;
}

Result<void> scan_forwards(RecordSource& records, const JournalRange& range,
                           const std::function<Result<bool>(const JournalEntry&)>& visit) {
  auto end = records.end();
  if (end && range.before) end = first_since(records, *end, *range.before);
  if (!end) return end.error();
  const auto begin = range.from ? first_since(records, *end, *range.from) : Result<int64_t>(0);
  if (!begin) return begin.error();
  for (int64_t next = std::max(*begin, range.after + 1); next < *end;) {
    const auto entries = records.records(next, static_cast<size_t>(std::min(kPiece, *end - next)));
    if (!entries) return entries.error();
    if (entries->empty()) return {};
    for (const JournalEntry& entry : *entries) {
      if (entry.seq >= *end) return {};  // numbers between were lost
      const auto more = visit(entry);
      if (!more) return more.error();
      if (!*more) return {};
    }
    next = entries->back().seq + 1;
  }
  return {};
}

void put_back_parts(const Trail& trail, Json& record) {
  for (auto& [name, value] : record.items()) {
    if (!stands_for_part(value)) continue;
    const auto bytes = trail.blob(value["sha256"].get<std::string>());
    if (!bytes) continue;
    if (auto part = parse_json(*bytes)) value = *std::move(part);
  }
}

Result<Json> open_record(const Trail& trail, const JournalEntry& entry) {
  auto record = parse_record(entry);
  if (record) put_back_parts(trail, *record);
  return record;
}

// In canonical JSON a text stands as it is, but for quotes, backslashes and control characters.
bool may_hold(const JournalEntry& entry, std::string_view text) {
  const bool escaped = std::any_of(
      text.begin(), text.end(), [](char c) { return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20; });
  return escaped || entry.bytes.find(text) != std::string::npos;
}

}  // namespace kedge
