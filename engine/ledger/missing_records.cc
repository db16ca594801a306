#include "ledger/missing_records.h"

#include "base/json.h"

namespace kedge {
namespace {

// Empty where there is no such text; a member that did not fit its record is none.
std::string text_in(const Json& record, const char* name) {
  const auto found = record.find(name);
  return found != record.end() && found->is_string() ? found->get<std::string>() : "";
}

std::vector<std::string> texts_in(const Json& record, const char* name) {
  std::vector<std::string> texts;
  const auto found = record.find(name);
  if (found == record.end() || !found->is_array()) return texts;
  for (const Json& one : *found) {
    if (one.is_string()) texts.push_back(one.get<std::string>());
  }
  return texts;
}

}  // namespace

void MissingRecords::read(const JournalEntry& entry) {
  const auto record = parse_json(entry.bytes);
  if (!record || !record->is_object()) return;
  const std::string kind = text_in(*record, "kind");
  if (kind == "suppression") return see(text_in(*record, "key"));  // a folded one has none
  const std::string remediation = text_in(*record, "remediation");
  if (remediation.empty()) return;
  if (kind == "plan") return take_in_plan(entry.seq, *record);
  if (const auto to = parse_state(text_in(*record, "to"))) last_[remediation] = {*to, entry.seq};
  if (kind == "attempt") take_in_attempt(*record);
  take_in_outcome(*record);
}

// What reconcile finds it finds by looking, not by reading again.
void MissingRecords::take_in_plan(int64_t seq, const Json& record) {
  const std::string remediation = text_in(record, "remediation");
  if (text_in(record, "origin") != "reconcile") wanted_.emplace_back(text_in(record, "key"), remediation);
  const auto state = parse_state(text_in(record, "state"));
  if (state && text_in(record, "disposition") != "joined") last_[remediation] = {*state, seq};
}

void MissingRecords::take_in_attempt(const Json& record) {
  AttemptTrace trace{text_in(record, "remediation"), text_in(record, "target"), text_in(record, "mark"), {}};
  trace.touches = texts_in(record, "touches");
  tables_.put_attempt(trace, day_);
}

void MissingRecords::take_in_outcome(const Json& record) {
  const auto writes = record.find("writes");
  if (writes == record.end() || !writes->is_number_integer()) return;
  AttemptTrace trace{text_in(record, "remediation"), text_in(record, "target"), text_in(record, "mark"), {}};
  const std::vector<std::string> request_ids = texts_in(record, "request_ids");
  const auto sent = writes->get<int64_t>();
  trace.settled = sent > 0 && std::cmp_greater_equal(request_ids.size(), sent);
  tables_.put_requests(trace, request_ids, day_);
}

int64_t MissingRecords::forget_what_ended() {
  for (const auto& [key, remediation] : wanted_) {
    const auto last = last_of(remediation);
    if (last && is_end(last->state)) see(key);
  }
  return seen_;
}

std::optional<MissingRecords::Last> MissingRecords::last_of(const std::string& remediation) const {
  const auto found = last_.find(remediation);
  return found == last_.end() ? std::nullopt : std::optional(found->second);
}

void MissingRecords::see(const std::string& key) {
  if (key.empty()) return;
  tables_.put_seen(key, day_);
  ++seen_;
}

}  // namespace kedge
