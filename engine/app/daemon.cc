#include "app/daemon.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <filesystem>
#include <map>
#include <memory>

#include "api/control_server.h"
#include "api/journal_metrics.h"
#include "api/monitoring_server.h"
#include "api/pause_file.h"
#include "api/pause_record.h"
#include "app/alarm_queue.h"
#include "app/checkpoint_publishers.h"
#include "app/effects_switch.h"
#include "app/engine_metrics.h"
#include "app/engine_room.h"
#include "app/host_alarms.h"
#include "app/ledger_options.h"
#include "app/own_identity.h"
#include "app/own_things.h"
#include "app/redrive.h"
#include "app/rerun.h"
#include "app/rule_directory.h"
#include "app/service_manager.h"
#include "app/sources.h"
#include "app/version.h"
#include "app/watchdog.h"
#include "base/clock.h"
#include "base/memory.h"
#include "base/random.h"
#include "base/threads.h"
#include "ledger/committer.h"
#include "ledger/trusted_clock.h"
#include "notify/outbox_follower.h"
#include "pipeline/lane.h"
#include "pipeline/ledger_positions.h"
#include "pipeline/own_principals.h"
#include "pipeline/redriver.h"
#include "pipeline/rerunner.h"
#include "pipeline/sensors_heard.h"
#include "remediate/executor.h"
#include "remediate/reconciler.h"
#include "trail/index_follower.h"
#include "trail/trail.h"

namespace kedge {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// A loop that does not turn for so long hangs.
constexpr Duration kLoopPatience = seconds(60);
// Reading waits so long for the first word of who we are, so that own changes are known from the first event on.
constexpr Duration kIdentityPatience = seconds(5);
constexpr Duration kUnknownFor = seconds(15);  // then people hear that it is not known whom we act as
// At a stop the last checkpoint is brought to the places outside within so long.
constexpr Duration kLastCheckpoint = seconds(3);

// ---- signals -----------------------------------------------------------------------------------------------------

sigset_t daemon_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, number);
  return signals;
}

// The signal that came within `timeout`; 0: none.
int wait_for_signal(milliseconds timeout) {
  const sigset_t signals = daemon_signals();
  const timespec limit{timeout.count() / 1000, timeout.count() % 1000 * 1'000'000};
  return std::max(0, sigtimedwait(&signals, nullptr, &limit));
}

// ---- the parts, in the order in which they are built ---------------------------------------------------------------

LoadRules load_change(const RuleSet& rules) {
  LoadRules change{rules.digest(), rules.directory(), {}};
  for (const Rule& rule : rules.rules())
    change.rules.push_back({rule.id, rule.version, rule.policy, rules.bundle(rule)});
  return change;
}

// Why what hosts answer would not be heard.
std::optional<std::string> note_of(const KafkaHosts::Status& hosts) {
  if (hosts.trouble) return "hosts: what they answer is not read: " + *hosts.trouble;
  if (!hosts.reads) return "hosts: the topic of their outcomes is not read yet";
  return std::nullopt;
}

class Daemon {
 public:
  Daemon(const Configuration& configuration, const Environment& environment)
      : configuration_(configuration), environment_(environment) {}

  Result<void> run();

 private:
  Result<void> read_sensors();
  Result<void> open_ledger();
  Result<void> open_audit_log();
  Result<void> open_rules();
  Result<void> create_reading();
  Result<void> start_effects();
  Result<void> start_notices();
  Result<void> start_index();
  Result<void> start_listening();
  Result<void> serve();
  Result<void> start_reading();
  bool may_read();
  bool ledger_in_doubt() const;
  void watch_loops();
  Result<void> look_around();
  void tell_how_it_stands();
  void reload_by_signal();
  void stop();

