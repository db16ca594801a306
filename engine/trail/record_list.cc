#include "trail/record_list.h"

#include <algorithm>

#include "base/json.h"
#include "trail/journal_scan.h"
#include "trail/record_field.h"
#include "trail/record_summary.h"
#include "trail/record_text.h"

namespace kedge {
namespace {

// What the index is asked; what it names is looked at again.
IndexQuery query_of(const RecordFilter& filter) {
  using How = IndexQuery::How;
  IndexQuery query;
  const auto ask = [&](std::vector<RecordField> fields, How how, std::vector<std::string> texts) {
    const bool says_something = std::none_of(texts.begin(), texts.end(), [](const auto& text) { return text.empty(); });
    if (!texts.empty() && says_something) query.conditions.push_back({std::move(fields), how, std::move(texts)});
  };
  ask({RecordField::kind}, How::equal, {filter.kinds.begin(), filter.kinds.end()});
  ask({RecordField::rule}, How::equal, {filter.rule});
  ask({RecordField::target}, How::part, {filter.target});
  ask({RecordField::remediation}, How::beginning, {filter.remediation});
  ask({RecordField::state}, How::equal, {filter.state});
  ask({RecordField::guard}, How::equal, {filter.guard});
  ask({RecordField::severity}, How::equal, {filter.severity});
  ask({RecordField::principal, RecordField::actor}, How::part, {filter.actor});
  query.text = filter.text;
  return query;
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

Result<std::vector<RecordRow>> list_records(RecordSearch& search, const RecordFilter& filter) {
  IndexQuery query = query_of(filter);
  for (const auto& [time, place] : {std::pair{filter.from, &query.begin}, std::pair{filter.to, &query.end}}) {
    if (!time) continue;
    const auto end = search.records().end();
    const auto since = end ? first_since(search.records(), *end, *time) : end;
    if (!since) return since.error();
    *place = *since;
  }
  std::vector<RecordRow> rows;
  const auto done = search.newest_first(std::move(query), [&](const JournalEntry& entry) -> Result<bool> {
    if (rows.size() >= filter.limit) return false;
    if (!may_pass(filter, entry)) return true;
    auto record = parse_record(entry);
    if (!record) return record.error();
    if (passes(filter, *record)) rows.push_back(row_of(entry, *std::move(record)));
    return rows.size() < filter.limit;
  });
  if (!done) return done.error();
  std::reverse(rows.begin(), rows.end());
  return rows;
}

Result<std::vector<RecordRow>> list_records(const Trail& trail, const RecordFilter& filter) {
  RecordSearch search(trail.records());
  return list_records(search, filter);
}

}  // namespace kedge
