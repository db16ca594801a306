// kedge sensor: watches a host's trees, and tells a Kafka topic what differs from their baselines.

#include "app/command_sensor.h"

#include <fmt/format.h>
#include <pthread.h>
#include <spdlog/spdlog.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <filesystem>
#include <memory>

#include "agent/confinement.h"
#include "agent/event_sender.h"
#include "agent/fact_file.h"
#include "agent/spool.h"
#include "app/output.h"
#include "app/sensor_configuration.h"
#include "app/service_manager.h"
#include "base/clock.h"
#include "base/descriptor.h"
#include "base/id.h"
#include "base/lock_file.h"
#include "base/logging.h"
#include "base/random.h"
#include "host/port_watch.h"
#include "host/process_watch.h"
#include "host/sensor.h"
#include "host/told_entry.h"
#include "kafka/topic_writer.h"

namespace kedge {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration kTurn = seconds(1);        // how soon it is told that Kafka is away; a signal is seen at once
constexpr Duration kLastEvents = seconds(5);  // at a stop, until the rest is left in the spool
constexpr size_t kEventsAtOnce = 1'000;       // that are written and synced together

struct Arguments {
  std::string configuration = "sensor.yaml";
  std::string log_format = "text";
  std::string log_level = "info";
  bool check = false;
};

sigset_t sensor_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, number);
  return signals;
}