  void tell_of(HostAlarmMessage alarm);
  void watch_hosts();
  void record_pause_file();
  void watch_clock();
  void watch_audit_log();
  void watch_checkpoints();
  void watch_identity();
  std::vector<std::string> not_ready();
  std::vector<std::string> notes() const;
  Result<nlohmann::json> reload();
  std::string told_of(const std::vector<RuleProblem>&) const;
  Result<std::vector<SensorConfiguration>> sensors() const;
  Result<nlohmann::json> seek(const nlohmann::json& arguments, const std::string& actor);
  void write_metrics(MetricsWriter& writer);

  const Configuration& configuration_;
  const Environment& environment_;

  SystemClock clock_;
  Random random_;
  const std::string redaction_salt_ = random_.bytes(32);
  Mailbox<Remediation> runnable_{SIZE_MAX};
  Mailbox<bool> noticed_{1};
  std::atomic<int64_t> published_ = 0;  // records of the audit log, as far as the ledger needs to know
  std::atomic<int64_t> reloads_ = 0;
  std::atomic<int64_t> reloads_refused_ = 0;
  OwnPrincipals us_;
  SensorsHeard sensors_heard_;
  ServiceManager service_manager_{clock_};
  Watchdog watchdog_{clock_, kLoopPatience};
  Pulse pulse_;  // of serve()
  Duration serving_since_{};
  std::atomic<bool> sources_stand_ = false;
  bool reads_ = false;
  bool was_ready_ = false;
  bool clock_doubted_ = false;
  bool told_unknown_ = false;  // that it is not known whom we act as

  std::optional<PauseFile> pause_file_;
  std::unique_ptr<EngineRoom> room_;
  std::unique_ptr<OwnIdentity> identity_;
  std::unique_ptr<Ledger> ledger_;
  std::unique_ptr<LedgerReader> reader_;
  std::unique_ptr<Committer> committer_;
  std::unique_ptr<AlarmQueue> alarms_;
  std::unique_ptr<TrustedClock> trusted_clock_;
  std::unique_ptr<JournalMetrics> journal_metrics_;
  std::unique_ptr<CurrentRules> rules_;
  std::unique_ptr<AuditLog> audit_log_;
  std::unique_ptr<CheckpointPublishers> checkpoints_;  // outside of the log
  std::unique_ptr<EffectsSwitch> effects_;
  std::unique_ptr<Breakers> breakers_;
  std::unique_ptr<Executor> executor_;
  std::unique_ptr<Reconciler> reconciler_;
  std::unique_ptr<OutboxFollower> outbox_;
  std::unique_ptr<LedgerReader> index_reader_;
  std::unique_ptr<Trail> index_trail_;
  std::unique_ptr<IndexFollower> index_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::unique_ptr<Redriver> redriver_;
  std::unique_ptr<Rerunner> rerunner_;
  std::unique_ptr<LedgerPositions> positions_;
  std::vector<SensorConfiguration> read_sensors_;  // until the sources stand
  std::unique_ptr<Sources> sources_;
  std::unique_ptr<ControlServer> control_;
  std::unique_ptr<MonitoringServer> monitoring_;
};

Result<void> Daemon::run() {
  const sigset_t signals = daemon_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  Result<void> done;
  for (const auto step : {&Daemon::read_sensors, &Daemon::open_ledger, &Daemon::open_audit_log, &Daemon::open_rules,
                          &Daemon::create_reading, &Daemon::start_effects, &Daemon::start_notices, &Daemon::start_index,
                          &Daemon::start_listening, &Daemon::serve}) {
    done = (this->*step)();
    if (!done) break;
  }
  stop();
  return done;
}

// What the configured sensors' own files say by now. Of more than one mistake all but the first have lines of their own
// in the log.
Result<std::vector<SensorConfiguration>> Daemon::sensors() const {
  LoadedSensors loaded = load_sensors(configuration_, environment_);
  for (const std::string& warning : loaded.warnings) spdlog::warn("{}", warning);
  if (loaded.mistakes.empty()) return std::move(loaded.sensors);
  for (size_t i = 1; i < loaded.mistakes.size(); ++i) {
    spdlog::error("{}", to_string(configuration_.path, loaded.mistakes[i]));
  }
  return Error{ErrorCode::invalid, loaded.mistakes.front().field + ": " + loaded.mistakes.front().message};
}

