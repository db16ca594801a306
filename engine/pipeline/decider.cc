#include "pipeline/decider.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/id.h"
#include "base/json.h"
#include "pipeline/event_key.h"
#include "plan/redaction.h"

namespace kedge {

struct Decider::Place {
  const Batch& batch;
  const SourceMessage& message;
  uint32_t index = 0;
  const Redrive* redrive = nullptr;  // where it is decided again

  const PartitionId& partition() const { return batch.assignment().partition; }
};

namespace {

// A view was decoded once: what its source may nest, and what the view puts around it.
constexpr size_t kViewDepthMax = 1U << 16U;

// Messages come from another processor: the next one is asked for while this one is read.
void prefetch(std::string_view bytes) {
  constexpr size_t kLine = 64;
  constexpr size_t kMost = 4096;
  for (size_t at = 0; at < std::min(bytes.size(), kMost); at += kLine) __builtin_prefetch(bytes.data() + at);
}

void add_count(std::vector<Count>& counts, std::string_view subject, std::string_view reason, int64_t number) {
  if (number == 0) return;
  for (Count& count : counts) {
    if (count.subject == subject && count.reason == reason) {
      count.number += number;
      return;
    }
  }
  counts.push_back({std::string(subject), std::string(reason), number});
}

DeadLetter dead_letter(const Batch& batch, const SourceMessage& message, std::string_view reason, std::string text) {
  DeadLetter letter;
  letter.source = batch.assignment().partition.source;
  letter.topic = batch.assignment().partition.topic;
  letter.partition = batch.assignment().partition.partition;
  letter.offset = message.offset;
  letter.reason = reason;
  letter.message = std::move(text);
  letter.key = message.key.substr(0, kDeadLetterValueMax);
  letter.value = message.value.substr(0, kDeadLetterValueMax);
  letter.value_bytes = static_cast<int64_t>(message.value.size());
  letter.value_digest = sha256(message.value);
  for (const MessageHeader& header : message.headers) {
    letter.headers.push_back({std::string(header.name), to_base64(header.value)});
  }
  return letter;
}

EventReference reference_to(const Event& event, const Provenance& provenance, const PartitionId& partition,
                            int64_t offset) {
  EventReference reference;
  reference.source = event.source;
  reference.id = event.id;
  reference.account = event.account;
  reference.document = view_json(event);
  reference.partition = partition;
  reference.offset = offset;
  reference.index = event.index;
  reference.principal = provenance.principal;
  reference.session = provenance.session;
  reference.agent = provenance.agent;
  reference.address = provenance.address;
  reference.request_id = provenance.request_id;
  return reference;
}

std::optional<Time> time_of(const Event& event) {
  const auto time = parse_time(event.time);
  return time ? std::optional(*time) : std::nullopt;
}

// Another rule may call by another name what we have written.
bool is_about(const AttemptTrace& attempt, const std::string& target, const std::vector<std::string>& touches) {
  const auto wrote = [&](const std::string& key) {
    return attempt.target == key ||
           std::find(attempt.touches.begin(), attempt.touches.end(), key) != attempt.touches.end();
  };
  return wrote(target) || std::any_of(touches.begin(), touches.end(), wrote);
}

RaiseAlarm alarm_of_own_principal(std::string message, const Plan& plan, const EventReference& event,
                                  const std::vector<std::string>& channels) {
  return {"own-principal", std::move(message),
          Json{{"target", plan.target},
               {"rule", plan.rule.id},
               {"principal", event.principal},
               {"address", event.address},
               {"agent", event.agent},
               {"event", event.id}},
          channels};
}

}  // namespace

Decider::Decider(LedgerReader& reader, Clock& clock, Random& random, Options options)
    : reader_(reader), clock_(clock), random_(random), options_(std::move(options)), own_things_(options_.own_things) {}

Decider::~Decider() = default;

void Decider::use_principals(std::vector<std::string> own) {
  own_things_ = with_principals(options_.own_things, own);
  own_principals_ = std::move(own);
}

void Decider::use(std::shared_ptr<const RuleSet> rules) {
  evaluator_ = std::make_unique<Evaluator>(rules);
  failures_in_a_row_.assign(rules->rules().size(), 0);
  rules_ = std::move(rules);
}

struct Decider::Reader {
  explicit Reader(SourceOptions given) : options(std::move(given)), decoder(options.decoder) {}

