#include "trail/record_filter.h"

#include <algorithm>

#include "base/json.h"
#include "trail/journal_scan.h"
#include "trail/record_text.h"

namespace kedge {
namespace {

bool has_part(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }
bool is(const std::string& text, const std::string& wanted) { return wanted.empty() || text == wanted; }

}  // namespace

bool may_pass(const RecordFilter& filter, const JournalEntry& entry) {
  for (const std::string* part : {&filter.rule, &filter.target, &filter.remediation, &filter.state, &filter.guard,
                                  &filter.severity, &filter.actor}) {
    if (!may_hold(entry, *part)) return false;
  }
  if (!has_part(entry.bytes, filter.text)) return false;
  return filter.kinds.empty() || std::any_of(filter.kinds.begin(), filter.kinds.end(),
                                             [&](const std::string& kind) { return may_hold(entry, kind); });
}

bool looks_into_records(const RecordFilter& filter) {
  const RecordFilter& f = filter;
  return !f.kinds.empty() || !f.rule.empty() || !f.target.empty() || !f.remediation.empty() || !f.state.empty() ||
         !f.guard.empty() || !f.severity.empty() || !f.actor.empty();
}

bool passes(const RecordFilter& filter, const Json& record) {
  const auto at = [&](const char* pointer) { return raw_text_at(record, pointer); };
  return (filter.kinds.empty() || filter.kinds.contains(at("/kind"))) && is(at("/rule/id"), filter.rule) &&
         has_part(at("/target"), filter.target) && at("/remediation").starts_with(filter.remediation) &&
         is(at("/to"), filter.state) && is(at("/guard"), filter.guard) && is(at("/policy/severity"), filter.severity) &&
         (has_part(at("/event/principal"), filter.actor) || has_part(at("/actor"), filter.actor));
}

}  // namespace kedge