Result<void> Daemon::read_sensors() {
  auto read = sensors();
  if (!read) return read.error();
  read_sensors_ = *std::move(read);
  return {};
}

Result<void> Daemon::open_ledger() {
  std::error_code failure;
  std::filesystem::create_directories(configuration_.data, failure);
  if (failure)
    return Error{ErrorCode::refused, "data: cannot create " + configuration_.data + ": " + failure.message()};
  auto pause_file = PauseFile::open(configuration_.data);
  if (!pause_file) return pause_file.error();
  pause_file_.emplace(*std::move(pause_file));
  auto room = open_engine_room(configuration_, environment_);
  if (!room) return room.error();
  room_ = *std::move(room);
  if (auto opened = open_remote_hosts(*room_, configuration_); !opened) return opened.error();
  us_.set(configured_principals(configuration_));
  identity_ =
      std::make_unique<OwnIdentity>([this] { return ask_own_principals(*room_->aws); }, us_, OwnIdentity::Options{});
  SqliteLedgerOptions options_of_ledger = ledger_options(configuration_);
  options_of_ledger.own_things = [this, things = own_things(configuration_)] {
    return with_principals(things, us_.get());
  };
  if (!configuration_.audit.keys.empty()) options_of_ledger.published = [this] { return published_.load(); };
  auto ledger = open_sqlite_ledger(std::move(options_of_ledger), clock_, random_);
  if (!ledger) return ledger.error().with("data");
  ledger_ = *std::move(ledger);
  auto reader = open_sqlite_reader(configuration_.data);
  if (!reader) return reader.error().with("opening the ledger for reading");
  reader_ = *std::move(reader);
  journal_metrics_ = std::make_unique<JournalMetrics>(*reader_, ledger_->head());
  Committer::Options options;
  options.noticed = &noticed_;
  committer_ = std::make_unique<Committer>(*ledger_, runnable_, options);
  alarms_ = std::make_unique<AlarmQueue>(*committer_);
  trusted_clock_ = std::make_unique<TrustedClock>(*committer_, clock_);
  const Answer noted =
      committer_->commit(NoteStart{kVersion, configuration_.digest, clock_.boot_id(), configuration_.loosened});
  if (!noted.done()) return noted.error.with("the first record");
  record_pause_file();
  return {};
}

Result<void> Daemon::open_audit_log() {
  if (configuration_.audit.keys.empty()) {
    spdlog::warn("there is no audit log: `kedge audit keygen` makes a key for audit.keys");
    return {};
  }
  auto log = AuditLog::start(configuration_.audit, configuration_.data, *reader_, clock_,
                             [this] { return ledger_in_doubt(); });
  if (!log) return log.error();
  audit_log_ = *std::move(log);
  spdlog::info("the audit log {} is in {}", audit_log_->origin(), configuration_.audit.directory);
  const auto newest = [this] { return ledger_in_doubt() ? std::nullopt : audit_log_->newest(); };
  auto checkpoints =
      CheckpointPublishers::start(configuration_.audit.publish_to, newest, {*room_->http, clock_, random_});
  if (!checkpoints) return checkpoints.error();
  checkpoints_ = *std::move(checkpoints);
  return {};
}

// The first of them, in one line. The others get lines of their own in the log.
std::string Daemon::told_of(const std::vector<RuleProblem>& problems) const {
  for (size_t i = 1; i < problems.size(); ++i) spdlog::error("{}", to_line(configuration_, problems[i]));
  return problems.empty() ? "" : to_line(configuration_, problems.front());
}

Result<void> Daemon::open_rules() {
  RuleSet::Loaded loaded = load_rules(configuration_, room_->actions->catalog());
  if (!loaded.rules) {
    return Error{ErrorCode::invalid, "the rules cannot be used: " + told_of(loaded.problems)};
  }
  const Answer noted = committer_->commit(load_change(*loaded.rules));
  if (!noted.done()) return noted.error.with("recording the rules");
  spdlog::info("rules in force: {}", loaded.rules->rules().size());
  rules_ = std::make_unique<CurrentRules>(std::move(loaded.rules));
  return {};
}

