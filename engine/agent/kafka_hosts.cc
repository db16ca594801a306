#include "agent/kafka_hosts.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "agent/command_judge.h"
#include "base/id.h"

namespace kedge {
namespace {

using nlohmann::json;
using std::chrono::minutes;
using std::chrono::seconds;
using Kind = ActionError::Kind;

constexpr Duration kIdle = seconds(60);
constexpr size_t kAtOnce = 100;           // commands that are written together
constexpr Duration kBehind = minutes(1);  // outcomes of before the start are read, for clocks that are apart
constexpr size_t kAlarmsMax = 10;         // of a host within ...
constexpr Duration kAlarmsIn = minutes(10);
constexpr int kShareOfTheWayBack = 8;  // of a call's time

TopicReader::Options reading(const KafkaHosts::Options& options, Clock& clock) {
  TopicReader::Options reading;
  reading.kafka = options.outcomes;
  reading.from = clock.now() - kBehind;
  return reading;
}

ActionError unreachable(const HostCommand& command, const std::string& why) {
  return {Kind::retry, kHostUnreachable, fmt::format("the host '{}' was not asked: {}", command.host, why), {}};
}

// What is only looked at may be looked at again.
ActionError silent(const HostCommand& command, const std::string& why) {
  return {command.writes() ? Kind::unknown : Kind::retry,
          kHostSilent,
          fmt::format("{} {} on the host '{}': {}", command.action, to_string(command.operation), command.host, why),
          {}};
}

ActionError failed(const OutcomeMessage& outcome) {
  const auto is = [&](ErrorCode code) { return outcome.code == to_string(code); };
  if (is(ErrorCode::invalid) || is(ErrorCode::refused) || is(ErrorCode::not_found)) {
    return {Kind::refused, outcome.code, outcome.message, {}};
  }
  if (is(ErrorCode::unavailable)) return {Kind::retry, outcome.code, outcome.message, {}};
  if (is(ErrorCode::conflict)) return {Kind::retry, "changed_meanwhile", outcome.message, {}};
  return {Kind::unknown, outcome.code, outcome.message, {}};
}

ActionError refused(const OutcomeMessage& outcome) {
  const bool may_work_later = outcome.code == to_string(Refusal::stale) || outcome.code == to_string(Refusal::busy);
  return {may_work_later ? Kind::retry : Kind::refused,
          outcome.code,
          fmt::format("the host '{}' refuses the command: {}", outcome.host, outcome.message),
          {}};
}

ActionResult<json> result_of(const OutcomeMessage& outcome) {
  switch (outcome.kind) {
    case OutcomeMessage::Kind::done:
      return outcome.answer;
    case OutcomeMessage::Kind::failed:
      return failed(outcome);
    case OutcomeMessage::Kind::refused:
      return refused(outcome);
    default:
      return ActionError{
          Kind::unknown, outcome.code, fmt::format("the host '{}': {}", outcome.host, outcome.message), {}};
  }
}

}  // namespace

KafkaHosts::KafkaHosts(Options options, SigningKey key, Clock& clock, Random& random)
    : options_(std::move(options)),
      key_(std::move(key)),
      clock_(clock),
      random_(random),
      outbox_(options_.calls_max),
      writer_(options_.commands),
      reader_(
          reading(options_, clock), clock, [](std::string_view, std::string_view) { return true; },
          [this](const TopicReader::Record& record) { take(record); }) {}

KafkaHosts::~KafkaHosts() { stop(seconds(2)); }

void KafkaHosts::start() {
  reader_.start();
  sender_ = Thread("host-commands", [this] { send(); });
}

bool KafkaHosts::stop(Duration deadline) {
  if (!sender_.joinable()) return true;
  outbox_.close();
  stop_.request_stop();
  sender_.join();
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, call] : calls_) call->news.close();
  }
  return reader_.stop(deadline);
}

