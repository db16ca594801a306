#include "trail/rule_history.h"

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

#include "base/json.h"
#include "trail/journal_scan.h"
#include "trail/record_text.h"

namespace kedge {
namespace {

Result<Time> time_of(const JournalEntry& entry, const Json& record) {
  const auto time = parse_time(raw_text_at(record, "/at"));
  return time ? time : time.error().with("record " + std::to_string(entry.seq));
}

// What a record of a rule set says of one rule.
RuleInForce in_force(const Json& loaded, Time since, const std::string& rule, const DigestOfRules& digest_of,
                     std::set<std::string>& known) {
  RuleInForce found;
  found.since = since;
  std::map<std::string, std::string> versions;
  const Json none = Json::array();
  const Json& rules = loaded.contains("rules") ? loaded["rules"] : none;
  for (const Json& one : rules.is_array() ? rules : none) {
    const std::string id = raw_text_at(one, "/id");
    versions[id] = raw_text_at(one, "/version");
    known.insert(id);
    if (id != rule) continue;
    found.version = versions[id];
    found.mode = raw_text_at(one, "/mode");
    found.bundle = raw_text_at(one, "/bundle/sha256");
  }
  found.as_today = digest_of(versions) == raw_text_at(loaded, "/digest");
  return found;
}

bool same(const RuleInForce& a, const RuleInForce& b) {
  return std::tie(a.version, a.mode, a.bundle, a.as_today) == std::tie(b.version, b.mode, b.bundle, b.as_today);
}

IndexQuery of_kinds(std::vector<std::string> kinds) {
  IndexQuery query;
  query.conditions.push_back({{RecordField::kind}, IndexQuery::How::equal, std::move(kinds)});
  return query;
}

struct Moment {
  enum class Kind { loaded, start, stop };
  Kind kind = Kind::loaded;
  Time at;
  std::optional<Time> heard_before;  // of a start: when the record before it was written
  RuleInForce version;               // of a rule set
};

// Reads the moments newest first.
class Gathering {
 public:
  Gathering(RecordSearch& search, const Trail& parts, const std::string& rule, const DigestOfRules& digest_of)
      : search_(search), parts_(parts), rule_(rule), digest_of_(digest_of) {}

  Result<RuleHistory> gather(Time from, Time to) {
    IndexQuery query = of_kinds({"rules_loaded", "start", "stop"});
    const auto end = search_.records().end();
    const auto place = end ? first_since(search_.records(), *end, to) : end;
    if (!place) return place.error();
    query.end = *place;
    bool all = true;
    const auto done = search_.newest_first(std::move(query), [&](const JournalEntry& entry) -> Result<bool> {
      const auto more = take(entry, from);
      if (more && !*more) all = false;
      return more;
    });
    if (!done) return done.error();
    const auto first = search_.records().records(0, 1);
    if (!first) return first.error();
    if (!known_.contains(rule_)) {
      if (auto learned = learn_all_names(); !learned) return learned.error();
    }
    const bool since_its_birth = all && !first->empty() && first->front().seq == 0;
    return in_order(since_its_birth);
  }

 private:
  Result<bool> take(const JournalEntry& entry, Time from) {
    auto record = parse_record(entry);
    if (!record) return record.error();
    const std::string kind = raw_text_at(*record, "/kind");
    if (kind != "rules_loaded" && kind != "start" && kind != "stop") return true;
    const auto at = time_of(entry, *record);
    if (!at) return at.error();
    Moment& moment = moments_.emplace_back();
    moment.at = *at;
    if (kind == "stop") moment.kind = Moment::Kind::stop;
    if (kind == "start") {
      moment.kind = Moment::Kind::start;
      const auto heard = heard_before(entry.seq);
      if (!heard) return heard.error();
      moment.heard_before = *heard;
    }
    if (kind != "rules_loaded") return true;
    put_back_parts(parts_, *record);
    moment.version = in_force(*record, *at, rule_, digest_of_, known_);
    return *at >= from;
  }

  Result<std::optional<Time>> heard_before(int64_t seq) {
    const auto entries = search_.records().records(std::max<int64_t>(seq - 1, 0), 1);
    if (!entries) return entries.error();
    if (entries->empty() || entries->front().seq >= seq) return std::optional<Time>();
    const auto record = parse_json(entries->front().bytes);
    if (!record) return record.error();
    const auto at = time_of(entries->front(), *record);
    return at ? Result<std::optional<Time>>(*at) : at.error();
  }

  Result<void> learn_all_names() {
    return search_.newest_first(of_kinds({"rules_loaded"}), [&](const JournalEntry& entry) -> Result<bool> {
      const auto record = open_record(parts_, entry);
      if (!record) return record.error();
      if (raw_text_at(*record, "/kind") == "rules_loaded") in_force(*record, Time(), rule_, digest_of_, known_);
      return !known_.contains(rule_);
    });
  }

  // What was there before any rules were loaded was read, if at all, when they were.
  RuleHistory in_order(bool since_its_birth) {
    RuleHistory history;
    bool stands = since_its_birth;
    Time stands_since = Time::min();
    const auto stand = [&](Time since) {
      if (!std::exchange(stands, true)) stands_since = since;
    };
    for (auto moment = moments_.rbegin(); moment != moments_.rend(); ++moment) {
      switch (moment->kind) {
        case Moment::Kind::stop:
          stand(moment->at);
          break;
        case Moment::Kind::start:  // without a stop: it died, and was last heard of by the record before
          stand(moment->heard_before ? *moment->heard_before : moment->at);
          break;
        case Moment::Kind::loaded:
          if (std::exchange(stands, false)) history.standstills.push_back({stands_since, moment->at});
          if (history.versions.empty() || !same(history.versions.back(), moment->version)) {
            history.versions.push_back(moment->version);
          }
          break;
      }
    }
    if (stands) history.standstills.push_back({stands_since, Time::max()});
    history.known = std::move(known_);
    return history;
  }

  RecordSearch& search_;
  const Trail& parts_;
  const std::string& rule_;
  const DigestOfRules& digest_of_;
  std::vector<Moment> moments_;
  std::set<std::string> known_;
};

}  // namespace

const RuleInForce* RuleHistory::at(Time time) const {
  const RuleInForce* found = nullptr;
  for (const RuleInForce& one : versions) {
    if (one.since <= time) found = &one;
  }
  return found;
}

Time RuleHistory::decided(Time time) const {
  for (const Standstill& one : standstills) {
    if (one.from <= time && time < one.to) return one.to;
  }
  return time;
}

Time RuleHistory::readable_since(Time time) const {
  for (const Standstill& one : standstills) {
    if (one.from < time && time <= one.to) return one.from;
  }
  return time;
}

Result<RuleHistory> rule_history(RecordSearch& search, const Trail& parts, const std::string& rule, Time from, Time to,
                                 const DigestOfRules& digest_of) {
  return Gathering(search, parts, rule, digest_of).gather(from, to);
}

}  // namespace kedge