// Sources and lanes stand before the executor starts: whether effects may happen depends on the sources too.
Result<void> Daemon::create_reading() {
  Decider::Options deciding;
  deciding.admission = configuration_.admission;
  deciding.own_things = own_things(configuration_);
  deciding.alarm_channels = configuration_.alarms;
  deciding.redaction_salt = redaction_salt_;
  deciding.sensors_heard = &sensors_heard_;
  for (const SourceSettings& source : configuration_.sources) {
    deciding.sources[source.kafka.name] = {source.decoder, source.reading};
  }
  for (const SensorSettings& source : configuration_.sensors) {
    deciding.sources[source.name] = {{.format = Format::cloudevents}, Reading::strict};
  }
  Lane::Options options;
  options.decider = deciding;
  const size_t half =
      configuration_.queue_bytes / kResidentPerByte / 2;  // before the lanes; the clients have the other
  options.queue_bytes_max = half / configuration_.lanes;
  Lanes mailboxes;
  for (size_t i = 0; i < configuration_.lanes; ++i) {
    lanes_.push_back(
        std::make_unique<Lane>(Lane::Parts{*committer_, *reader_, *rules_, *trusted_clock_, random_}, options));
    mailboxes.push_back(&lanes_.back()->mailbox());
  }
  const auto fetch = [this](const PartitionId& partition, int64_t offset) {
    return sources_->fetch(partition, offset, clock_);
  };
  rerunner_ = std::make_unique<Rerunner>(Rerunner::Parts{*committer_, *reader_, *rules_, *trusted_clock_, random_, us_},
                                         deciding);
  redriver_ = std::make_unique<Redriver>(
      Redriver::Parts{*committer_, *reader_, *rules_, *trusted_clock_, random_, us_, fetch}, std::move(deciding));
  const auto ledger_id = reader_->ledger_id();
  if (!ledger_id) return ledger_id.error();
  positions_ = std::make_unique<LedgerPositions>(*committer_, *reader_, *ledger_id);
  auto sources =
      Sources::create(configuration_, std::exchange(read_sensors_, {}), half, mailboxes, *positions_, *trusted_clock_);
  if (!sources) return sources.error();
  sources_ = *std::move(sources);
  sources_stand_ = true;
  return {};
}

Result<void> Daemon::start_effects() {
  ExecutorOptions options = configuration_.executor;
  options.redaction_salt = redaction_salt_;
  effects_ = std::make_unique<EffectsSwitch>(
      EffectsSwitch::Parts{*committer_, *reader_, *pause_file_, sources_->all(), audit_log_.get()});
  const auto open = reader_->unfinished(committer_->now() + options.in_hand);
  if (!open) return open.error().with("reading the open remediations");
  breakers_ = std::make_unique<Breakers>(options.breaker, random_);
  const Executor::Edges edges{*room_->actions, *committer_,
                              *reader_,        runnable_,
                              *room_->http,    *room_->hosts,
                              clock_,          random_,
                              *breakers_,      [this](const Remediation* of) { return effects_->stopped(of); }};
  executor_ = std::make_unique<Executor>(edges, options);
  reconciler_ = std::make_unique<Reconciler>(edges, std::move(options), [this, things = own_things(configuration_)] {
    return with_principals(things, us_.get());
  });
  if (!open->empty()) spdlog::info("{} remediations go on: each is observed first, or when it is due", open->size());
  if (room_->remote_hosts != nullptr) room_->remote_hosts->start();
  executor_->start(*open);
  if (room_->local_host != nullptr) {
    const auto keeping =
        room_->local_host->start_keeping([this](const QuarantineNews& news) { tell_of(host_alarm(news)); });
    if (!keeping) return keeping.error().with("host");
    room_->local_host->start_roots(
        [this](const std::string& root, const Error& why) { tell_of(host_alarm(root, why)); });
  }
  reconciler_->start();
  return {};
}

