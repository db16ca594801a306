#include "app/asking_again.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "pipeline/event_key.h"
#include "rule/explanation.h"

namespace kedge {
namespace {

constexpr Duration kPatience = std::chrono::seconds(20);  // with brokers that give nothing

Time hour_of(Time time) { return std::chrono::floor<std::chrono::hours>(time); }

}  // namespace

AskingAgain::AskingAgain(Question question, const RuleHistory& history, const RuleRecords& records,
                         RuleVersions& versions)
    : question_(std::move(question)),
      history_(history),
      records_(records),
      times_(history, records),
      versions_(versions) {}

Result<std::vector<PartitionRead>> AskingAgain::read(const SourceSettings& source,
                                                     const std::vector<StoredPosition>& positions, Clock& clock) {
  std::vector<HandledPartition> handled;
  std::map<TopicPartition, const StoredPosition*> by_place;
  for (const StoredPosition& one : positions) {
    if (one.partition.source != source.kafka.name) continue;
    handled.push_back({{one.partition.topic, one.partition.partition}, one.position});
    by_place[handled.back().where] = &one;
  }
  if (handled.empty()) return std::vector<PartitionRead>();
  Decoder decoder(source.decoder);
  const TimeSpan span{std::max(Time(), history_.readable_since(question_.span.from)), question_.span.to};
  return read_span(source.kafka, handled, span, clock, kPatience,
                   [&](const TopicPartition& where, const SourceMessage& message) {
                     return ask(decoder, *by_place.at(where), message);
                   });
}

Result<void> AskingAgain::ask(Decoder& decoder, const StoredPosition& position, const SourceMessage& message) {
  const Time decided = times_.of(position.partition, message.offset, message.timestamp);
  if (decided < question_.span.from || decided >= question_.span.to || message.tombstone) return {};
  const RuleInForce* const in_force = history_.at(decided);
  decoded_.clear();
  if (decoder.decode(message.message(), decoded_)) {
    ++undecodable_;
    return {};
  }
  events_ += static_cast<int64_t>(decoded_.size());
  if (in_force == nullptr) {
    unasked_ += static_cast<int64_t>(decoded_.size());
    return {};
  }
  for (const Event& event : decoded_) {
    if (auto done = ask(event, {position, message, decided, *in_force}); !done) return done;
  }
  return {};
}

Result<void> AskingAgain::ask(const Event& event, const Place& place) {
  if (place.in_force.version.empty()) {  // the rule was not loaded then
    ++unmatched_;
    return {};
  }
  RuleVersions::Version& version = versions_.of(place.in_force);
  if (!version.problem.empty()) {
    ++unasked_;
    return {};
  }
  if (!version.matcher.match(event, scratch_, matched_)) {  // for no rule it could be decided: it is a dead letter
    ++undecodable_;
    return {};
  }
  const auto has = [&](uint32_t index) { return std::find(matched_.begin(), matched_.end(), index) != matched_.end(); };
  if (has(RuleVersions::kWanted)) {
    decide(event, place, version);
    return {};
  }
  ++unmatched_;
  const bool nearly = has(RuleVersions::kNearly);
  return nearly || question_.all ? explain_unmatched(event, place, version, nearly) : Result<void>();
}

void AskingAgain::decide(const Event& event, const Place& place, RuleVersions::Version& version) {
  const bool off = place.in_force.mode == "off";
  const Decision decision = version.evaluator->evaluate(version.rule, event);
  const char* const counted = off                                        ? "off"
                              : decision.kind == Decision::Kind::nothing ? "when"
                              : decision.kind == Decision::Kind::plan    ? "plan"
                                                                         : "failed";
  ++counts_[hour_of(place.decided)][counted];
  AnswerAgain* const answer = place_for(event, place, version);
  if (answer == nullptr) return;
  answer->answer = counted;
  answer->target = decision.target;
  answer->why = why_not({question_.rule, {true, "", "", {}}, decision});
  if (off) {
    answer->why =
        "the rule was off" + (answer->why.empty() ? std::string("; it would have acted") : "; " + answer->why);
  } else if (decision.plan) {
    tell_what_became(event, place, *decision.plan, *answer);
  }
}

Result<void> AskingAgain::explain_unmatched(const Event& event, const Place& place, RuleVersions::Version& version,
                                            bool nearly) {
  AnswerAgain* const answer = place_for(event, place, version);
  if (answer == nullptr) return {};
  const auto explained = explain_rule(*version.evaluator, version.rule, event);
  if (!explained) return explained.error();
  answer->answer = nearly ? "nearly" : "no-match";
  answer->why = why_not(*explained);
  return {};
}

void AskingAgain::tell_what_became(const Event& event, const Place& place, const Plan& plan,
                                   AnswerAgain& answer) const {
  const Identity identity = identity_of(event);
  const PartitionId& partition = place.position.partition;
  const ReadAt read_at{place.position.position.cluster, partition.topic, partition.partition, place.message.offset,
                       event.index};
  const auto found =
      records_.became.find(event_key(question_.rule, plan.target, identity.source, identity.id, read_at, 0));
  if (found == records_.became.end()) {
    answer.answer = "unrecorded";
    answer.why = "it was folded with others of its minute, or the same change was decided before the span";
    return;
  }
  const Became& became = found->second;
  answer.record = became.record;
  answer.remediation = became.remediation;
  const bool is_this = became.partition == partition && became.offset == place.message.offset &&
                       became.index == static_cast<int64_t>(event.index);
  if (!is_this) {
    answer.answer = "duplicate";
    answer.why = fmt::format("record {} tells of the same change", became.record);
  } else if (became.suppressed) {
    answer.answer = "suppressed";
    answer.why = fmt::format("{}: {}", became.guard, became.reason);
  } else {
    answer.answer = "acted";
    answer.why = fmt::format("it came to remediation {} ({})", became.remediation, became.disposition);
  }
}

// Null: as many older ones are there.
AnswerAgain* AskingAgain::place_for(const Event& event, const Place& place, const RuleVersions::Version& version) {
  ++wanted_;
  const PartitionId& partition = place.position.partition;
  const Order order{place.message.timestamp, partition, place.message.offset, event.index};
  if (answers_.size() >= question_.limit && (answers_.empty() || order > answers_.rbegin()->first)) return nullptr;
  AnswerAgain& answer = answers_[order];
  if (answers_.size() > question_.limit) answers_.erase(std::prev(answers_.end()));
  const auto happened = parse_time(event.time);
  answer.happened = format_time(happened ? *happened : place.message.timestamp);
  answer.event = event.id;
  answer.actor = provenance_of(event).principal;
  answer.version = place.in_force.version;
  answer.of_today = version.of_today;
  answer.partition = partition;
  answer.offset = place.message.offset;
  answer.index = event.index;
  return &answer;
}

std::vector<AnswerAgain> AskingAgain::answers() const {
  std::vector<AnswerAgain> in_order;
  for (const auto& [order, answer] : answers_) in_order.push_back(answer);
  return in_order;
}

}  // namespace kedge
