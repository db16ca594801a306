#include "trail/record_list.h"

#include <algorithm>

#include "base/json.h"
#include "trail/journal_scan.h"
#include "trail/record_summary.h"
#include "trail/record_text.h"

namespace kedge {
namespace {

RecordRow row_of(const JournalEntry& entry, Json record) {
  RecordRow row;
  row.seq = entry.seq;
  row.at = raw_text_at(record, "/at");
  row.kind = raw_text_at(record, "/kind");
  row.remediation = raw_text_at(record, "/remediation");
  row.rule = raw_text_at(record, "/rule/id");
  row.target = raw_text_at(record, "/target");
  row.summary = summary_of(record);
  row.record = std::move(record);
  return row;
}

}  // namespace

Result<std::vector<RecordRow>> list_records(LedgerReader& reader, const RecordFilter& filter) {
  const std::string from = filter.from ? format_time(*filter.from) : "";
  std::vector<RecordRow> rows;
  const auto done = scan_backwards(reader, filter.to, [&](const JournalEntry& entry) -> Result<bool> {
    if (rows.size() >= filter.limit) return false;
    if (from.empty() && !may_pass(filter, entry)) return true;
    auto record = parse_json(entry.bytes);
    if (!record) return record.error().with("record " + std::to_string(entry.seq));
    if (raw_text_at(*record, "/at") < from) return false;  // and so are all that are older
    if (may_pass(filter, entry) && passes(filter, *record)) rows.push_back(row_of(entry, *std::move(record)));
    return true;
  });
  if (!done) return done.error();
  std::reverse(rows.begin(), rows.end());
  return rows;
}

}  // namespace kedge
