#include "trail/opening.h"

#include <algorithm>
#include <iterator>

#include "base/id.h"
#include "base/json.h"
#include "trail/journal_scan.h"
#include "trail/record_text.h"

namespace kedge {
namespace {

// An id tells when it was made by the wall clock, a record when it was written by ledger time: so far they may differ.
constexpr Duration kClocksApart = std::chrono::seconds(61);

int64_t size_at(const Json& record, const char* pointer) {
  const Json* const value = value_at(record, pointer);
  return value != nullptr && value->is_array() ? static_cast<int64_t>(value->size()) : 0;
}

std::vector<std::string> texts_at(const Json& record, const char* pointer) {
  std::vector<std::string> texts;
  if (size_at(record, pointer) == 0) return texts;
  for (const Json& text : *value_at(record, pointer)) {
    if (text.is_string()) texts.push_back(text.get<std::string>());
  }
  return texts;
}

// The remediation that this record opens; empty: none. Read off the bytes of canonical JSON, where of all members of
// that name the record's own stands last.
std::string opened_by(const JournalEntry& entry) {
  constexpr std::string_view kName = R"("remediation":")";
  const std::string& bytes = entry.bytes;
  if (bytes.find(R"("kind":"plan")") == std::string::npos) return "";
  const size_t at = bytes.rfind(kName);
  if (at == std::string::npos) return "";
  const size_t begin = at + kName.size();
  return bytes.substr(begin, std::min<size_t>(bytes.find('"', begin), bytes.size()) - begin);
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

void Openings::pass(const JournalEntry& entry) {
  note_place(entry);
  have_looked(entry.seq, entry.seq + 1);
}

Result<const Opening*> Openings::of(const std::string& remediation) {
  if (const auto known = by_id_.find(remediation); known != by_id_.end()) {
    kept_.splice(kept_.begin(), kept_, known->second);
    return kept_.front().second ? &*kept_.front().second : nullptr;
  }
  if (const auto made = time_of_uuid7(remediation); made && !places_.contains(remediation)) {
    if (auto looked = look_around(remediation, *made); !looked) return looked.error();
  }
  auto opening = read(remediation);
  if (!opening) return opening.error();
  return keep(remediation, *std::move(opening));
}

bool Openings::note_place(const JournalEntry& entry) {
  const std::string remediation = opened_by(entry);
  if (remediation.empty() || entry.bytes.find(R"("disposition":"joined")") != std::string::npos) return false;
  const bool is_full = places_.size() >= limits_.places;
  if (is_full) {
    places_.clear();
    looked_.clear();
  }
  places_[remediation] = entry.seq;
  return is_full;
}

// Each part of the trail is looked through once, however many remediations were opened there.
Result<void> Openings::look_around(const std::string& remediation, Time made) {
  const auto begin = first_at(trail_.records(), made - kClocksApart);
  if (!begin) return begin.error();
  const auto end = first_at(trail_.records(), made + kClocksApart);
  if (!end) return end.error();
  std::optional<int64_t> place;
  for (int64_t next = *begin; next < *end;) {
    const auto behind = looked_.upper_bound(next);
    if (behind != looked_.begin() && std::prev(behind)->second > next) {
      next = std::prev(behind)->second;
      continue;
    }
    int64_t looked_from = next;
    const int64_t stop = behind == looked_.end() ? *end : std::min(*end, behind->first);
    const auto done =
        scan_forwards(trail_.records(), {next - 1, {}, {}}, [&](const JournalEntry& entry) -> Result<bool> {
          if (entry.seq >= stop) return false;
          if (note_place(entry)) looked_from = entry.seq;
          if (const auto known = places_.find(remediation); known != places_.end()) place = known->second;
          return true;
        });
    if (!done) return done;
    have_looked(looked_from, stop);
    next = stop;
  }
  if (place) places_[remediation] = *place;
  return {};
}

Result<std::optional<Opening>> Openings::read(const std::string& remediation) {
  std::optional<Opening> opening;
  const auto place = places_.find(remediation);
  if (place == places_.end()) return opening;
  const auto entries = trail_.records().records(place->second, 1);
  if (!entries) return entries.error();
  if (entries->empty() || entries->front().seq != place->second) return opening;
  const auto record = open_record(trail_, entries->front());
  if (!record) return record.error();
  if (opens_remediation(*record) && raw_text_at(*record, "/remediation") == remediation) opening = opening_of(*record);
  return opening;
}

const Opening* Openings::keep(const std::string& remediation, std::optional<Opening> opening) {
  kept_.emplace_front(remediation, std::move(opening));
  by_id_[remediation] = kept_.begin();
  if (kept_.size() > limits_.openings) {
    by_id_.erase(kept_.back().first);
    kept_.pop_back();
  }
  return kept_.front().second ? &*kept_.front().second : nullptr;
}

void Openings::have_looked(int64_t begin, int64_t end) {
  auto range = looked_.upper_bound(begin);
  if (range != looked_.begin() && std::prev(range)->second >= begin) {
    --range;
    range->second = std::max(range->second, end);
  } else {
    range = looked_.emplace_hint(range, begin, end);
  }
  for (auto next = std::next(range); next != looked_.end() && next->first <= range->second;) {
    range->second = std::max(range->second, next->second);
    next = looked_.erase(next);
  }
}

}  // namespace kedge
