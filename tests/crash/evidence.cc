#include "tests/crash/evidence.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

namespace kedge {
namespace {

using Seen = FaultProxy::Seen;

std::vector<Json> records_of(const Evidence& evidence, const std::set<std::string>& kinds) {
  std::vector<Json> found;
  for (const Json& row : evidence.records) {
    if (kinds.contains(row.at("kind"))) found.push_back(row.at("record"));
  }
  return found;
}

// The requests behind the events in records of these kinds, as often as they stand there.
std::multiset<std::string> events_in(const Evidence& evidence, const std::set<std::string>& kinds) {
  std::multiset<std::string> ids;
  for (const Json& record : records_of(evidence, kinds)) {
    const std::string id = record.value(Json::json_pointer("/event/request_id"), "");
    if (!id.empty()) ids.insert(id + " of " + record.value(Json::json_pointer("/rule/id"), ""));
  }
  return ids;
}

bool drifted_between(const Evidence& evidence, const Seen& first, const Seen& second) {
  return std::any_of(evidence.drifts.begin(), evidence.drifts.end(), [&](const Drift& drift) {
    return drift.target == first.call.target && drift.to >= first.delivering && drift.from <= second.delivered;
  });
}

struct Repeat {
  const Seen* first;
  const Seen* second;
};

// Calls that were carried out for a second time, and nothing had drifted in between. Two of which the second began
// before the first had ended are two all the same.
std::vector<Repeat> repeats_in(const Evidence& evidence) {
  std::map<std::string, std::vector<const Seen*>> by_subject;
  for (const Seen& seen : evidence.calls) {
    if (seen.call.changes && seen.deliveries > 0) by_subject[seen.call.subject].push_back(&seen);
  }
  std::vector<Repeat> repeats;
  for (auto& [subject, calls] : by_subject) {
    std::sort(calls.begin(), calls.end(), [](const Seen* a, const Seen* b) { return a->delivering < b->delivering; });
    for (size_t i = 1; i < calls.size(); ++i) {
      if (!drifted_between(evidence, *calls[i - 1], *calls[i])) repeats.push_back({calls[i - 1], calls[i]});
    }
  }
  return repeats;
}

}  // namespace

std::vector<std::string> lost_events(const Evidence& evidence) {
  std::set<std::string> known;
  for (const Json& record : records_of(evidence, {"plan", "suppression"})) {
    known.insert(record.value(Json::json_pointer("/event/request_id"), ""));
  }
  std::vector<std::string> lost;
  for (const Drift& drift : evidence.drifts) {
    if (!known.contains(drift.event)) lost.push_back(fmt::format("{}, of {}", drift.event, drift.target));
  }
  return lost;
}

std::vector<std::string> events_decided_twice(const Evidence& evidence) {
  const auto ids = events_in(evidence, {"plan", "suppression"});
  std::vector<std::string> twice;
  for (auto id = ids.begin(); id != ids.end(); id = ids.upper_bound(*id)) {
    if (ids.count(*id) > 1) twice.push_back(fmt::format("{}: {} times", *id, ids.count(*id)));
  }
  return twice;
}

// An action may need several calls. When its effect as a whole was observed undone it makes them anew, also those of
// which the answer hides that they were made before.
std::vector<std::string> effects_made_twice(const Evidence& evidence) {
  const std::vector<Repeat> repeats = repeats_in(evidence);
  std::set<std::string> marks_of_more;  // attempts in which there was something to do
  for (const Seen& seen : evidence.calls) {
    const bool is_a_repeat =
        std::any_of(repeats.begin(), repeats.end(), [&](const Repeat& repeat) { return repeat.second == &seen; });
    if (seen.call.changes && seen.deliveries > 0 && !is_a_repeat) marks_of_more.insert(seen.call.mark);
  }
  std::vector<std::string> twice;
  for (const auto& [first, second] : repeats) {
    if (first->call.mark != second->call.mark && marks_of_more.contains(second->call.mark)) continue;
    twice.push_back(fmt::format("{}: {} by {} ({}), then {} by {} ({})", second->call.subject, first->call.name,
                                first->call.mark, name_of(first->fault), second->call.name, second->call.mark,
                                name_of(second->fault)));
  }
  return twice;
}

std::vector<std::string> effects_without_intent(const Evidence& evidence) {
  std::set<std::string> marks;
  for (const Json& record : records_of(evidence, {"attempt"})) marks.insert(record.value("mark", ""));
  std::vector<std::string> unintended;
  for (const Seen& seen : evidence.calls) {
    if (!seen.call.changes || marks.contains(seen.call.mark)) continue;
    unintended.push_back(fmt::format("{} {}, mark '{}'", seen.call.name, seen.call.subject, seen.call.mark));
  }
  return unintended;
}

std::vector<std::string> silently_wrong(const Evidence& evidence, const std::vector<std::string>& targets) {
  static const std::set<std::string> kDone = {"confirmed", "announced"};
  static const std::set<std::string> kTold = {"failed", "unconfirmed"};
  std::map<std::string, std::string> plan_of;                      // by remediation
  std::map<std::string, std::map<std::string, bool>> last_failed;  // by target and plan
  for (const Json& row : evidence.records) {
    const Json& record = row.at("record");
    const std::string remediation = record.value("remediation", "");
    if (row.at("kind") == "plan") plan_of[remediation] = record.value("plan_sha256", "");
    const std::string to = record.value("to", "");
    if (!kDone.contains(to) && !kTold.contains(to)) continue;
    const std::string target = record.value("target", "");
    last_failed[target.substr(target.find_last_of("/:") + 1)][plan_of[remediation]] = kTold.contains(to);
  }
  std::vector<std::string> silent;
  for (const std::string& target : targets) {
    const auto& plans = last_failed[target];
    if (std::none_of(plans.begin(), plans.end(), [](const auto& one) { return one.second; })) silent.push_back(target);
  }
  return silent;
}

std::vector<std::string> stuck(const Evidence& evidence) {
  std::vector<std::string> found;
  for (const Json& row : evidence.open) {
    const bool explained = row.value("state", "") == "held" && !row.value("reason", "").empty();
    if (!explained) found.push_back(row.dump());
  }
  return found;
}

}  // namespace kedge