bool KafkaHosts::knows(const std::string& host) const {
  return std::any_of(options_.hosts.begin(), options_.hosts.end(),
                     [&](const VerifierKey& key) { return key.name() == host; });
}

KafkaHosts::Status KafkaHosts::status() const {
  const bool reads = reader_.reads();
  const auto trouble = reader_.trouble();
  const std::lock_guard lock(mutex_);
  Status status = status_;
  status.reads = reads;
  status.trouble = trouble;
  return status;
}

ActionResult<json> KafkaHosts::call(const HostCommand& command) {
  const Duration end = clock_.elapsed() + command.timeout;
  if (!knows(command.host)) {
    return ActionError{
        Kind::refused,
        "no_host",
        fmt::format("{} is for the host '{}', and no key of a host of this name is listed (hosts.keys in "
                    "the configuration)",
                    command.action, command.host),
        {}};
  }
  auto opened = open(command);
  if (!opened && opened.error().code == ErrorCode::unavailable) return unreachable(command, opened.error().message);
  if (!opened)
    return ActionError{Kind::refused, std::string(to_string(opened.error().code)), opened.error().message, {}};
  Call& call = **opened;
  auto result = wait(command, call, end);
  const std::lock_guard lock(mutex_);
  calls_.erase(call.id);
  return result;
}

Result<std::shared_ptr<KafkaHosts::Call>> KafkaHosts::open(const HostCommand& command) {
  CommandMessage message;
  message.issued = clock_.now();
  message.expires = message.issued + command.timeout - command.timeout / kShareOfTheWayBack;
  message.id = make_uuid7(message.issued, random_);
  message.host = command.host;
  message.action = command.action;
  message.operation = to_string(command.operation);
  message.body = command.body;
  message.remediation = command.remediation;
  message.mark = command.mark;
  if (message.expires <= message.issued) return Error{ErrorCode::unavailable, "there is no time for it"};
  auto text = sign_command(message, key_);
  if (!text) return text.error();
  const auto call = std::make_shared<Call>();
  call->host = command.host;
  call->id = message.id;
  call->digest = message_digest(*text);
  call->text = *std::move(text);
  {
    const std::lock_guard lock(mutex_);
    if (calls_.size() >= options_.calls_max) return Error{ErrorCode::unavailable, "too many calls wait for hosts"};
    calls_.emplace(call->id, call);
  }
  if (outbox_.try_put(std::shared_ptr<Call>(call))) return call;
  const std::lock_guard lock(mutex_);
  calls_.erase(call->id);
  return Error{ErrorCode::unavailable, outbox_.closed() ? "the engine stops" : "too many commands wait for Kafka"};
}

// Until there is an outcome; a command that may have been written can still have one when its writing failed.
ActionResult<json> KafkaHosts::wait(const HostCommand& command, Call& call, Duration end) {
  const std::stop_callback stopped(command.stop, [&] { call.news.wake(); });
  std::string why = "no outcome came in time";
  for (Duration left = command.timeout; left > Duration{0}; left = end - clock_.elapsed()) {
    if (command.stop.stop_requested() || call.news.closed()) {
      why = "it was not waited for its outcome any longer";
      break;
    }
    const auto news = call.news.take(left);
    if (!news) continue;
    if (news->outcome) return result_of(*news->outcome);
    if (!news->perhaps) return unreachable(command, news->not_written->message);
    why = "no outcome came in time; of the command it is not known whether Kafka has it: " + news->not_written->message;
  }
  call.withdrawn = true;
  if (!call.handed_over) return unreachable(command, "Kafka has taken no command yet, and " + why);
  return silent(command, why);
}

void KafkaHosts::send() {
  while (!outbox_.closed()) {
    const auto calls = outbox_.take_all(kIdle, kAtOnce);
    if (!calls.empty()) send(calls);
  }
}