// From the start, from the keeper's own thread, and from the one that starts roots.
void Daemon::tell_of(HostAlarmMessage alarm) {
  alarm.host = configuration_.host.name;
  RaiseAlarm raised = alarm_raised(alarm);
  spdlog::warn("{}", raised.message);
  committer_->commit(std::move(raised));
}

Result<void> Daemon::start_notices() {
  const auto ledger_id = reader_->ledger_id();
  if (!ledger_id) return ledger_id.error();
  std::vector<Channel> channels;
  for (const ChannelOptions& options : configuration_.channels) {
    auto channel = open_channel(options, *room_->http, *ledger_id);
    if (!channel) return channel.error().with("notify.channels." + options.name);
    channels.push_back(*std::move(channel));
  }
  OutboxFollower::Options options;
  outbox_ =
      std::make_unique<OutboxFollower>(*reader_, *committer_, noticed_, clock_, random_, std::move(channels), options);
  outbox_->start();
  return {};
}

// It reads much at once, on a connection of its own.
Result<void> Daemon::start_index() {
  auto reader = open_sqlite_reader(configuration_.data);
  if (!reader) return reader.error().with("opening the ledger for the index");
  index_reader_ = *std::move(reader);
  auto trail = Trail::of_engine(configuration_.audit.directory, *index_reader_);
  if (!trail) {
    spdlog::warn("the index over the records is not kept up to date: {}", trail.error().message);
    return {};
  }
  index_trail_ = std::make_unique<Trail>(*std::move(trail));
  index_ = std::make_unique<IndexFollower>(configuration_.data, index_trail_->records(), IndexFollower::Options{});
  index_->start();
  return {};
}

Result<void> Daemon::start_listening() {
  std::map<std::string, ControlServer::Handler> handlers;
  handlers["reload"] = [this](const nlohmann::json&, const std::string&) { return reload(); };
  handlers["dead-letter.redrive"] = [this](const nlohmann::json& arguments, const std::string& actor) {
    return redrive(*redriver_, arguments, actor);
  };
  handlers["remediation.rerun"] = [this](const nlohmann::json& arguments, const std::string& actor) {
    return rerun(*rerunner_, arguments, actor);
  };
  handlers["source.accept"] = [this](const nlohmann::json& arguments, const std::string&) {
    return sources_->reconsider(arguments, Permission::accept);
  };
  handlers["source.seek"] = [this](const nlohmann::json& arguments, const std::string& actor) {
    return seek(arguments, actor);
  };
  handlers["source.adopt"] = [this](const nlohmann::json& arguments, const std::string&) {
    return sources_->reconsider(arguments, Permission::adopt);
  };
  ControlServer::Options options;
  options.path = configuration_.data + "/control.sock";
  options.group = configuration_.control_group;
  auto control = ControlServer::start(options, clock_, *committer_, std::move(handlers));
  if (!control) {
    const bool no_such_group = control.error().code == ErrorCode::invalid;
    return control.error().with(no_such_group ? "api.control_group" : "the control socket");
  }
  control_ = *std::move(control);

  auto monitoring = MonitoringServer::start(
      configuration_.monitoring, {[this](MetricsWriter& writer) { write_metrics(writer); }},
      {[this] { return not_ready(); }, [this] { return notes(); }, [this] { return watchdog_.hanging(); }});
  if (!monitoring) return monitoring.error().with("api.listen");
  monitoring_ = *std::move(monitoring);
  return {};
}

