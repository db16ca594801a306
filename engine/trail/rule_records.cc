#include "trail/rule_records.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/json.h"
#include "trail/journal_scan.h"
#include "trail/record_text.h"

namespace kedge {
namespace {

constexpr size_t kReasonsApart = 10;  // of one guard; more of them are one row

Time hour_of(Time time) { return std::chrono::floor<std::chrono::hours>(time); }

int64_t number_at(const Json& record, const char* pointer) {
  const Json::json_pointer place(pointer);
  return record.contains(place) && record.at(place).is_number_integer() ? record.at(place).get<int64_t>() : 0;
}

// What was left alone by a record of this kind; empty: it tells of nothing such.
std::string what_of(const Json& record) {
  const std::string kind = raw_text_at(record, "/kind");
  if (kind == "suppression") return "suppressed";
  if (kind == "hold") return raw_text_at(record, "/to") == "held" ? "held" : "waited";
  if (kind == "refusal") return "refused";
  if (kind == "expiry") return "expired";
  if (kind == "cancellation") return "cancelled";
  if (kind == "rule_failure") return "failed";
  return "";
}

// Of a person's no it is the person and what they said.
std::string why_of(const Json& record) {
  if (record.contains("folded")) return "beyond the minute's number: only how many they are is on record";
  if (raw_text_at(record, "/kind") == "cancellation") {
    return raw_text_at(record, "/actor") + ": " + raw_text_at(record, "/reason");
  }
  return raw_text_at(record, raw_text_at(record, "/kind") == "rule_failure" ? "/message" : "/reason");
}

// The reason, whatever target it names.
std::string without_target(std::string reason, const std::string& target) {
  for (size_t at = 0; !target.empty() && (at = reason.find(target, at)) != std::string::npos;) {
    reason.replace(at, target.size(), "\n");
  }
  return reason;
}

class Folding {
 public:
  // Newest first.
  void add(const Json& record, int64_t seq, Time at) {
    const std::string what = what_of(record);
    if (what.empty()) return;
    const std::string target = raw_text_at(record, "/target");
    const std::string why = why_of(record);
    auto& groups = groups_[{what, raw_text_at(record, "/guard")}];
    Group& group = groups[without_target(why, target)];
    if (group.row.record == 0) {
      group.row = {what, raw_text_at(record, "/guard"), printable(why), 1, 0, 0, at, at, seq};
    }
    group.row.first = at;
    group.row.count += record.contains("folded") ? number_at(record, "/folded") : 1;
    if (!target.empty()) group.targets.insert(target);
  }

  std::vector<LeftAlone> rows() && {
    std::vector<LeftAlone> rows;
    for (auto& [key, groups] : groups_) {
      if (groups.size() > kReasonsApart) {
        rows.push_back(as_one(groups));
        continue;
      }
      const size_t first = rows.size();
      for (auto& [why, group] : groups) rows.push_back(row_of(group));
      std::sort(rows.begin() + static_cast<std::ptrdiff_t>(first), rows.end(),
                [](const LeftAlone& a, const LeftAlone& b) { return a.record < b.record; });
    }
    return rows;
  }

 private:
  struct Group {
    LeftAlone row;
    std::set<std::string> targets;
  };
  using Groups = std::map<std::string, Group>;  // by reason

  static LeftAlone row_of(Group& group) {
    group.row.targets = static_cast<int64_t>(group.targets.size());
    return std::move(group.row);
  }

  static LeftAlone as_one(Groups& groups) {
    const auto newest = std::max_element(groups.begin(), groups.end(), [](const auto& a, const auto& b) {
      return a.second.row.record < b.second.row.record;
    });
    Group all{newest->second.row, {}};
    all.row.count = 0;
    for (auto& [why, group] : groups) {
      all.row.count += group.row.count;
      all.row.first = std::min(all.row.first, group.row.first);
      all.targets.merge(group.targets);
    }
    all.row.reasons = static_cast<int64_t>(groups.size());
    return row_of(all);
  }

