#include "app/hardly_watched.h"

#include <map>

#include "base/json.h"

namespace kedge {
namespace {

IndexQuery of_kind(const char* kind) {
  return {.conditions = {{{RecordField::kind}, IndexQuery::How::equal, {kind}}}, .text = {}};
}

Result<Json> read_record(const JournalEntry& entry) {
  auto record = parse_json(entry.bytes);
  if (record && record->is_object()) return record;
  return Error{ErrorCode::corrupt, "record " + std::to_string(entry.seq) + " is none"};
}

bool is_before(const Json& record, Time time) {
  const auto at = parse_time(record.value("at", ""));
  return at && *at < time;
}

// Takes out those that a rule set of that long ago had.
Result<void> forget_long_known(RecordSearch& trail, std::set<std::string>& rules, Time long_ago) {
  return trail.newest_first(of_kind("rules_loaded"), [&](const JournalEntry& entry) -> Result<bool> {
    const auto record = read_record(entry);
    if (!record) return record.error();
    if (record->value("kind", "") == "rules_loaded" && is_before(*record, long_ago)) {
      for (const Json& rule : record->value("rules", Json::array())) rules.erase(rule.value("id", ""));
    }
    return !rules.empty();
  });
}

// Takes out those that wanted enough in mode shadow, lately.
Result<void> forget_much_seen(RecordSearch& trail, std::set<std::string>& rules, Time long_ago) {
  std::map<std::string, int> seen;
  return trail.newest_first(of_kind("suppression"), [&](const JournalEntry& entry) -> Result<bool> {
    const auto record = read_record(entry);
    if (!record) return record.error();
    if (is_before(*record, long_ago)) return false;
    if (record->value("kind", "") == "suppression" && record->value("guard", "") == "mode") {
      const std::string rule = record->value("rule", Json::object()).value("id", "");
      if (++seen[rule] >= kWatchedMatches) rules.erase(rule);
    }
    return !rules.empty();
  });
}

}  // namespace

Result<std::set<std::string>> hardly_watched(RecordSearch& trail, std::set<std::string> rules, Time now) {
  if (rules.empty()) return rules;
  if (auto done = forget_long_known(trail, rules, now - kWatchedFor); !done) return done.error();
  if (rules.empty()) return rules;
  if (auto done = forget_much_seen(trail, rules, now - kWatchedFor); !done) return done.error();
  return rules;
}

}  // namespace kedge