// Waits for signals, and tells systemd how it stands. Ends when asked to, or when something is wrong for good.
//
// What is open goes on from the start, and whoever asks is answered; reading begins here, for who we are is asked of
// AWS, which may take its time.
Result<void> Daemon::serve() {
  serving_since_ = clock_.elapsed();
  if (configuration_.aws_principals.empty()) identity_->start();
  watch_loops();
  const Duration turn = std::min<Duration>(seconds(1), service_manager_.interval().value_or(seconds(1)) / 2);
  for (;;) {
    pulse_.waits();
    const milliseconds patience = !reads_      ? milliseconds(10)
                                  : was_ready_ ? floor<milliseconds>(turn)
                                               : milliseconds(50);
    const int signal = wait_for_signal(patience);
    pulse_.works();
    if (signal == SIGTERM || signal == SIGINT) break;
    if (signal == SIGHUP) reload_by_signal();
    if (auto well = look_around(); !well) return well;
    if (!reads_ && may_read()) {
      if (auto started = start_reading(); !started) return started;
    }
    tell_how_it_stands();
  }
  pulse_.waits();
  return {};
}

// Whether the ledger may be older than what the engine did: nothing is signed then, nor shown outside. Any thread.
bool Daemon::ledger_in_doubt() const { return !sources_stand_ || sources_->ledger_in_doubt(); }

bool Daemon::may_read() { return identity_->asked() || clock_.elapsed() - serving_since_ > kIdentityPatience; }

// All parts run from here on, whatever the world outside is like.
Result<void> Daemon::start_reading() {
  reads_ = true;
  for (const auto& lane : lanes_) lane->start(us_);
  if (auto started = sources_->start(watchdog_); !started) return started;
  service_manager_.ready();
  return {};
}

void Daemon::watch_loops() {
  watchdog_.watch("the main loop", pulse_);
  watchdog_.watch("the ledger's committer", committer_->pulse());
  watchdog_.watch("the executor", executor_->pulse());
  watchdog_.watch("reconcile", reconciler_->pulse());
  watchdog_.watch("the outbox", outbox_->pulse());
  if (audit_log_) watchdog_.watch("the audit log", audit_log_->pulse());
  if (index_) watchdog_.watch("the index", index_->pulse());
  for (size_t i = 0; i < lanes_.size(); ++i) watchdog_.watch(fmt::format("lane {}", i), lanes_[i]->pulse());
}

// Errors are those that are there for good.
Result<void> Daemon::look_around() {
  if (const auto failed = committer_->failed()) return failed->with("the ledger");
  record_pause_file();
  watch_clock();
  watch_audit_log();
  watch_checkpoints();
  watch_identity();
  watch_hosts();
  alarms_->hand_in();
  // Whoever waits for room asks nothing of the ledger: somebody has to find out that there is some.
  if (committer_->no_room()) committer_->submit(CommitBatch{});
  if (audit_log_) published_ = static_cast<int64_t>(audit_log_->status().published);
  return sources_->look();
}

void Daemon::tell_how_it_stands() {
  if (watchdog_.hanging().empty()) service_manager_.alive();
  const std::vector<std::string> reasons = not_ready();
  service_manager_.status(reasons.empty() ? "ready" : fmt::format("not ready: {}", fmt::join(reasons, "; ")));
  if (was_ready_ || !reasons.empty()) return;
  was_ready_ = true;
  spdlog::info("ready; metrics, /healthz and /readyz are on {}", configuration_.listen);
}

void Daemon::reload_by_signal() {
  service_manager_.reloading();
  if (const auto reloaded = reload(); !reloaded) spdlog::error("{}", reloaded.error().message);
  service_manager_.ready();
}

