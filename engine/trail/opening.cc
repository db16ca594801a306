#include "trail/opening.h"

#include "base/id.h"
#include "base/json.h"
#include "trail/journal_scan.h"
#include "trail/record_text.h"

namespace kedge {
namespace {

// An id tells when it was made by the wall clock, a record when it was written by ledger time: so far they may differ.
constexpr Duration kClocksApart = std::chrono::seconds(61);

int64_t size_at(const Json& record, const char* pointer) {
  const Json::json_pointer where(pointer);
  return record.contains(where) && record.at(where).is_array() ? static_cast<int64_t>(record.at(where).size()) : 0;
}

std::vector<std::string> texts_at(const Json& record, const char* pointer) {
  std::vector<std::string> texts;
  const Json::json_pointer where(pointer);
  if (size_at(record, pointer) == 0) return texts;
  for (const Json& text : record.at(where)) {
    if (text.is_string()) texts.push_back(text.get<std::string>());
  }
  return texts;
}

}  // namespace

bool opens_remediation(const Json& record) {
  return raw_text_at(record, "/kind") == "plan" && raw_text_at(record, "/disposition") != "joined";
}

Opening opening_of(const Json& record) {
  const auto at = [&](const char* pointer) { return raw_text_at(record, pointer); };
  Opening opening;
  opening.title = at("/policy/title");
  opening.severity = at("/policy/severity");
  opening.mode = at("/policy/mode");
  opening.references = texts_at(record, "/policy/references");
  opening.requester = at("/requester");
  opening.opened = at("/at");
  opening.happened = at("/times/happened");
  opening.event_source = at("/event/source");
  opening.event_id = at("/event/id");
  opening.document = at("/event/document_sha256");
  opening.account = at("/event/account");
  opening.principal = at("/event/principal");
  opening.session = at("/event/session");
  opening.agent = at("/event/agent");
  opening.address = at("/event/address");
  opening.request_id = at("/event/request_id");
  opening.isolating = size_at(record, "/plan/isolate");
  opening.steps = opening.isolating + size_at(record, "/plan/revert") + size_at(record, "/plan/replace");
  return opening;
}

void Openings::met(const Json& record) { keep(raw_text_at(record, "/remediation"), opening_of(record)); }

Result<const Opening*> Openings::of(const std::string& remediation) {
  const auto known = by_id_.find(remediation);
  if (known != by_id_.end()) {
    kept_.splice(kept_.begin(), kept_, known->second);
    return kept_.front().second ? &*kept_.front().second : nullptr;
  }
  auto found = look_back(remediation);
  if (!found) return found.error();
  return keep(remediation, *std::move(found));
}

const Opening* Openings::keep(const std::string& remediation, std::optional<Opening> opening) {
  if (const auto known = by_id_.find(remediation); known != by_id_.end()) {
    kept_.erase(known->second);
    by_id_.erase(known);
  }
  kept_.emplace_front(remediation, std::move(opening));
  by_id_[remediation] = kept_.begin();
  if (kept_.size() > kept_max_) {
    by_id_.erase(kept_.back().first);
    kept_.pop_back();
  }
  return kept_.front().second ? &*kept_.front().second : nullptr;
}

Result<std::optional<Opening>> Openings::look_back(const std::string& remediation) {
  std::optional<Opening> found;
  const auto made = time_of_uuid7(remediation);
  if (!made) return found;
  const auto done = scan_forwards(
      reader_, {-1, *made - kClocksApart, *made + kClocksApart}, [&](const JournalEntry& entry) -> Result<bool> {
        if (!may_hold(entry, remediation)) return true;
        const auto record = open_record(reader_, entry);
        if (!record) return record.error();
        if (!opens_remediation(*record) || raw_text_at(*record, "/remediation") != remediation) return true;
        found = opening_of(*record);
        return false;
      });
  if (!done) return done.error();
  return found;
}

}  // namespace kedge