  std::map<std::pair<std::string, std::string>, Groups> groups_;  // by what and guard
};

std::optional<Became> became_of(const Json& record, int64_t seq, Time at) {
  const std::string kind = raw_text_at(record, "/kind");
  if ((kind != "plan" && kind != "suppression") || record.contains("folded")) return std::nullopt;
  Became became;
  became.suppressed = kind == "suppression";
  became.guard = raw_text_at(record, "/guard");
  became.reason = raw_text_at(record, "/reason");
  became.remediation = raw_text_at(record, "/remediation");
  became.disposition = raw_text_at(record, "/disposition");
  became.record = seq;
  became.at = at;
  became.partition = {raw_text_at(record, "/event/partition/source"), raw_text_at(record, "/event/partition/topic"),
                      static_cast<int32_t>(number_at(record, "/event/partition/partition"))};
  became.offset = number_at(record, "/event/offset");
  became.index = number_at(record, "/event/index");
  return became;
}

// How the record is counted where what the source says is counted again.
void count(const Json& record, Time at, RuleRecords& records) {
  const std::string kind = raw_text_at(record, "/kind");
  if (record.contains("folded")) {
    const auto minute = parse_time(raw_text_at(record, "/minute"));
    records.decided[hour_of(minute ? *minute : at)]["plan"] += number_at(record, "/folded");
  } else if (kind == "suppression" || (kind == "plan" && raw_text_at(record, "/origin") == "event")) {
    ++records.decided[hour_of(at)]["plan"];
  } else if (kind == "rule_failure") {
    ++records.decided[hour_of(at)]["failed"];
    if (record.contains("range")) records.uncertain.insert(hour_of(at));
  }
}

IndexQuery query_of(std::vector<std::string> kinds, const std::string& rule) {
  IndexQuery query;
  query.conditions.push_back({{RecordField::kind}, IndexQuery::How::equal, std::move(kinds)});
  if (!rule.empty()) query.conditions.push_back({{RecordField::rule}, IndexQuery::How::equal, {rule}});
  return query;
}

using VisitParsed = std::function<Result<void>(const Json& record, int64_t seq, Time at)>;

// The records of a span that hold this text, newest first.
Result<void> visit_span(RecordSearch& search, IndexQuery query, const std::string& text, Time from, Time to,
                        const VisitParsed& visit) {
  const auto end = search.records().end();
  for (const auto& [time, place] : {std::pair{from, &query.begin}, std::pair{to, &query.end}}) {
    const auto since = end ? first_since(search.records(), *end, time) : end;
    if (!since) return since.error();
    *place = *since;
  }
  return search.newest_first(std::move(query), [&](const JournalEntry& entry) -> Result<bool> {
    if (!may_hold(entry, text)) return true;
    const auto record = parse_record(entry);
    if (!record) return record.error();
    const auto at = parse_time(raw_text_at(*record, "/at"));
    if (!at) return at.error().with("record " + std::to_string(entry.seq));
    const auto done = visit(*record, entry.seq, *at);
    return done ? Result<bool>(true) : done.error();
  });
}

std::string remark_of(const Json& record, const std::string& rule) {
  const std::string kind = raw_text_at(record, "/kind");
  if (kind == "position") {
    return fmt::format("{}[{}]: {}, record {}", text_at(record, "/topic"), text_at(record, "/partition"),
                       text_at(record, "/note"), text_at(record, "/seq"));
  }
  if (kind == "redrive") return "dead letters were redriven, record " + text_at(record, "/seq");
  if (kind == "rerun") {
    if (raw_text_at(record, "/rule/id") != rule) return "";
    return "an event was run again on purpose, record " + text_at(record, "/seq");
  }
  if (kind == "restoration") return "the ledger was restored, record " + text_at(record, "/seq");
  const bool benched = kind == "alarm" && raw_text_at(record, "/alarm") == "rule-benched" &&
                       raw_text_at(record, "/details/rule") == rule;
  return benched ? "the rule was benched, record " + text_at(record, "/seq") : "";
}

}  // namespace

Result<RuleRecords> rule_records(RecordSearch& search, const std::string& rule, Time from, Time to) {
  RuleRecords records;
  Folding folding;
  const auto done = visit_span(
      search, query_of({"plan", "suppression", "hold", "refusal", "expiry", "cancellation", "rule_failure"}, rule),
      rule, from, to, [&](const Json& record, int64_t seq, Time at) -> Result<void> {
        if (raw_text_at(record, "/rule/id") != rule) return {};
        folding.add(record, seq, at);
        count(record, at, records);
        if (auto became = became_of(record, seq, at)) records.became[raw_text_at(record, "/key")] = *std::move(became);
        return {};
      });
  if (!done) return done.error();
  records.left_alone = std::move(folding).rows();
  return records;
}

Result<std::map<Time, std::set<std::string>>> remarks_of(RecordSearch& search, const std::string& rule, Time from,
                                                         Time to) {
  std::map<Time, std::set<std::string>> remarks;
  const auto done = visit_span(search, query_of({"position", "redrive", "rerun", "alarm", "restoration"}, ""), "", from,
                               to, [&](const Json& record, int64_t, Time at) -> Result<void> {
                                 std::string remark = remark_of(record, rule);
                                 if (!remark.empty()) remarks[hour_of(at)].insert(std::move(remark));
                                 return {};
                               });
  if (!done) return done.error();
  return remarks;
}

}  // namespace kedge