// Takes the world down: reading ends first, then deciding, then effects; what is not finished stays in the ledger.
void Daemon::stop() {
  service_manager_.stopping();
  if (serving_since_ != Duration{}) spdlog::info("stopping");
  const Duration began = clock_.elapsed();
  const auto left = [&] {
    return std::max<Duration>(seconds(1), configuration_.shutdown - (clock_.elapsed() - began));
  };
  control_.reset();
  bool clean = true;
  for (const auto& lane : lanes_) lane->stop();
  if (sources_) clean = sources_->stop(left() / 3) && clean;
  if (effects_) effects_->turn_off();
  if (reconciler_) reconciler_->stop();
  if (executor_) executor_->stop(left() / 2);
  if (room_ && room_->local_host != nullptr) room_->local_host->stop();
  if (room_ && room_->remote_hosts != nullptr) clean = room_->remote_hosts->stop(left() / 2) && clean;
  if (outbox_) outbox_->stop();
  if (room_) room_->identity_http->stop();  // whoever still asks who we are, or for credentials, asks no longer
  if (identity_) identity_->stop();
  if (committer_ && !committer_->failed()) committer_->commit(NoteStop{"asked to"});
  if (audit_log_) audit_log_->stop();
  if (checkpoints_) clean = checkpoints_->stop(std::min(left(), kLastCheckpoint)) && clean;
  monitoring_.reset();
  if (index_) index_->stop();
  if (committer_) committer_->stop();
  // A thread hangs inside the Kafka client, at a place for checkpoints, or in a sensor's tree: everything is committed,
  // so the process may just end.
  if (!clean) {
    spdlog::warn("the Kafka client, a sensor, or a place for checkpoints, did not close in time");
    spdlog::shutdown();
    _exit(0);
  }
}

void Daemon::record_pause_file() {
  const auto recorded = kedge::record_pause_file(*pause_file_, *reader_, *committer_);
  if (!recorded) spdlog::warn("{}", recorded.error().message);
}

// People hear of it once each time.
void Daemon::watch_clock() {
  const auto ahead = committer_->clock_doubt();
  if (ahead.has_value() == clock_doubted_) return;
  clock_doubted_ = ahead.has_value();
  if (!ahead) return spdlog::info("the wall clock agrees with ledger time again, or was accepted: effects go on");
  alarms_->raise({"clock", words_of_clock_doubt(*ahead), {{"ahead", int64_t{ahead->count()}}}, {}});
}

// Not knowing it, the engine takes what it did itself for somebody's change, and nobody for a thief of its credentials.
void Daemon::watch_identity() {
  const auto why = identity_->unknown();
  if (!why || told_unknown_ || clock_.elapsed() - serving_since_ < kUnknownFor) return;
  told_unknown_ = true;
  alarms_->raise(
      {"own-principals",
       "it is not known whom the engine acts as, so its own role is not protected and what others do in its name "
       "alarms nobody: " +
           *why + ". `aws.principals` says it where nobody can be asked",
       {{"why", *why}},
       {}});
}

// What agents tell by themselves.
void Daemon::watch_hosts() {
  if (room_->remote_hosts == nullptr) return;
  for (const HostAlarmMessage& alarm : room_->remote_hosts->take_alarms()) {
    RaiseAlarm raised = alarm_raised(alarm);
    spdlog::warn("{}", raised.message);
    alarms_->raise(std::move(raised));
  }
}

void Daemon::watch_audit_log() {
  if (!audit_log_) return;
  if (auto alarm = audit_log_->alarm()) {
    spdlog::warn("{}", alarm->message);
    alarms_->raise(*std::move(alarm));
  }
}

void Daemon::watch_checkpoints() {
  if (!checkpoints_) return;
  for (RaiseAlarm& alarm : checkpoints_->alarms()) {
    spdlog::error("{}", alarm.message);
    alarms_->raise(std::move(alarm));
  }
}

std::vector<std::string> Daemon::not_ready() {
  std::vector<std::string> reasons = watchdog_.hanging();
  if (const auto stopped = effects_->stopped()) reasons.push_back("effects are stopped: " + stopped->reason);
  for (std::string& reason : sources_->not_ready()) reasons.push_back(std::move(reason));
  return reasons;
}

std::vector<std::string> Daemon::notes() const {
  std::vector<std::string> notes;
  if (const auto why = identity_->unknown()) {
    notes.push_back("who we are at AWS is not known yet, so own changes are not recognised: " + *why);
  }
  for (std::string& note : sources_->notes()) notes.push_back(std::move(note));
  if (room_->remote_hosts != nullptr) {
    if (auto note = note_of(room_->remote_hosts->status())) notes.push_back(*std::move(note));
  }
  if (checkpoints_) {
    for (std::string& place : checkpoints_->lagging()) notes.push_back(std::move(place));
  }
  return notes;
}