  const SourceOptions options;
  Decoder decoder;
};

Decider::Reader& Decider::reader_for(const std::string& source) {
  std::unique_ptr<Reader>& reader = readers_[source];
  if (!reader) {
    const auto options = options_.sources.find(source);
    reader = std::make_unique<Reader>(options == options_.sources.end() ? SourceOptions{} : options->second);
  }
  return *reader;
}

// False only where the source is trusted, and what was read of the message says that no rule wants it.
bool Decider::may_be_wanted(const SourceMessage& message, const SourceOptions& source) {
  if (source.reading == Reading::strict || message.value.size() > source.decoder.bytes_max) return true;
  const bool is_detail = source.decoder.format == Format::json;
  return rules_->matcher().may_match(
      message.value, is_detail ? std::optional<std::string_view>(source.decoder.source_name) : std::nullopt, scratch_);
}

bool Decider::decide(const Batch& batch, Outcome& outcome) {
  const PartitionId& partition = batch.assignment().partition;
  Reader& reader = reader_for(partition.source);
  PoisonGauge& gauge = gauges_.try_emplace(partition, options_.poison).first->second;
  int64_t tombstones = 0;
  int64_t unwanted = 0;
  for (size_t i = 0; i < batch.messages().size(); ++i) {
    const SourceMessage& message = batch.messages()[i];
    if (i + 1 < batch.messages().size()) prefetch(batch.messages()[i + 1].value);
    ++outcome.messages;
    outcome.bytes += static_cast<int64_t>(message.value.size());
    if (message.tombstone) {
      ++tombstones;
      continue;
    }
    if (!may_be_wanted(message, reader.options)) {
      ++outcome.events;
      ++unwanted;
      gauge.count(false);
      continue;
    }
    events_.clear();
    const std::optional<Poison> poison = reader.decoder.decode(message.message(), events_);
    gauge.count(poison.has_value());
    if (poison) {
      outcome.commit.dead_letters.push_back(dead_letter(batch, message, to_string(poison->reason), poison->message));
      continue;
    }
    for (const Event& event : events_) {
      if (options_.sensors_heard != nullptr) options_.sensors_heard->take(event, clock_);
      decide_event(event, Place{batch, message, event.index}, outcome);
    }
  }
  add_count(outcome.commit.counts, partition.source, "tombstone", tombstones);
  add_count(outcome.commit.counts, partition.source, "no-pattern", unwanted);
  if (!gauge.too_much()) return false;
  gauges_.erase(partition);  // it starts afresh when somebody lets it be read on
  return true;
}

void Decider::decide_again(const Batch& batch, const Redrive& wanted, Outcome& outcome) {
  const SourceMessage& message = batch.messages().front();
  Reader& reader = reader_for(batch.assignment().partition.source);
  ++outcome.messages;
  outcome.bytes += static_cast<int64_t>(message.value.size());
  events_.clear();
  if (const std::optional<Poison> poison = reader.decoder.decode(message.message(), events_)) {
    outcome.commit.dead_letters.push_back(dead_letter(batch, message, to_string(poison->reason), poison->message));
    return;
  }
  for (const Event& event : events_) {
    if (wanted.index && event.index != *wanted.index) continue;
    decide_event(event, Place{batch, message, event.index, &wanted}, outcome);
  }
}

void Decider::run_again(const Batch& batch, const Redrive& wanted, Outcome& outcome) {
  const SourceMessage& message = batch.messages().front();
  Decoder decoder(Decoder::Options{.depth_max = kViewDepthMax});
  ++outcome.messages;
  outcome.bytes += static_cast<int64_t>(message.value.size());
  events_.clear();
  if (const std::optional<Poison> poison = decoder.decode_view(message.value, events_)) {
    outcome.commit.dead_letters.push_back(dead_letter(batch, message, to_string(poison->reason), poison->message));
    return;
  }
  events_.front().index = *wanted.index;
  decide_event(events_.front(), Place{batch, message, *wanted.index, &wanted}, outcome);
  events_.clear();  // they live as long as the decoder
}

void Decider::decide_event(const Event& event, const Place& place, Outcome& outcome) {
  ++outcome.events;
  matched_.clear();
  if (const auto done = rules_->matcher().match(event, scratch_, matched_); !done) {
    DeadLetter letter = dead_letter(place.batch, place.message, "match_" + std::string(to_string(done.error().code)),
                                    done.error().message);
    letter.index = place.index;
    outcome.commit.dead_letters.push_back(std::move(letter));
    return;
  }
  if (place.redrive != nullptr && place.redrive->rule) {  // that others want it, or none, was counted when it was read
    std::erase_if(matched_, [&](uint32_t rule) { return rule != *place.redrive->rule; });
  } else if (matched_.empty()) {
    return add_count(outcome.commit.counts, place.partition().source, "no-pattern", 1);
  }
  outcome.matches += static_cast<int64_t>(matched_.size());
  const std::vector<uint32_t> matched = matched_;
  for (const uint32_t rule : matched) decide_rule(rule, event, place, outcome);
}

void Decider::decide_rule(size_t rule, const Event& event, const Place& place, Outcome& outcome) {
  const Rule& known = rules_->rules()[rule];
  int& failures = failures_in_a_row_[rule];
  if (failures >= options_.failures_in_a_row_max) {
    return fail_rule(rule, "rule_benched",
                     "the rule has failed too often in a row and is not run until it is loaded anew", place, outcome);
  }
  Decision decision = evaluator_->decide(rule, event);
  if (decision.kind != Decision::Kind::failed) failures = 0;
  switch (decision.kind) {
    case Decision::Kind::nothing:
      return add_count(outcome.commit.counts, known.id, decision.reason, 1);
    case Decision::Kind::plan:
      return admit_plan(rule, std::move(decision), event, place, outcome);
    case Decision::Kind::failed:
      break;
  }
  fail_rule(rule, "rule_failed", decision.reason, place, outcome);
  if (++failures == options_.failures_in_a_row_max) {
    outcome.commit.alarms.push_back(
        {"rule-benched",
         fmt::format("rule {} failed {} times in a row and is benched; its matches are dead letters "
                     "until it is loaded anew: {}",
                     known.id, failures, decision.reason),
         Json{{"rule", known.id}, {"version", known.version}}, options_.alarm_channels});
  }
}

void Decider::fail_rule(size_t rule, const std::string& code, const std::string& message, const Place& place,
                        Outcome& outcome) {
  DeadLetter letter = dead_letter(place.batch, place.message, code, message);
  letter.rule = rules_->rules()[rule].id;
  letter.rule_version = rules_->rules()[rule].version;
  letter.index = place.index;
  outcome.commit.dead_letters.push_back(std::move(letter));
}

void Decider::admit_plan(size_t rule, Decision decision, const Event& event, const Place& place, Outcome& outcome) {
  const Time now = clock_.now();
  const Provenance provenance = provenance_of(event);
  const Identity identity = identity_of(event);
  const ReadAt read_at{place.batch.assignment().cluster, place.partition().topic, place.partition().partition,
                       place.message.offset, event.index};
  const int64_t redrive = place.redrive != nullptr ? place.redrive->number : 0;
  const std::string key =
      event_key(decision.plan->rule.id, decision.plan->target, identity.source, identity.id, read_at, redrive);
  const EventReference reference = reference_to(event, provenance, place.partition(), place.message.offset);
  Json shown_plan = redacted_plan(*decision.plan, rules_->actions(), options_.redaction_salt);
  const FindingTimes times{time_of(event), place.batch.received(), now};

  const auto facts = facts_for(event, provenance, *decision.plan, place, now);
  if (!facts) return fail_admission(rule, facts.error(), place, outcome);
  guards_were_unreadable_ = false;
  const Admission admission = admit(*decision.plan, decision.policy, *facts, options_.admission);
  if (admission.alarm) {
    outcome.commit.alarms.push_back(
        alarm_of_own_principal(*admission.alarm, *decision.plan, reference, options_.alarm_channels));
  }
  if (admission.kind == Admission::Kind::suppress) {
    Suppression& suppression = outcome.commit.suppressions.emplace_back();
    suppression.key = key;
    suppression.plan = *std::move(decision.plan);
    suppression.shown_plan = std::move(shown_plan);
    suppression.policy = decision.policy;
    suppression.event = reference;
    suppression.times = times;
    suppression.guard = admission.guard;
    suppression.reason = admission.reason;
    suppression.figures = admission.figures;
    suppression.redrive = redrive;
    return;
  }
  Finding& finding = outcome.commit.findings.emplace_back();
  finding.remediation = make_uuid7(now, random_);
  finding.key = key;
  finding.plan = *std::move(decision.plan);
  finding.shown_plan = std::move(shown_plan);
  finding.policy = decision.policy;
  finding.event = reference;
  finding.times = times;
  finding.redrive = redrive;
  if (place.redrive != nullptr) finding.origin = "redrive";
}

// A guard that cannot be evaluated: nothing is done, people are told once, and the event can be decided again.
void Decider::fail_admission(size_t rule, const Error& error, const Place& place, Outcome& outcome) {
  fail_rule(rule, "guard_unreadable", error.message, place, outcome);
  if (std::exchange(guards_were_unreadable_, true)) return;
  outcome.commit.alarms.push_back(
      {"guard-unreadable",
       fmt::format("whether {} may act cannot be told, so nothing is done, and what it finds becomes dead letters "
                   "(kedge dead-letter redrive decides them again): {}",
                   rules_->rules()[rule].id, error.message),
       Json{{"rule", rules_->rules()[rule].id}}, options_.alarm_channels});
}

Result<AdmissionFacts> Decider::facts_for(const Event& event, const Provenance& provenance, const Plan& plan,
                                          const Place& place, Time now) {
  AdmissionFacts facts;
  facts.now = now;
  facts.provenance = provenance;
  facts.own_principals = own_principals_;
  facts.happened = time_of(event);
  facts.touches = keys_touched(plan, rules_->actions());
  const auto own_attempt = is_own_attempt(provenance, plan.target, facts.touches);
  if (!own_attempt) return own_attempt.error().with("our own attempts cannot be read");
  facts.own_attempt = *own_attempt;
  facts.own_things = own_things_;
  facts.redriven = place.redrive != nullptr;
  facts.asked_for = facts.redriven && place.redrive->number > 0;
  if (!exceptions_) {
    const auto stored = reader_.exceptions();
    if (!stored) return stored.error().with("the exceptions cannot be read");
    exceptions_.emplace();
    for (const Exception& e : *stored) exceptions_->push_back({e.id, e.rule, e.target, e.owner, e.reason, e.expires});
  }
  facts.exceptions = *exceptions_;
  return facts;
}

// Only an event of our own principal is looked up: anybody can write any user agent. Whoever has our credentials can
// also write a mark, which stands in CloudTrail for all to read: where the endpoint has named all requests of the
// attempt that carried it, only those are ours.
Result<bool> Decider::is_own_attempt(const Provenance& provenance, const std::string& target,
                                     const std::vector<std::string>& touches) {
  const auto& own = own_principals_;
  if (std::find(own.begin(), own.end(), provenance.principal) == own.end()) return false;
  const auto about_it = [&](const AttemptTrace& attempt) { return is_about(attempt, target, touches); };
  if (!provenance.request_id.empty()) {
    const auto named = reader_.attempts_by_request(provenance.request_id);
    if (!named) return named.error();
    if (std::any_of(named->begin(), named->end(), about_it)) return true;
  }
  const std::string mark = mark_in_agent(provenance.agent);
  if (mark.empty()) return false;
  const auto marked = reader_.attempts_by_mark(mark);
  if (!marked) return marked.error();
  return std::any_of(marked->begin(), marked->end(), [&](const AttemptTrace& attempt) {
    return about_it(attempt) && (!attempt.settled || provenance.request_id.empty());
  });
}

}  // namespace kedge
