// kedge sensor: watches a host's trees, and tells a Kafka topic what differs from their baselines.

#include "app/command_sensor.h"

#include <fmt/format.h>
#include <pthread.h>
#include <spdlog/spdlog.h>
#include <sys/signalfd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <memory>

#include "agent/confinement.h"
#include "agent/sensor_run.h"
#include "app/output.h"
#include "app/sensor_configuration.h"
#include "app/service_manager.h"
#include "base/clock.h"
#include "base/descriptor.h"
#include "base/logging.h"
#include "base/random.h"
#include "host/host_event.h"
#include "kafka/topic_writer.h"

namespace kedge {
namespace {

using std::chrono::seconds;

constexpr Duration kAnswer = seconds(5);      // until Kafka that was away counts as away still
constexpr Duration kLastEvents = seconds(5);  // at a stop, until the rest is left in the spool

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

// One sensor and its way to Kafka, from a start or a reload until the next signal.
class SensorToKafka {
 public:
  // `signals` can be read when a signal came.
  SensorToKafka(const SensorConfiguration& configuration, const Descriptor& signals)
      : configuration_(configuration), signals_(signals.get()), writer_(configuration.kafka) {}

  // The signal that ended it.
  Result<int> run() {
    auto opened = SensorRun::open(configuration_, clock_, random_);
    if (!opened) return opened.error();
    SensorRun& sensor = **opened;
    EventSender::Line line;
    line.deliver = [this](const auto& events, const std::stop_token& stop) { return deliver(events, stop); };
    line.rest = [this] { writer_.close(); };
    if (auto started = sensor.start(std::move(line), signals_); !started) return started.error();
    spdlog::info("watches {} by {}", sensor.roots(), sensor.watcher());
    service_manager_.ready();
    auto ended = serve(sensor);
    sensor.end(ended ? (*ended == SIGHUP ? "reload" : "signal") : ended.error().message, kLastEvents);
    return ended;
  }

 private:
  Result<int> serve(SensorRun& sensor) {
    for (;;) {
      if (auto done = sensor.turn(); !done) return done.error();
      tell_how_it_stands(sensor);
      if (const int signal = signal_that_came(); signal != 0) return signal;
    }
  }

  // While Kafka is away it is asked first whether it is back: that costs less than to try to deliver for so long.
  EventSender::Delivered deliver(const std::vector<std::string>& events, std::stop_token stop) {
    if (is_away_) {
      if (const auto back = writer_.partitions(kAnswer); !back) return {0, back.error()};
    }
    std::vector<TopicWriter::Record> records;
    records.reserve(events.size());
    for (const std::string& event : events) {
      records.push_back({configuration_.sensor.host, event, {{"content-type", std::string(kHostEventType)}}});
    }
    auto written = writer_.write_all(records, configuration_.kafka.timeout, std::move(stop));
    is_away_ = written.error && written.error->code != ErrorCode::limit;
    return {written.records, std::move(written.error)};
  }

  void tell_how_it_stands(const SensorRun& sensor) {
    service_manager_.alive();
    const SensorRun::Status status = sensor.status();
    if (status.trouble) return service_manager_.status("events wait on disk: " + *status.trouble);
    service_manager_.status((status.has_read_all ? "watches " : "reads ") + sensor.roots());
  }

  const SensorConfiguration& configuration_;
  const int signals_;
  SystemClock clock_;
  Random random_;
  ServiceManager service_manager_{clock_};
  TopicWriter writer_;    // used by the sender's thread alone, as is
  bool is_away_ = false;  // whether Kafka was not there the last time
};

std::optional<SensorConfiguration> read_sensor_configuration(const std::string& path, Shell& shell) {
  auto loaded = load_sensor_configuration(path, shell.environment, machine_name(), SensorPlace::own_process);
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
    const auto ended = SensorToKafka(*configuration, *signals_came).run();
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