// Can be read when one of them came.
Result<Descriptor> open_signals() {
  const sigset_t signals = sensor_signals();
  Descriptor file(signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
  if (file.get() < 0) return io_error("cannot wait for", "signals");
  return file;
}

// The signal that came; 0: none.
int signal_that_came() {
  const sigset_t signals = sensor_signals();
  const timespec at_once{0, 0};
  return std::max(0, sigtimedwait(&signals, nullptr, &at_once));
}

std::string machine_name() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

// One sensor with its spool and its way to Kafka, from a start or a reload until the next signal.
class SensorRun {
 public:
  // `signals` can be read when a signal came.
  SensorRun(const SensorConfiguration& configuration, const Descriptor& signals)
      : configuration_(configuration),
        signals_(signals.get()),
        run_(make_uuid7(clock_.now(), random_)),
        writer_(configuration.kafka) {}

  // The signal that ended it.
  Result<int> run() {
    auto lock = LockFile::take(configuration_.data + "/lock", "another sensor uses this directory");
    if (!lock) return lock.error();
    auto spool = Spool::open(configuration_.data + "/spool", configuration_.spool);
    if (!spool) return spool.error().with("data");
    spool_ = *std::move(spool);
    auto memory = FactFile::open(configuration_.data + "/known");
    if (!memory) return memory.error().with("data");
    memory_ = *std::move(memory);
    sender_ = std::make_unique<EventSender>(
        *spool_, [this](const auto& events, const std::stop_token& stop) { return deliver(events, stop); },
        [this](const SpoolSummary& summary) { return announced(summary); });
    SensorOptions options = configuration_.sensor;
    options.wake = signals_;
    auto sensor =
        Sensor::open(std::move(options), clock_, random_, [this](HostEvent e) { take(std::move(e)); },
                     {[this](SensorMemory::Fact fact) { learned_.push_back(std::move(fact)); }, memory_->earlier()});
    if (!sensor) return sensor.error();
    if (auto done = open_ports(); !done) return done.error();
    open_processes();
    memory_->release_earlier();
    spdlog::info("watches {} by {}", roots(), (*sensor)->watcher());
    service_manager_.ready();
    auto ended = serve(**sensor);
    (*sensor)->finish();
    take({"sensor.stopped",
          "host:" + configuration_.sensor.host,
          {{"host", configuration_.sensor.host},
           {"reason", ended ? (*ended == SIGHUP ? "reload" : "signal") : ended.error().message}}});
    keep();
    sender_->stop(kLastEvents);
    return ended;
  }

 private:
  Result<void> open_ports() {
    if (!configuration_.ports) return {};
    auto ports = PortWatch::open(
        *configuration_.ports, clock_, random_, [this](HostEvent e) { take(std::move(e)); },
        [this](SensorMemory::Fact fact) { learned_.push_back(std::move(fact)); }, memory_->earlier());
    if (!ports) return ports.error().with("ports (`every: 0s` leaves them out)");
    ports_ = *std::move(ports);
    return {};
  }

  void open_processes() {
    if (!configuration_.processes) return;
    processes_ = std::make_unique<ProcessWatch>(
        *configuration_.processes, clock_, random_, [this](const Digest& digest) { return is_in_baseline(digest); },
        [this](HostEvent e) { take(std::move(e)); },
        [this](SensorMemory::Fact fact) { learned_.push_back(std::move(fact)); }, memory_->earlier());
  }

  // Asked for what is new alone: no index is worth its memory.
  bool is_in_baseline(const Digest& digest) const {
    const auto has_it = [&](const SensorRoot& root) {
      const std::vector<FileState>& entries = root.baseline->manifest.entries;
      return std::any_of(entries.begin(), entries.end(), [&](const FileState& one) { return one.sha256 == digest; });
    };
    return std::any_of(configuration_.sensor.roots.begin(), configuration_.sensor.roots.end(), has_it);
  }

  Result<int> serve(Sensor& sensor) {
    for (;;) {
      if (auto done = sensor.turn(patience()); !done) return done.error();
      if (ports_ != nullptr) ports_->turn();
      if (processes_ != nullptr) processes_->turn();
      keep();
      tell_how_it_stands(sensor);
      if (const int signal = signal_that_came(); signal != 0) return signal;
    }
  }

  // Until something else than the trees is to be looked at.
  Duration patience() {
    Duration until = clock_.elapsed() + kTurn;
    if (ports_ != nullptr) until = std::min(until, ports_->next());
    if (processes_ != nullptr) until = std::min(until, processes_->next());
    return std::max(until - clock_.elapsed(), Duration{0});
  }

  std::string roots() const {
    std::vector<std::string> paths;
    for (const SensorRoot& root : configuration_.sensor.roots) paths.push_back(root.path);
    return fmt::format("{}", fmt::join(paths, ", "));
  }

  // Heartbeats do not wait: while nothing is delivered, silence is what tells it.
  void take(HostEvent event) {
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

  std::string numbered(HostEvent event) {
    event.data["sensor"] = {{"run", run_}, {"sequence", ++sequence_}};
    const Time now = clock_.now();
    return cloud_event(event, make_uuid7(now, random_), now);
  }

  // To the disk: what finds no room there is in the spool's summary. Then what is known by it. It stands as in doubt
  // before: a crash in between has told what nobody remembers, and the next start tells it as it is by then.
  void keep() {
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

  void remember(const std::vector<SensorMemory::Fact>& facts) {
    if (facts.empty()) return;
    if (auto done = memory_->append(facts); !done) {
      spdlog::error("what was told will be told again after a restart: {}", done.error().message);
    }
  }

  EventSender::Delivered deliver(const std::vector<std::string>& events, std::stop_token stop) {
    std::vector<TopicWriter::Record> records;
    records.reserve(events.size());
    for (const std::string& event : events) {
      records.push_back(
          {configuration_.sensor.host, event, {{"content-type", "application/cloudevents+json; charset=UTF-8"}}});
    }
    auto written = writer_.write_all(records, configuration_.kafka.timeout, std::move(stop));
    return {written.records, std::move(written.error)};
  }

  // Called by the sender's thread: its number is the summary's own.
  std::string announced(const SpoolSummary& summary) {
    const std::string& host = configuration_.sensor.host;
    Json data = summary.to_json();
    data["host"] = host;
    data["sensor"] = {{"run", run_}};
    const Time now = clock_.now();
    return cloud_event({"sensor.summarised", "host:" + host, std::move(data)}, make_uuid7(now, random_), now);
  }

  void tell_how_it_stands(const Sensor& sensor) {
    service_manager_.alive();
    const auto trouble = sender_->trouble();
    if (trouble) return service_manager_.status("events wait on disk: " + *trouble);
    service_manager_.status(sensor.has_read_all() ? "watches " + roots() : "reads " + roots());
  }

  const SensorConfiguration& configuration_;
  const int signals_;
  SystemClock clock_;
  Random random_;
  const std::string run_;
  uint64_t sequence_ = 0;
  ServiceManager service_manager_{clock_};
  TopicWriter writer_;  // used by the sender's thread alone
  std::unique_ptr<Spool> spool_;
  std::unique_ptr<EventSender> sender_;
  std::unique_ptr<FactFile> memory_;
  std::unique_ptr<PortWatch> ports_;  // none: they are not looked at
  std::unique_ptr<ProcessWatch> processes_;
  std::vector<std::string> waiting_;         // to be written to the spool, and then
  std::vector<SensorMemory::Fact> learned_;  // to the memory
};

std::optional<SensorConfiguration> read_sensor_configuration(const std::string& path, Shell& shell) {
  auto loaded = load_sensor_configuration(path, shell.environment, machine_name());
  if (!loaded) {
    shell.fail(kUsedWrongly, loaded.error().message + "; name the file with -c");
    return std::nullopt;
  }
  for (const std::string& warning : loaded->warnings) shell.err << path << ": " << warning << "\n";
  if (loaded->mistakes.empty()) return std::move(loaded->configuration);
  for (const Mistake& mistake : loaded->mistakes) shell.err << to_string(path, mistake) << "\n";
  shell.exit_code = kFoundWrong;
  return std::nullopt;
}

// From here on this process can do less, for ever: what a configuration read anew asks for beyond it is said.
bool confine_sensor(const SensorConfiguration& configuration, Shell& shell) {
  const auto kept = confine({configuration.confine, capabilities_of(configuration)});
  if (!kept) {
    shell.fail(kNotReached, "confine: " + kept.error().message + "; `confine: off` does without");
    return false;
  }
  spdlog::info("keeps of its capabilities {}", kept->empty() ? "none" : fmt::format("{}", fmt::join(*kept, ", ")));
  return true;
}

void say_what_is_missing(const SensorConfiguration& before, const SensorConfiguration& now) {
  const std::vector<std::string> had = capabilities_of(before);
  for (const std::string& name : capabilities_of(now)) {
    if (std::find(had.begin(), had.end(), name) != had.end()) continue;
    spdlog::error("the new configuration needs the capability {}, which was given up: restart the sensor", name);
  }
}

void run_sensor(const Arguments& arguments, Shell& shell) {
  const LogFormat format = arguments.log_format == "json" ? LogFormat::json : LogFormat::text;
  if (const auto done = configure_logging(format, arguments.log_level); !done) {
    return shell.fail(kUsedWrongly, done.error().message);
  }
  const sigset_t signals = sensor_signals();
  if (!arguments.check) pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  auto configuration = read_sensor_configuration(arguments.configuration, shell);
  const auto signals_came = open_signals();
  if (!signals_came) return shell.fail(kNotReached, signals_came.error().message);
  bool is_confined = false;
  while (configuration && !arguments.check) {
    std::error_code wrong;
    std::filesystem::create_directories(configuration->data, wrong);
    if (wrong) return shell.fail(kNotReached, "data: cannot create " + configuration->data + ": " + wrong.message());
    if (!is_confined && !confine_sensor(*configuration, shell)) return;
    is_confined = true;
    const auto ended = SensorRun(*configuration, *signals_came).run();
    if (!ended) return shell.fail(kNotReached, ended.error().message);
    if (*ended != SIGHUP) return;
    spdlog::info("reads {} anew", arguments.configuration);
    auto again = read_sensor_configuration(arguments.configuration, shell);
    if (again) {
      say_what_is_missing(*configuration, *again);
      configuration = std::move(again);
    } else {
      spdlog::error("goes on as it was before");
    }
    shell.exit_code = kGood;
  }
}

}  // namespace

void add_sensor(CLI::App& app, Shell& shell) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* const command =
      app.add_subcommand("sensor", "watches a host's files: what differs from the baseline, as events to Kafka");
  command->add_option("-c,--config", arguments->configuration, "the sensor's configuration (sensor.yaml)")
      ->type_name("FILE");
  command->add_flag("--check", arguments->check,
                    "reads the configuration and the baselines, tells every mistake, and watches nothing");
  command->add_option("--log-format", arguments->log_format, "text or json")
      ->check(one_of({"text", "json"}))
      ->type_name("FORMAT");
  command->add_option("--log-level", arguments->log_level, "trace, debug, info, warn or error")->type_name("LEVEL");
  command->footer(
      "SIGTERM ends it cleanly; what Kafka has not taken by then stays on disk, and is sent by the next start.\n"
      "SIGHUP reads the configuration and the baselines anew. docs/sensor.md explains the settings and the events.");
  command->callback([arguments, &shell] { run_sensor(*arguments, shell); });
}

}  // namespace kedge
