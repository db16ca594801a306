#include "trail/record_list.h"

#include <algorithm>

#include "base/json.h"
#include "trail/journal_scan.h"
#include "trail/record_summary.h"
#include "trail/record_text.h"

namespace kedge {
namespace {

bool has_part(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }
bool is(const std::string& text, const std::string& wanted) { return wanted.empty() || text == wanted; }

// Asked of the bytes: most records of a long journal are never parsed.
bool may_pass(const RecordFilter& filter, const JournalEntry& entry) {
  for (const std::string* part : {&filter.rule, &filter.target, &filter.remediation, &filter.state, &filter.guard,
                                  &filter.severity, &filter.actor}) {
    if (!may_hold(entry, *part)) return false;
  }
  if (!has_part(entry.bytes, filter.text)) return false;
  return filter.kinds.empty() || std::any_of(filter.kinds.begin(), filter.kinds.end(),
                                             [&](const std::string& kind) { return may_hold(entry, kind); });
}

bool passes(const RecordFilter& filter, const Json& record) {
  const auto at = [&](const char* pointer) { return raw_text_at(record, pointer); };
  return (filter.kinds.empty() || filter.kinds.contains(at("/kind"))) && is(at("/rule/id"), filter.rule) &&
         has_part(at("/target"), filter.target) && at("/remediation").starts_with(filter.remediation) &&
         is(at("/to"), filter.state) && is(at("/guard"), filter.guard) && is(at("/policy/severity"), filter.severity) &&
         (has_part(at("/event/principal"), filter.actor) || has_part(at("/actor"), filter.actor));
}

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
