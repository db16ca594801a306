#include "agent/sensor_run.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "base/id.h"
#include "host/host_event.h"
#include "host/told_entry.h"

namespace kedge {
namespace {

constexpr Duration kTurn = std::chrono::seconds(2);  // how soon the caller is asked again
constexpr size_t kEventsAtOnce = 1'000;              // that are written and synced together

}  // namespace

Result<std::unique_ptr<SensorRun>> SensorRun::open(const SensorRunOptions& options, Clock& clock, Random& random) {
  std::error_code wrong;
  std::filesystem::create_directories(options.data, wrong);
  if (wrong) return Error{ErrorCode::refused, "data: cannot create " + options.data + ": " + wrong.message()};
  std::unique_ptr<SensorRun> run(new SensorRun(options, clock, random));
  auto lock = LockFile::take(options.data + "/lock", "another sensor uses this directory");
  if (!lock) return lock.error();
  run->lock_ = *std::move(lock);
  auto spool = Spool::open(options.data + "/spool", options.spool);
  if (!spool) return spool.error().with("data");
  run->spool_ = *std::move(spool);
  auto memory = FactFile::open(options.data + "/known");
  if (!memory) return memory.error().with("data");
  run->memory_ = *std::move(memory);
  return run;
}

SensorRun::SensorRun(const SensorRunOptions& options, Clock& clock, Random& random)
    : options_(options), clock_(clock), random_(random), run_(make_uuid7(clock.now(), random)) {}

Result<void> SensorRun::start(EventSender::Line line, int wake) {
  line.announce = [this](const SpoolSummary& summary) { return announced(summary); };
  sender_ = std::make_unique<EventSender>(*spool_, std::move(line));
  SensorOptions watching = options_.sensor;
  watching.wake = wake;
  auto sensor =
      Sensor::open(std::move(watching), clock_, random_, [this](HostEvent e) { take(std::move(e)); },
                   {[this](SensorMemory::Fact fact) { learned_.push_back(std::move(fact)); }, memory_->earlier()});
  if (!sensor) return sensor.error();
  sensor_ = *std::move(sensor);
  if (auto done = open_ports(); !done) return done.error();
  open_processes();
  memory_->release_earlier();
  return {};
}

Result<void> SensorRun::open_ports() {
  if (!options_.ports) return {};
  auto ports = PortWatch::open(
      *options_.ports, clock_, random_, [this](HostEvent e) { take(std::move(e)); },
      [this](SensorMemory::Fact fact) { learned_.push_back(std::move(fact)); }, memory_->earlier());
  if (!ports) return ports.error().with("ports (`every: 0s` leaves them out)");
  ports_ = *std::move(ports);
  return {};
}

void SensorRun::open_processes() {
  if (!options_.processes) return;
  processes_ = std::make_unique<ProcessWatch>(
      *options_.processes, clock_, random_, [this](const Digest& digest) { return is_in_baseline(digest); },
      [this](HostEvent e) { take(std::move(e)); },
      [this](SensorMemory::Fact fact) { learned_.push_back(std::move(fact)); }, memory_->earlier());
}

// Asked for what is new alone: no index is worth its memory.
bool SensorRun::is_in_baseline(const Digest& digest) const {
  const auto has_it = [&](const SensorRoot& root) {
    const std::vector<FileState>& entries = root.baseline->manifest.entries;
    return std::any_of(entries.begin(), entries.end(), [&](const FileState& one) { return one.sha256 == digest; });
  };
  return std::any_of(options_.sensor.roots.begin(), options_.sensor.roots.end(), has_it);
}

Result<void> SensorRun::turn() {
  if (auto done = sensor_->turn(patience()); !done) return done;
  if (ports_ != nullptr) ports_->turn();
  if (processes_ != nullptr) processes_->turn();
  keep();
  return {};
}

// Until something else than the trees is to be looked at.
Duration SensorRun::patience() {
  Duration until = clock_.elapsed() + kTurn;
  if (ports_ != nullptr) until = std::min(until, ports_->next());
  if (processes_ != nullptr) until = std::min(until, processes_->next());
  return std::max(until - clock_.elapsed(), Duration{0});
}

void SensorRun::end(const std::string& reason, Duration patience) {
  if (sensor_ != nullptr) sensor_->finish();
  const std::string& host = options_.sensor.host;
  take({"sensor.stopped", "host:" + host, {{"host", host}, {"reason", reason}}});
  keep();
  sender_->stop(patience);
}

std::string SensorRun::roots() const {
  std::vector<std::string> paths;
  for (const SensorRoot& root : options_.sensor.roots) paths.push_back(root.path);
  return fmt::format("{}", fmt::join(paths, ", "));
}

// Heartbeats do not wait: while nothing is delivered, silence is what tells it.
void SensorRun::take(HostEvent event) {
  if (event.is_heartbeat()) {
    if (sender_->trouble()) return;
    const Spool::Status status = spool_->status();
    if (ports_ != nullptr) event.data["ports"] = ports_->state();
    if (processes_ != nullptr) event.data["processes"] = processes_->state();
    event.data["spool"] = {{"events", status.events}, {"bytes", status.bytes}, {"summarised", status.summarised}};
  }
  if (waiting_.size() >= kEventsAtOnce) keep();  // before, as what is learned of an event comes after it
  waiting_.push_back(numbered(std::move(event)));
}

std::string SensorRun::numbered(HostEvent event) {
  event.data["sensor"] = {{"run", run_}, {"sequence", ++sequence_}};
  const Time now = clock_.now();
  return cloud_event(event, make_uuid7(now, random_), now);
}

// To the disk: what finds no room there is in the spool's summary. Then what is known by it. It stands as in doubt
// before: a crash in between has told what nobody remembers, and the next start tells it as it is by then.
void SensorRun::keep() {
  remember(doubts_about(learned_));
  if (!waiting_.empty()) {
    if (auto done = spool_->append(waiting_); !done) {
      spdlog::error("{} events are summarised only: {}", waiting_.size(), done.error().message);
    }
    waiting_.clear();
    sender_->wake();
  }
  for (SensorMemory::Fact& settled : doubts_settled(learned_)) learned_.push_back(std::move(settled));
  remember(learned_);
  learned_.clear();
}

void SensorRun::remember(const std::vector<SensorMemory::Fact>& facts) {
  if (facts.empty()) return;
  if (auto done = memory_->append(facts); !done) {
    spdlog::error("what was told will be told again after a restart: {}", done.error().message);
  }
}

// Called by the sender's thread: its number is the summary's own.
std::string SensorRun::announced(const SpoolSummary& summary) {
  const std::string& host = options_.sensor.host;
  Json data = summary.to_json();
  data["host"] = host;
  data["sensor"] = {{"run", run_}};
  const Time now = clock_.now();
  return cloud_event({"sensor.summarised", "host:" + host, std::move(data)}, make_uuid7(now, random_), now);
}

SensorRun::Status SensorRun::status() const {
  return {sensor_->has_read_all(), sensor_->differing(), spool_->status(), sender_->trouble()};
}

}  // namespace kedge
