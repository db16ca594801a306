#include "ledger/notice.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/json.h"
#include "guard/gate.h"
#include "ledger/progress.h"
#include "ledger/values_json.h"

namespace kedge {
namespace {

std::vector<Notice> to_channels(std::vector<std::string> channels, const std::string& type, Json data,
                                const NoticeContext& context) {
  std::sort(channels.begin(), channels.end());
  channels.erase(std::unique(channels.begin(), channels.end()), channels.end());
  data["seq"] = context.seq;
  data["at"] = format_time(context.now);
  std::vector<Notice> notices;
  for (std::string& channel : channels) {
    Notice notice;
    const std::string name = context.ledger_id + "/" + std::to_string(context.seq) + "/" + channel;
    notice.id = "notice_" + sha256(name).hex().substr(0, 32);
    notice.channel = std::move(channel);
    notice.type = type;
    notice.data = data;
    notice.created = context.now;
    notice.due = context.now;
    notices.push_back(std::move(notice));
  }
  return notices;
}

Json finding_json(const Plan& plan, const Policy& policy, const EventReference& event) {
  return {{"rule", plan.rule.id},
          {"rule_version", plan.rule.version},
          {"title", policy.title},
          {"severity", to_string(policy.severity)},
          {"target", plan.target},
          {"actor",
           {{"principal", event.principal},
            {"session", event.session},
            {"agent", event.agent},
            {"address", event.address}}},
          {"event", {{"source", event.source}, {"id", event.id}, {"request_id", event.request_id}}}};
}

Json times_json(const Remediation& r) {
  Json times = to_json(r.times);
  if (r.first_effect) times["first_effect"] = format_time(*r.first_effect);
  if (r.last_effect) times["last_effect"] = format_time(*r.last_effect);
  if (r.ended) times["ended"] = format_time(*r.ended);
  return times;
}

Json steps_json(const Remediation& r) {
  Json steps = Json::array();
  const auto effects = r.plan.effects();
  for (size_t i = 0; i < r.steps.size(); ++i) {
    steps.push_back(
        {{"action", effects[i]->action}, {"status", to_string(r.steps[i].status)}, {"attempts", r.steps[i].attempts}});
  }
  return steps;
}

// The type of the notice that tells of a state; empty: nobody hears of it.
std::string_view type_of(State state) {
  switch (state) {
    case State::held:
      return "kedge.remediation.held";
    case State::isolated:
      return "kedge.remediation.isolated";
    case State::confirmed:
      return "kedge.remediation.confirmed";
    case State::failed:
      return "kedge.remediation.failed";
    case State::unconfirmed:
      return "kedge.remediation.unconfirmed";
    case State::refused:
      return "kedge.remediation.refused";
    case State::undone:
      return "kedge.remediation.undone";
    case State::announced:
      return "kedge.remediation.announced";
    case State::expired:
      return "kedge.remediation.expired";
    default:
      return "";
  }
}

bool needs_a_person(State state) {
  return state == State::held || state == State::failed || state == State::unconfirmed || state == State::expired;
}

// A remediation, as it stands.
Json remediation_json(const Remediation& r) {
  Json data = finding_json(r.plan, r.policy, r.event);
  data["remediation"] = r.id;
  data["state"] = to_string(r.state);
  data["guard"] = r.guard;
  data["reason"] = r.reason;
  data["times"] = times_json(r);
  data["steps"] = steps_json(r);
  data["phases"] = phases_of(r);
  return data;
}

}  // namespace

std::vector<Notice> notices_of(const Remediation& after, const Transition& transition, const std::string& was_guard,
                               const NoticeContext& context) {
  const std::string_view type = type_of(after.state);
  if (type.empty()) return {};
  if (after.state == State::confirmed && !has_written(after)) return {};
  if (transition.from == State::held && after.state == State::held && after.guard == was_guard) return {};
  if (after.guard == kMassMatch && after.figures.contains("since")) return {};  // the first of them was told
  std::vector<std::string> channels = after.plan.notify;
  if (needs_a_person(after.state)) {
    channels.insert(channels.end(), context.alarm_channels.begin(), context.alarm_channels.end());
  }
  return to_channels(std::move(channels), std::string(type), remediation_json(after), context);
}

std::vector<Notice> notices_of_own_undo(const Remediation& r, const NoticeContext& context) {
  std::vector<std::string> channels = r.plan.notify;
  channels.insert(channels.end(), context.alarm_channels.begin(), context.alarm_channels.end());
  return to_channels(std::move(channels), "kedge.remediation.undoing", remediation_json(r), context);
}

std::vector<Notice> notices_of(const Suppression& suppression, const NoticeContext& context) {
  if (suppression.guard != "mode" || suppression.policy.mode != Mode::shadow) return {};
  Json data = finding_json(suppression.plan, suppression.policy, suppression.event);
  data["state"] = "shadow";
  data["guard"] = suppression.guard;
  data["reason"] = suppression.reason;
  data["times"] = to_json(suppression.times);
  Json steps = Json::array();
  for (const Step* step : suppression.plan.effects()) steps.push_back({{"action", step->action}});
  data["steps"] = std::move(steps);
  return to_channels(suppression.plan.notify, "kedge.finding.shadow", std::move(data), context);
}

std::vector<Notice> notices_of(const RaiseAlarm& alarm, const NoticeContext& context) {
  std::vector<std::string> channels = alarm.notify;
  channels.insert(channels.end(), context.alarm_channels.begin(), context.alarm_channels.end());
  return to_channels(std::move(channels), "kedge.alarm",
                     {{"alarm", alarm.kind}, {"message", alarm.message}, {"details", alarm.details}}, context);
}

std::vector<Notice> notices_of(const DeadLetter& letter, const NoticeContext& context) {
  Json data = {{"source", letter.source},
               {"topic", letter.topic},
               {"partition", letter.partition},
               {"offset", letter.offset},
               {"index", letter.index},
               {"reason", letter.reason},
               {"message", letter.message},
               {"key_base64", to_base64(letter.key)},
               {"value_base64", to_base64(letter.value)},
               {"value_bytes", letter.value_bytes},
               {"value_sha256", letter.value_digest.hex()},
               {"headers", letter.headers}};
  if (!letter.rule.empty()) {
    data["rule"] = letter.rule;
    data["rule_version"] = letter.rule_version;
  }
  return to_channels(context.dead_letter_channels, "kedge.dead_letter", std::move(data), context);
}

std::vector<Notice> notices_of(const DeadLetterRange& range, const NoticeContext& context) {
  Json data = {{"source", range.source},
               {"topic", range.topic},
               {"partition", range.partition},
               {"offset", range.first},
               {"reason", "limit"},
               {"message", "from here on not each dead letter is kept: kedge dead-letter list tells of the range"}};
  if (!range.rule.empty()) data["rule"] = range.rule;
  return to_channels(context.dead_letter_channels, "kedge.dead_letter", std::move(data), context);
}

RaiseAlarm alarm_of(const NotePosition& note) {
  Json details = to_json(note.partition);
  details["note"] = note.note;
  details["details"] = note.details;
  return {"partition-stopped", note.reason, std::move(details), {}};
}

RaiseAlarm alarm_of_gap(const ClaimPositions::Claim& claim) {
  Json details = to_json(claim.partition);
  details["details"] = claim.details;
  const std::string gone = claim.details.is_object() ? claim.details.value("text", "") : "";
  return {"events-lost",
          fmt::format("{}: {}. What they told was never seen here: look at what changed meanwhile yourself, and keep "
                      "a topic for longer than an engine may be away",
                      to_string(claim.partition), gone.empty() ? "records are gone" : gone),
          std::move(details),
          {}};
}

}  // namespace kedge
