#include "app/sensor_source.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <utility>

#include "host/host_event.h"

namespace kedge {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

// What nobody wants is committed once a second: then so many of them are.
constexpr EventSender::Portion kPortion{10'000, 4U << 20U};
constexpr Duration kLastEvents = seconds(5);  // at a reload; at a stop no lane takes any
constexpr Duration kAgain = seconds(15);      // after it could not watch
constexpr Duration kSilence = minutes(10);    // of a turn: then people hear of it

}  // namespace

Result<std::unique_ptr<SensorSource>> SensorSource::create(std::string name, SensorRunOptions options,
                                                           const Lanes& lanes, Positions& positions, Clock& clock) {
  if (lanes.empty()) return Error{ErrorCode::internal, "a source needs a lane"};
  Descriptor wake(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (wake.get() < 0) return io_error("cannot make", "an event's descriptor");
  return std::unique_ptr<SensorSource>(
      new SensorSource(std::move(name), std::move(options), std::move(wake), lanes, positions, clock));
}

SensorSource::SensorSource(std::string name, SensorRunOptions options, Descriptor wake, const Lanes& lanes,
                           Positions& positions, Clock& clock)
    : clock_(clock),
      wake_(std::move(wake)),
      events_({.name = std::move(name), .topic = kTopic, .mark_file = options.data + "/decided"}, lanes, positions,
              clock, random_),
      options_(std::move(options)) {}

SensorSource::~SensorSource() {
  over_ = true;
  wake_up();
  events_.stop(Duration{0});
  if (thread_.joinable()) thread_.join();
}

Result<void> SensorSource::start() {
  last_turn_ = clock_.elapsed();
  thread_ = Thread("kedge-sensor", [this] {
    run();
    ended_.promise().keep(true);
  });
  return {};
}

bool SensorSource::stop(Duration deadline) {
  over_ = true;
  wake_up();
  events_.stop(deadline);
  if (!thread_.joinable()) return true;
  if (!ended_.get(deadline)) return false;
  thread_.join();
  return true;
}

void SensorSource::use(SensorRunOptions options) {
  {
    const std::lock_guard lock(mutex_);
    options_ = std::move(options);
  }
  renewed_ = true;
  wake_up();
}

void SensorSource::wake_up() {
  constexpr uint64_t kOne = 1;
  if (write(wake_.get(), &kOne, sizeof kOne) < 0) spdlog::debug("source {}: it is called already", name());
  called_.try_put(true);
}

// ---- the thread ----------------------------------------------------------------------------------------------------

void SensorSource::run() {
  while (!over_) {
    const auto failed = run_once();
    if (!failed || over_) continue;
    note(failed->message);
    called_.take(kAgain);
  }
}

// Until it is called, to end or to begin anew, or cannot watch.
std::optional<Error> SensorSource::run_once() {
  renewed_ = false;
  called_.take(Duration{0});
  uint64_t calls = 0;
  if (read(wake_.get(), &calls, sizeof calls) < 0) calls = 0;
  SensorRunOptions options;
  {
    const std::lock_guard lock(mutex_);
    options = options_;
  }
  auto run = SensorRun::open(options, clock_, random_);
  if (!run) return run.error();
  events_.attend();
  auto done = watch(**run, options);
  {
    const std::lock_guard lock(mutex_);
    seen_.reset();
  }
  if (!done) return done.error();
  return std::nullopt;
}

Result<void> SensorSource::watch(SensorRun& run, const SensorRunOptions& options) {
  EventSender::Line line;
  line.deliver = [this, host = options.sensor.host](const auto& events, const std::stop_token& stop) {
    return deliver(host, events, stop);
  };
  line.portion = kPortion;
  if (auto started = run.start(std::move(line), wake_.get()); !started) return started;
  spdlog::info("source {}: watches {} by {}", name(), run.roots(), run.watcher());
  note(std::nullopt);
  Result<void> done;
  while (done && !is_called()) {
    done = run.turn();
    events_.attend();
    note(run);
  }
  run.end(!done ? done.error().message : over_ ? "stop" : "reload", kLastEvents);
  return done;
}

EventSender::Delivered SensorSource::deliver(const std::string& host, const std::vector<std::string>& events,
                                             const std::stop_token& stop) {
  const MessageHeader type{"content-type", kHostEventType};
  std::vector<SourceMessage> messages;
  messages.reserve(events.size());
  for (const std::string& event : events) {
    SourceMessage& message = messages.emplace_back();
    message.key = host;
    message.has_key = true;
    message.value = event;
    message.headers = {&type, 1};
  }
  auto taken = events_.hand_in(messages, stop);
  return {taken.events, std::move(taken.error)};
}

void SensorSource::note(const std::optional<std::string>& problem) {
  if (problem) spdlog::error("source {}: it is not watched: {}", name(), *problem);
  const std::lock_guard lock(mutex_);
  problem_ = problem;
  last_turn_ = clock_.elapsed();
}

void SensorSource::note(const SensorRun& run) {
  SensorRun::Status status = run.status();
  const std::lock_guard lock(mutex_);
  seen_ = std::move(status);
  last_turn_ = clock_.elapsed();
}

// ---- as a source ---------------------------------------------------------------------------------------------------

void SensorSource::committed(const std::shared_ptr<const Assignment>& assignment, int64_t next) {
  events_.committed(assignment, next);
}

void SensorSource::hold(const std::shared_ptr<const Assignment>& assignment, std::string why) {
  events_.hold(assignment, std::move(why));
}

void SensorSource::reconsider(std::string_view topic, int32_t partition, Permission permission) {
  events_.reconsider(topic, partition, permission);
}

std::optional<SensorRun::Status> SensorSource::sensor() const {
  const std::lock_guard lock(mutex_);
  return seen_;
}

// Its turns may take long, where it reads what is large: it is no loop that must turn within a minute.
SourceStatus SensorSource::status() const {
  SourceStatus status = events_.status();
  const std::lock_guard lock(mutex_);
  if (problem_) status.problems.push_back("nothing is watched: " + *problem_);
  const Duration silent = clock_.elapsed() - last_turn_;
  if (!problem_ && last_turn_ != Duration{} && silent > kSilence) {
    status.problems.push_back(fmt::format("the sensor has not turned for {}: it reads something large, or hangs",
                                          format_duration(floor<minutes>(silent))));
  }
  if (seen_) {
    PartitionStatus& partition = status.partitions.front();
    partition.log_end = partition.committed + static_cast<int64_t>(seen_->spool.events);
  }
  return status;
}

}  // namespace kedge
