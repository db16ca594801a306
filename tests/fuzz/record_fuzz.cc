// rooms: trail
// Any bytes as a record of the journal: whatever reads it says that it is none, or reads the same as everybody else.
#include <algorithm>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/json.h"
#include "ledger/values_json.h"
#include "trail/cloud_event.h"
#include "trail/index_text.h"
#include "trail/journal_scan.h"
#include "trail/ocsf.h"
#include "trail/opening.h"
#include "trail/record_csv.h"
#include "trail/record_field.h"
#include "trail/record_filter.h"
#include "trail/record_id.h"
#include "trail/record_summary.h"

namespace {

using namespace kedge;

constexpr const char* kLedger = "627cc493-f310-47de-96bd-71410b7dec09";
constexpr size_t kEventBytesMax = 65'535;

void require(bool holds) {
  if (!holds) std::abort();
}

bool is_one_line(const std::string& text) {
  return !text.empty() && std::count(text.begin(), text.end(), '\n') == 1 && text.back() == '\n' && is_utf8(text);
}

// What the index knows of a record is what a filter asks of it, and no filter that it passes rules its bytes out.
void find(const JournalEntry& entry, const Json& record) {
  static RecordFieldReader reader;
  const auto fields = reader.read(entry);
  require(fields.ok());
  for (const RecordField field : kRecordFields) require((*fields)[field] == field_of(record, field));
  RecordFilter filter;
  filter.kinds = {field_of(record, RecordField::kind)};
  filter.rule = field_of(record, RecordField::rule);
  filter.target = field_of(record, RecordField::target);
  filter.remediation = field_of(record, RecordField::remediation);
  filter.state = field_of(record, RecordField::state);
  filter.guard = field_of(record, RecordField::guard);
  filter.severity = field_of(record, RecordField::severity);
  require(!passes(filter, record) || may_pass(filter, entry));
  TextBlock block;
  block.add(entry.bytes);
  for (const uint32_t place : text_places(entry.bytes)) require(block.has(place));
}

void export_it(const JournalEntry& entry, const Json& record) {
  const Opening opening = opening_of(record);
  (void)opens_remediation(record);
  for (const Opening* const known : {static_cast<const Opening*>(nullptr), &opening}) {
    require(is_one_line(record_csv(entry, record, known)));
    for (const Json& event : ocsf_events(entry, record, known, record, {kLedger, "0"})) {
      require(event.dump(-1, ' ', false, Json::error_handler_t::strict).size() <= kEventBytesMax);
    }
  }
  require(parse_json(cloud_event(entry, record, kLedger)).ok());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const JournalEntry entry{7, std::string(reinterpret_cast<const char*>(data), std::min(size, kEventBytesMax))};
  require(!record_id(entry).empty());
  (void)RecordFieldReader().read(entry).ok();
  const auto record = parse_json(entry.bytes, 100);
  if (!record) return 0;
  require(summary_of(*record).find('\n') == std::string::npos);
  if (const auto remediation = remediation_from_json(*record)) (void)to_json(*remediation);
  const auto canonical = canonical_json(*record);
  if (!canonical || canonical->size() > kEventBytesMax || !record->is_object()) return 0;
  const JournalEntry sealed{7, *canonical};  // as the ledger would have written it
  find(sealed, *record);
  export_it(sealed, *record);
  return 0;
}
