#include "trail/ocsf_event.h"

#include <algorithm>

#include "audit/merkle.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/time.h"
#include "trail/record_id.h"
#include "trail/record_summary.h"
#include "trail/record_text.h"

namespace kedge::ocsf {
namespace {

constexpr const char* kLeaf = "tlog";

// The record's members, but for what each event has in a place of its own; and where to find the record in its log.
Json unmapped(const Told& told) {
  Json members = told.record;
  for (const char* name : {"v", "seq", "at", "kind"}) members.erase(name);
  if (told.source.origin.empty()) return members;
  members[kLeaf] = {
      {"origin", told.source.origin}, {"index", told.entry.seq}, {"leaf_hash", leaf_hash(told.entry.bytes).hex()}};
  return members;
}

Json metadata(const Told& told) {
  return without_empty({{"version", kVersion},
                        {"product", {{"name", "kedge"}, {"vendor_name", "kedge"}, {"version", told.source.version}}},
                        {"uid", record_id(told.entry)},
                        {"sequence", told.entry.seq},
                        {"event_code", told.at("/kind")},
                        {"log_name", told.source.origin.empty() ? told.source.ledger : told.source.origin},
                        {"log_provider", "kedge"},
                        {"original_time", told.at("/at")},
                        {"correlation_uid", told.at("/remediation")}});
}

size_t size_of(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace).size(); }

// No more than `most` bytes of it, whole characters.
std::string shortened(const std::string& text, size_t most) {
  if (text.size() <= most) return text;
  size_t end = most;
  while (end > 0 && (text[end] & 0xC0) == 0x80) --end;
  return text.substr(0, end) + "…";
}

void shorten_texts(Json& value, size_t most) {
  if (value.is_string()) {
    value = shortened(value.get<std::string>(), most);
  } else if (value.is_structured()) {
    for (Json& one : value) shorten_texts(one, most);
  }
}

}  // namespace

std::string Told::at(const char* pointer) const { return raw_text_at(record, pointer); }
TargetName Told::target() const { return read_target(at("/target")); }

Json milliseconds(const std::string& time) {
  const auto parsed = parse_time(time);
  if (!parsed) return {};
  return std::chrono::floor<std::chrono::milliseconds>(*parsed).time_since_epoch().count();
}

Json without_empty(Json object) {
  for (auto member = object.begin(); member != object.end();) {
    const bool empty = member->is_null() || (member->is_string() && member->get_ref<const std::string&>().empty()) ||
                       (member->is_structured() && member->empty());
    member = empty ? object.erase(member) : std::next(member);
  }
  return object;
}

Json device_of(const std::string& host) { return {{"hostname", host}, {"type_id", 0}, {"type", "Unknown"}}; }

Json file_of(const TargetName& target) {
  return {{"name", target.name}, {"path", target.path}, {"type_id", 0}, {"type", "Unknown"}};
}

Json observable(const char* name, Word type, const std::string& value) {
  return without_empty({{"name", name}, {"type_id", type.id}, {"type", type.caption}, {"value", value}});
}

Word severity_of(const Opening* opening) {
  const std::string name = opening == nullptr ? "" : opening->severity;
  for (const auto& [text, word] : {std::pair{"informational", severity::kInformational},
                                   {"low", severity::kLow},
                                   {"medium", severity::kMedium},
                                   {"high", severity::kHigh},
                                   {"critical", severity::kCritical}}) {
    if (name == text) return word;
  }
  return kUnknown;
}

void fit(Json& event, size_t bytes_max) {
  const size_t size = size_of(event);
  if (size <= bytes_max) return;
  event["metadata"]["is_truncated"] = true;
  event["metadata"]["untruncated_size"] = size;
  Json& rest = event["unmapped"];
  for (auto& [name, value] : event.items()) {
    if (name != "unmapped") shorten_texts(value, 1024);
  }
  while (size_of(event) > bytes_max && !rest.empty()) {
    auto largest = rest.begin();
    for (auto member = rest.begin(); member != rest.end(); ++member) {
      if (member.key() != kLeaf && size_of(*member) > size_of(*largest)) largest = member;
    }
    const std::string bytes = largest->dump(-1, ' ', false, Json::error_handler_t::replace);
    if (bytes.size() < 100) return;  // a digest is no shorter
    *largest = {{"sha256", sha256(bytes).hex()}, {"bytes", bytes.size()}};
  }
}

Event::Event(const Told& told, const Class& its_class, Word activity)
    : told_(told),
      event_({{"category_uid", its_class.category_uid},
              {"category_name", its_class.category},
              {"class_uid", its_class.uid},
              {"class_name", its_class.caption},
              {"type_uid", its_class.uid * 100 + activity.id},
              {"type_name", std::string(its_class.caption) + ": " + (activity.id == 99 ? "Other" : activity.caption)},
              {"time", milliseconds(told.at("/at"))},
              {"timezone_offset", 0},
              {"message", summary_of(told.record)},
              {"metadata", metadata(told)},
              {"raw_data_hash",
               {{"algorithm_id", 3}, {"algorithm", "SHA-256"}, {"value", sha256(told.entry.bytes).hex()}}},
              {"raw_data_size", told.entry.bytes.size()},
              {"unmapped", unmapped(told)}}) {
  put("severity", severity_of(told.opening));
  event_["activity_id"] = activity.id;
  event_["activity_name"] = activity.caption;
}

Event& Event::put(std::string_view name, Word word) {
  event_[std::string(name) + "_id"] = word.id;
  event_[std::string(name)] = word.caption;
  return *this;
}

Event& Event::put(std::string_view name, Json value) {
  if (value.is_null() || (value.is_string() && value.get_ref<const std::string&>().empty())) return *this;
  event_[std::string(name)] = std::move(value);
  return *this;
}

Event& Event::profile(std::string_view name) {
  Json& profiles = event_["metadata"]["profiles"];
  if (!profiles.is_array()) profiles = Json::array();
  if (std::find(profiles.begin(), profiles.end(), name) == profiles.end()) profiles.push_back(name);
  return *this;
}

Event& Event::control(Word action, Word disposition) {
  profile("security_control").put("action", action).put("disposition", disposition);
  if (const std::string guard = told_.at("/guard"); !guard.empty())
    put("policy", Json{{"name", guard}, {"type", "guard"}});
  return *this;
}

Event& Event::actor() {
  const std::string name = told_.at("/actor");
  return name.empty() ? *this : put("actor", Json{{"user", {{"name", name}}}});
}

Event& Event::actor_of_host() {
  if (!told_.at("/actor").empty()) profile("host");
  return actor();
}

Event& Event::place() {
  const TargetName target = told_.target();
  const std::string account =
      !target.account.empty() || told_.opening == nullptr ? target.account : told_.opening->account;
  if (target.form == TargetName::Form::arn) {
    profile("cloud").put(
        "cloud",
        without_empty({{"provider", "AWS"},
                       {"cloud_partition", target.partition},
                       {"region", target.region},
                       {"account",
                        account.empty() ? Json() : Json{{"uid", account}, {"type_id", 10}, {"type", "AWS Account"}}}}));
  }
  if (!target.host.empty()) profile("host").put("device", device_of(target.host));
  return *this;
}

}  // namespace kedge::ocsf
