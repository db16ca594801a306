#include "trail/ocsf.h"

#include "base/json.h"
#include "trail/ocsf_event.h"
#include "trail/record_id.h"

namespace kedge {
namespace {

constexpr size_t kEventBytesMax = 65'535;
// Of a record of no more bytes no event is too long, however often it repeats its parts: it is not measured.
constexpr size_t kSmallRecord = 6'000;

}  // namespace

std::vector<Json> ocsf_events(const JournalEntry& entry, const Json& record, const Opening* opening, const Json& event,
                              const OcsfSource& source) {
  // A record that says itself what was found needs no other.
  const Opening own = record.contains("policy") ? opening_of(record) : Opening{};
  const ocsf::Told told{entry, record, record.contains("policy") ? &own : opening, event, source};
  const std::string kind = told.at("/kind");
  const bool of_attempt = kind == "attempt" || kind == "outcome";
  std::vector<Json> events;
  if (of_attempt) ocsf::add_remediation(told, events);
  ocsf::add_finding(told, events);
  if (!of_attempt) ocsf::add_remediation(told, events);
  ocsf::add_engine(told, events);
  if (events.empty() && kind != "notice") {  // of a kind that an engine newer than this one writes
    events.push_back(ocsf::Event(told, ocsf::kBaseEvent, ocsf::other("Other")).done());
  }
  for (size_t i = 0; i < events.size(); ++i) {
    if (i > 0) events[i]["metadata"]["uid"] = record_id(entry) + "/" + std::to_string(i + 1);
    if (entry.bytes.size() > kSmallRecord) ocsf::fit(events[i], kEventBytesMax);
  }
  return events;
}

}  // namespace kedge