// Rules and sensors are taken whole or not at all.
Result<nlohmann::json> Daemon::reload() {
  auto watching = sensors();
  const Result<void> may = watching ? sources_->may_use(*watching) : Result<void>(watching.error());
  if (!may) {
    ++reloads_refused_;
    return Error{ErrorCode::invalid, "what is on disk is refused, what is in force stays: " +
                                         to_string(configuration_.path, mistake_from(configuration_, may.error()))};
  }
  RuleSet::Loaded loaded = load_rules(configuration_, room_->actions->catalog());
  if (!loaded.rules) {
    ++reloads_refused_;
    return Error{ErrorCode::invalid, "the rules on disk are refused, those in force stay: " + told_of(loaded.problems)};
  }
  const Answer noted = committer_->commit(load_change(*loaded.rules));
  if (!noted.done()) return noted.error.with("recording the rules; those in force stay");
  ++reloads_;
  spdlog::info("rules in force now: {}", loaded.rules->rules().size());
  const std::string digest = loaded.rules->digest();
  const size_t count = loaded.rules->rules().size();
  rules_->set(std::move(loaded.rules));
  if (const size_t renewed = sources_->use(*std::move(watching)); renewed > 0) {
    spdlog::info("sensors with other settings or baselines: {}", renewed);
  }
  return nlohmann::json{{"rules", count}, {"digest", digest}};
}

// The position is moved first; the source then finds it so, as it would after a start.
Result<nlohmann::json> Daemon::seek(const nlohmann::json& arguments, const std::string& actor) {
  const auto change = change_of({"source.seek", arguments}, actor, committer_->now());
  if (!change) return change.error();
  const PartitionId& partition = std::get<SeekPosition>(*change).partition;
  const auto source = sources_->to_seek(partition.source);
  if (!source) return source.error();
  auto reply = reply_of(committer_->commit(*change));
  if (reply) (*source)->reconsider(partition.topic, partition.partition, Permission::none);
  return reply;
}

void Daemon::write_metrics(MetricsWriter& writer) {
  writer.counter("kedge_rules_reloads_total", "rule sets taken into force by a reload",
                 static_cast<double>(reloads_.load()));
  writer.counter("kedge_rules_reloads_refused_total", "rule sets refused by a reload: the old ones stayed",
                 static_cast<double>(reloads_refused_.load()));
  writer.gauge("kedge_rules", "rules in force", static_cast<double>(rules_->get()->rules().size()));
  writer.gauge("kedge_effects_stopped", "1 while nothing may be written to the world", effects_->stopped() ? 1 : 0);
  writer.gauge("kedge_own_principals_known", "1 when it is known who we are at AWS: own changes are recognised",
               identity_->unknown() ? 0 : 1);
  if (audit_log_) kedge::write_metrics(writer, audit_log_->status());
  if (checkpoints_) kedge::write_metrics(writer, checkpoints_->status());
  kedge::write_metrics(writer, watchdog_.look());
  writer.gauge("kedge_process_threads", "threads of the process, those of libraries included", thread_count());
  journal_metrics_->write(writer);
  kedge::write_metrics(writer, *committer_);
  kedge::write_metrics(writer, executor_->figures());
  kedge::write_metrics(writer, reconciler_->figures());
  for (size_t i = 0; i < lanes_.size(); ++i) kedge::write_metrics(writer, i, *lanes_[i]);
  sources_->write_metrics(writer);
  if (room_->remote_hosts != nullptr) kedge::write_metrics(writer, room_->remote_hosts->status());
  kedge::write_metrics(writer, sensors_heard_.status(trusted_clock_->now()));
  kedge::write_metrics(writer, outbox_->figures());
}

}  // namespace

Result<void> run_daemon(const Configuration& configuration, const Environment& environment) {
  return Daemon(configuration, environment).run();
}

}  // namespace kedge