// A call that is withdrawn is not handed over, and one that is handed over is not withdrawn: each looks at the other's
// word when it has given its own.
void KafkaHosts::send(const std::vector<std::shared_ptr<Call>>& calls) {
  std::vector<TopicWriter::Record> records;
  std::vector<std::shared_ptr<Call>> sent;
  for (const auto& call : calls) {
    call->handed_over = true;
    if (call->withdrawn) continue;
    records.push_back({call->host, call->text, {}});
    sent.push_back(call);
  }
  if (records.empty()) return;
  auto fates = writer_.write_each(records, options_.commands.timeout, stop_.get_token());
  for (size_t i = 0; i < sent.size(); ++i) {
    if (!fates[i].error) continue;
    spdlog::warn("a command for the host '{}' is not written: {}", sent[i]->host, fates[i].error->message);
    sent[i]->news.try_put({std::nullopt, std::move(fates[i].error), fates[i].perhaps});
  }
}

void KafkaHosts::take(const TopicReader::Record& record) {
  const auto json = parse_signed_json(record.value);
  if (!json) {
    const std::lock_guard lock(mutex_);
    ++status_.unreadable;
    return;
  }
  // Its type is looked for before it is read: it is one of three.
  if (json->text.find(kHeartbeatType) != std::string::npos && read_heartbeat(*json).ok()) return take_heartbeat(*json);
  if (json->text.find(kHostAlarmType) != std::string::npos && read_host_alarm(*json).ok()) return take_alarm(*json);
  take_outcome(*json);
}

bool KafkaHosts::is_by(const SignedJson& json, const std::string& host) const {
  return std::any_of(options_.hosts.begin(), options_.hosts.end(), [&](const VerifierKey& key) {
    return key.name() == host && key.verifies(json.text, json.signature);
  });
}

void KafkaHosts::take_outcome(const SignedJson& json) {
  auto outcome = read_outcome(json);
  const bool good = outcome && is_by(json, outcome->host);
  const std::lock_guard lock(mutex_);
  if (!outcome) {
    ++status_.unreadable;
    return;
  }
  if (!good) {
    ++status_.foreign;
    return;
  }
  const auto found = calls_.find(outcome->command);
  if (found == calls_.end()) {
    ++status_.late;
    return;
  }
  Call& call = *found->second;
  if (call.host != outcome->host || call.digest != outcome->digest) {
    ++status_.foreign;
    return;
  }
  ++status_.outcomes;
  call.news.try_put({*std::move(outcome), std::nullopt, false});
}

void KafkaHosts::take_alarm(const SignedJson& json) {
  auto alarm = read_host_alarm(json);
  const bool good = alarm && is_by(json, alarm->host);
  const Duration now = clock_.elapsed();
  const std::lock_guard lock(mutex_);
  if (!good) {
    ++status_.foreign;
    return;
  }
  std::deque<Alarmed>& earlier = alarmed_[alarm->host];
  while (!earlier.empty() && earlier.front().at + kAlarmsIn <= now) earlier.pop_front();
  const auto is_it = [&](const Alarmed& one) { return one.id == alarm->id; };
  if (std::any_of(earlier.begin(), earlier.end(), is_it)) return;
  if (earlier.size() >= kAlarmsMax) {
    ++status_.alarms_beyond;
    return;
  }
  earlier.push_back({now, alarm->id});
  ++status_.alarms;
  alarms_.push_back(*std::move(alarm));
}

std::vector<HostAlarmMessage> KafkaHosts::take_alarms() {
  const std::lock_guard lock(mutex_);
  return std::exchange(alarms_, {});
}

void KafkaHosts::take_heartbeat(const SignedJson& json) {
  auto heartbeat = read_heartbeat(json);
  const bool good = heartbeat && is_by(json, heartbeat->host);
  const std::lock_guard lock(mutex_);
  if (!good) {
    ++status_.foreign;
    return;
  }
  ++status_.heartbeats;
  HeartbeatMessage& last = status_.heard[heartbeat->host];
  if (last.at <= heartbeat->at) last = *std::move(heartbeat);
}

}  // namespace kedge
