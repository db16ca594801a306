#include "agent/agent.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "base/id.h"

namespace kedge {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration kFirstPause = milliseconds(500);
constexpr Duration kLongestPause = seconds(10);
constexpr Duration kLook = seconds(1);
constexpr size_t kAlarmsMax = 100;  // that wait

TopicReader::Options reading(const Agent::Options& options, Clock& clock) {
  TopicReader::Options reading;
  reading.kafka = options.commands;
  reading.keeps_its_place = true;
  reading.from = clock.now() - options.behind;
  return reading;
}

}  // namespace

Agent::Agent(Options options, SigningKey key, CommandHandler& handler, Clock& clock, Random& random)
    : options_(std::move(options)),
      key_(std::move(key)),
      handler_(handler),
      clock_(clock),
      random_(random),
      run_(make_uuid7(clock.now(), random)),
      inbox_(options_.inbox_bytes),
      writer_(options_.outcomes),
      reader_(
          reading(options_, clock), clock,
          [this](std::string_view key_of_record, std::string_view) { return key_of_record == options_.host; },
          [this](TopicReader::Record record) {
            const size_t weight = record.value.size() + sizeof(record);
            inbox_.put(std::move(record), weight);
          }) {}

Agent::~Agent() { stop(Duration{0}); }

void Agent::start() {
  reader_.start();
  thread_ = Thread("agent", [this] { run(); });
}

bool Agent::stop(Duration deadline) {
  if (!thread_.joinable()) return true;
  const Duration end = clock_.elapsed() + deadline;
  inbox_.close();  // the reader, if it waits there, goes on
  stop_.request_stop();
  stopping_.close();
  thread_.join();
  return reader_.stop(std::max(end - clock_.elapsed(), Duration(seconds(1))));
}

Agent::Status Agent::status() const {
  Status status;
  status.reads = reader_.reads();
  status.trouble = reader_.trouble();
  const std::lock_guard lock(mutex_);
  if (!status.trouble) status.trouble = trouble_;
  status.doing = doing_;
  return status;
}

void Agent::note(std::optional<std::string> trouble) {
  const std::lock_guard lock(mutex_);
  if (trouble && trouble != trouble_) spdlog::warn("outcomes are not delivered: {}", *trouble);
  if (!trouble && trouble_) spdlog::info("outcomes are delivered again");
  trouble_ = std::move(trouble);
}

void Agent::run() {
  for (const CommandHandler::Answer& one : handler_.take_unfinished()) answer(one);
  while (!stopping_.closed()) {
    if (is_heartbeat_due()) beat();
    send_alarms();
    const auto record = inbox_.take(std::min(kLook, options_.heartbeat));
    if (record && !stopping_.closed()) serve(*record);
  }
}

void Agent::tell(HostAlarmMessage alarm) {
  alarm.host = options_.host;
  alarm.at = clock_.now();
  alarm.id = make_uuid7(alarm.at, random_);
  const std::lock_guard lock(mutex_);
  if (alarms_.size() >= kAlarmsMax) alarms_.pop_front();
  alarms_.push_back(std::move(alarm));
}

// One that Kafka will never take is given up; the others are tried again at the next turn.
void Agent::send_alarms() {
  while (!stopping_.closed()) {
    HostAlarmMessage next;
    {
      const std::lock_guard lock(mutex_);
      if (alarms_.empty()) return;
      next = alarms_.front();
    }
    auto text = sign_host_alarm(next, key_);
    const auto written = text ? write(*std::move(text)) : Result<void>(text.error());
    note(written ? std::nullopt : std::optional(written.error().message));
    const bool in_vain = !text || (!written && written.error().code == ErrorCode::limit);
    if (!written && !in_vain) return;
    const std::lock_guard lock(mutex_);
    if (!alarms_.empty() && alarms_.front().id == next.id) alarms_.pop_front();
  }
}

void Agent::serve(const TopicReader::Record& record) {
  {
    const std::lock_guard lock(mutex_);
    doing_ = fmt::format("is at the command at {}[{}]@{}", record.place.where.topic, record.place.where.partition,
                         record.place.offset);
  }
  const auto outcome = handler_.handle(record.value, stop_.get_token());
  if (outcome) answer(*outcome);
  reader_.done(record.place);
  const std::lock_guard lock(mutex_);
  doing_.clear();
}

// Until it is acknowledged, or nobody waits for it any more. At a stop it is tried once.
void Agent::answer(const CommandHandler::Answer& answer) {
  Duration pause = kFirstPause;
  for (;;) {
    auto written = write(answer.outcome);
    note(written ? std::nullopt : std::optional(written.error().message));
    if (written) return;
    const bool in_vain = written.error().code == ErrorCode::limit || clock_.now() >= answer.useless;
    if (in_vain) spdlog::warn("an outcome is given up: {}", written.error().message);
    if (in_vain || stopping_.wait_closed(pause)) return;
    pause = std::min(pause * 2, kLongestPause);
  }
}

// Heartbeats do not wait: while nothing is delivered, silence is what tells it.
void Agent::beat() {
  next_heartbeat_ = clock_.elapsed() + options_.heartbeat;
  const CommandHandler::Counts counts = handler_.counts();
  HeartbeatMessage heartbeat;
  heartbeat.host = options_.host;
  heartbeat.run = run_;
  heartbeat.sequence = ++sequence_;
  heartbeat.at = clock_.now();
  heartbeat.actions = options_.actions;
  heartbeat.executed = counts.executed;
  heartbeat.repeated = counts.repeated;
  heartbeat.refused = counts.refused;
  heartbeat.unanswered = counts.unanswered;
  auto text = sign_heartbeat(heartbeat, key_);
  auto written = text ? write(*std::move(text)) : Result<void>(text.error());
  note(written ? std::nullopt : std::optional(written.error().message));
}

// A stop does not withdraw what is being written at once: what has just been done is to be told.
Result<void> Agent::write(std::string text) {
  constexpr Duration kAtAStop = seconds(2);
  const Duration timeout =
      stopping_.closed() ? std::min(kAtAStop, options_.outcomes.timeout) : options_.outcomes.timeout;
  return writer_.write({options_.host, std::move(text), {}}, timeout, {});
}

}  // namespace kedge
