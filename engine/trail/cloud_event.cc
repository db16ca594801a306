#include "trail/cloud_event.h"

#include <fmt/format.h>

#include "base/json.h"
#include "trail/record_id.h"
#include "trail/record_text.h"

namespace kedge {
std::string cloud_event(const JournalEntry& entry, const Json& record, const std::string& ledger) {
  Json event = {{"specversion", "1.0"},
                {"id", record_id(entry)},
                {"source", "urn:uuid:" + ledger},
                {"type", "kedge.record." + raw_text_at(record, "/kind") + ".v1"},
                {"time", raw_text_at(record, "/at")},
                {"datacontenttype", "application/json"},
                {"sequence", fmt::format("{:020}", entry.seq)}};
  // An attribute may hold no control character and no noncharacter.
  if (const std::string target = raw_text_at(record, "/target"); !target.empty()) event["subject"] = printable(target);
  if (const std::string remediation = raw_text_at(record, "/remediation"); !remediation.empty()) {
    event["partitionkey"] = event["correlationid"] = printable(remediation);
  }
  std::string line = event.dump(-1, ' ', false, Json::error_handler_t::replace);
  line.insert(line.size() - 1, ",\"data\":" + entry.bytes);
  return line;
}

}  // namespace kedge
