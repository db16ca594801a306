#include "app/configuration.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "app/checkpoint_settings.h"
#include "app/local_host_settings.h"
#include "app/remote_hosts_settings.h"
#include "app/yaml_file.h"
#include "aws/endpoint.h"
#include "base/files.h"
#include "base/hash.h"
#include "base/nearest.h"

namespace kedge {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

std::string joined(const std::vector<std::string>& items) { return fmt::format("{}", fmt::join(items, ",")); }

void read_rules(Section& section, Configuration& configuration, const std::string& path) {
  section.required_text("directory", configuration.rules_directory);
  configuration.rules_directory = beside(path, configuration.rules_directory);
  std::map<std::string, std::string> modes;
  section.text_map("modes", modes);
  for (const auto& [rule, word] : modes) {
    if (const auto mode = parse_mode(word)) {
      configuration.modes[rule] = *mode;
    } else {
      section.mistake("modes." + rule, mode.error().message);
    }
  }
}

// Others have to be read whole to know what they are.
bool may_be_trusted(Format format) { return format == Format::eventbridge || format == Format::json; }

// What one option does wrong by itself is told where it stands; what was said about it already is not said again.
void check_source(Section& section, const KafkaSource::Options& options) {
  for (const OptionMistake& mistake : KafkaSource::mistakes(options)) {
    if (!section.is_wrong(mistake.option())) section.mistake(mistake.field, mistake.message);
  }
}

// A name is of one source, of whatever kind.
void check_name(Section& section, const std::string& name, const Configuration& configuration) {
  const auto is_its = [&](const std::string& other) { return other == name && !name.empty(); };
  const bool taken = std::any_of(configuration.sources.begin(), configuration.sources.end(),
                                 [&](const SourceSettings& other) { return is_its(other.kafka.name); }) ||
                     std::any_of(configuration.sensors.begin(), configuration.sensors.end(),
                                 [&](const SensorSettings& other) { return is_its(other.name); });
  if (taken) section.mistake("name", "two sources have this name");
}

void read_kafka_source(Section& section, SourceSettings source, Configuration& configuration) {
  std::vector<std::string> brokers;
  section.texts("brokers", brokers);
  source.kafka.brokers = joined(brokers);
  section.texts("topics", source.kafka.topics);
  section.required_text("group", source.kafka.group);
  section.text("instance", source.kafka.instance);
  section.word<StartAt>("start", source.kafka.start, parse_start_at);
  section.require("start", "'start' is missing: where a topic that was never read begins, earliest or latest");
  section.text_map("properties", source.kafka.properties);
  section.word<Format>("format", source.decoder.format, parse_format);
  source.decoder.source_name = source.kafka.name;
  section.text("source", source.decoder.source_name);
  section.bytes("event_bytes", source.decoder.bytes_max, 1024, 64LL << 20);
  section.integer("depth", source.decoder.depth_max, 1, 1000);
  section.word<Reading>("reading", source.reading, parse_reading);
  if (source.reading == Reading::trusted && !may_be_trusted(source.decoder.format) && !section.is_wrong("format")) {
    section.mistake("reading", "trusted needs format: eventbridge or json");
  }
  section.refuse("sensor", "is of a source of kind sensor: leave it out, or write kind: sensor, and nothing of Kafka");
  check_source(section, source.kafka);
  configuration.sources.push_back(std::move(source));
}

void read_sensor_source(Section& section, SensorSettings source, Configuration& configuration) {
  section.text("sensor", source.file);
  section.require("sensor", "'sensor' is missing: the sensor's own settings, like sensor: sensor.yaml");
  if (section.has("sensor") && source.file.empty() && !section.is_wrong("sensor")) {
    section.mistake("sensor", "must not be empty: the sensor's own settings, like sensor.yaml");
  }
  source.file = beside(configuration.path, source.file);
  for (const char* key : {"brokers", "topics", "group", "instance", "start", "properties", "format", "source",
                          "event_bytes", "depth", "reading"}) {
    section.refuse(key, "is of a source of kind kafka: the settings of a sensor are in its own file");
  }
  for (const SensorSettings& other : configuration.sensors) {
    const bool same = other.file == source.file && !section.is_wrong("sensor");
    if (same) section.mistake("sensor", "is the sensor of source '" + other.name + "' already");
  }
  configuration.sensors.push_back(std::move(source));
}

void read_source(Section& section, Configuration& configuration) {
  std::string name;
  std::string kind = section.has("sensor") ? "sensor" : "kafka";
  section.required_text("name", name);
  section.text("kind", kind);
  if (kind != "kafka" && kind != "sensor" && !section.is_wrong("kind")) {
    section.mistake("kind", "must be kafka or sensor");
    kind = section.has("sensor") ? "sensor" : "kafka";
  }
  check_name(section, name, configuration);
  if (kind == "sensor") return read_sensor_source(section, {section.path(), name, ""}, configuration);
  SourceSettings source;
  source.field = section.path();
  source.kafka.name = name;
  read_kafka_source(section, std::move(source), configuration);
}

// What the file says by itself; what environment and shared files add to it is looked at when AWS is.
void check_endpoints(Section& section, const AwsOptions& aws) {
  const auto endpoints = Endpoints::from(aws, {}, {});
  if (endpoints) return;
  const auto [setting, reason] = setting_and_reason(endpoints.error().message);
  const std::string key = setting.starts_with("aws.") ? setting.substr(4) : "region";
  if (!section.is_wrong(key)) section.mistake(key, reason);
}

bool is_account(std::string_view text) {
  return text.size() == 12 && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// "arn:aws:iam::123456789012:role/PATH/NAME", of any partition.
bool is_role_arn(std::string_view text) {
  const size_t account = text.find(":iam::");
  if (!text.starts_with("arn:aws") || account == std::string_view::npos) return false;
  text.remove_prefix(account + 6);
  return is_account(text.substr(0, 12)) && text.substr(12).starts_with(":role/") && text.size() > 18;
}

void read_aws(Section& section, Configuration& configuration) {
  AwsOptions& aws = configuration.aws;
  section.text("region", aws.region);
  section.text("profile", aws.profile);
  section.text("endpoint", aws.endpoint_url);
  section.text_map("endpoints", aws.endpoint_urls);
  section.text("home_account", aws.home_account);
  section.text("session_name", aws.session_name);
  section.text("ca_file", configuration.aws_ca_file);
  configuration.aws_ca_file = beside(configuration.path, configuration.aws_ca_file);
  section.texts("principals", configuration.aws_principals);
  if (section.has("path_style")) {
    bool path_style = false;
    section.boolean("path_style", path_style);
    aws.path_style = path_style;
  }
  section.section("credentials", [&](Section& keys) {
    keys.text("access_key_id", aws.access_key_id);
    keys.text("secret_access_key", aws.secret_access_key);
    keys.text("session_token", aws.session_token);
    const bool told = keys.is_wrong("access_key_id") || keys.is_wrong("secret_access_key");
    if (!told && aws.access_key_id.empty() != aws.secret_access_key.empty()) {
      keys.mistake("", "access_key_id and secret_access_key belong together");
    }
  });
  section.named_sections("roles", [&](const std::string& account, Section& role) {
    AwsRole read;
    role.required_text("arn", read.arn);
    if (!role.is_wrong("arn") && !read.arn.empty() && !is_role_arn(read.arn)) {
      role.mistake("arn", "'" + read.arn + "' is not the ARN of a role, like arn:aws:iam::123456789012:role/kedge");
    }
    role.text("external_id", read.external_id);
    if (account == "*") {
      aws.other_role = read;
    } else if (!is_account(account)) {
      role.mistake("", "'" + account + "' is not an account: its 12 digits, in quotes, or \"*\" for all others");
    } else {
      aws.roles[account] = read;
    }
  });
  check_endpoints(section, aws);
}

void read_reconcile(Section& section, ReconcileOptions& reconcile) {
  section.duration("every", reconcile.every, seconds(1), hours(24));
  section.integer("per_second", reconcile.per_second, 1, 1000);
  section.integer("places", reconcile.places, 1, 64);
}

// A guard that is looser than its default is named, and is a mistake where nobody has said that it may be. `what`: what
// it is set to, where that is not plain to see.
void check_guard(Section& section, const char* key, bool looser, Configuration& configuration,
                 const std::string& what = "") {
  if (!looser || section.is_wrong(key)) return;
  configuration.loosened.push_back(section.path() + "." + key);
  if (configuration.unsafe_limits) return;
  section.mistake(key, what + (what.empty() ? "" : " ") +
                           "loosens a guard beyond its default; that needs guards.unsafe_limits: true");
}

// `guards` have been read.
void read_executor(Section& section, Configuration& configuration) {
  ExecutorOptions& executor = configuration.executor;
  const ExecutorOptions usual;
  section.integer("workers", executor.workers, 1, 1024);
  section.integer("per_endpoint", executor.per_endpoint, 1, 1024);
  section.integer("writers_per_endpoint", executor.writers_per_endpoint, 1, 1024);
  check_guard(section, "writers_per_endpoint", executor.writers_per_endpoint > usual.writers_per_endpoint,
              configuration);
  check_guard(section, "workers", executor.workers > usual.workers, configuration);
  check_guard(section, "per_endpoint", executor.per_endpoint > usual.per_endpoint, configuration);
  section.duration("remediation_deadline", executor.remediation_deadline, seconds(1), hours(24));
  section.duration("confirm_deadline", executor.confirm_deadline, seconds(1), hours(24));
  section.duration("retry_first", executor.retry_first, milliseconds(10), hours(1));
  section.duration("retry_most", executor.retry_most, milliseconds(10), hours(24));
  section.duration("call_timeout", executor.call_timeout, milliseconds(100), hours(1));
  section.duration("visibility_delay", executor.visibility_delay, milliseconds(0), hours(1));
  section.section("reconcile", [&](Section& reconcile) { read_reconcile(reconcile, executor.reconcile); });
}

constexpr int kMostCounted = 1000;  // what such a limit counts is kept one by one

Result<std::optional<Budget>> parse_limit(std::string_view text) {
  if (text == "off") return std::optional<Budget>();
  auto budget = parse_budget(text);
  if (!budget) return Error{budget.error().code, budget.error().message + ", or off"};
  if (budget->most > kMostCounted) return Error{ErrorCode::invalid, "the number must be from 0 to 1000; off for more"};
  return std::optional(*budget);
}

// A number within a time, or off.
void read_limit(Section& section, const char* key, std::optional<Budget>& limit, const std::optional<Budget>& usual,
                Configuration& configuration) {
  section.word<std::optional<Budget>>(key, limit, parse_limit);
  check_guard(section, key, !limit || is_looser(*limit, *usual), configuration, limit ? to_string(*limit) : "off");
}

void read_budget(Section& section, const char* key, Budget& budget, const Budget& usual, Configuration& configuration) {
  section.word<Budget>(key, budget, parse_budget);
  check_guard(section, key, is_looser(budget, usual), configuration, to_string(budget));
}

// How many remediations may start within which time.
void read_budgets(Section& section, Configuration& configuration) {
  const BudgetLimits standard;
  BudgetLimits& limits = configuration.gate.budgets;
  read_budget(section, "all", limits.all, standard.all, configuration);
  read_budget(section, "account", limits.account, standard.account, configuration);
  read_budget(section, "action", limits.action, standard.action, configuration);
  read_budget(section, "rule", limits.rule, standard.rule, configuration);
}

void check_breaker(Section& section, const BreakerLimits& breaker, const BreakerLimits& usual,
                   Configuration& configuration) {
  const auto check = [&](const char* key, bool looser) { check_guard(section, key, looser, configuration); };
  check("in_a_row", breaker.in_a_row > usual.in_a_row);
  check("of_ten", breaker.of_ten > usual.of_ten);
  check("first", breaker.first < usual.first);
  check("most", breaker.most < usual.most);
}

// When an endpoint is not called any more, or a rule does nothing more on an account, and for how long.
void read_breaker(Section& section, const char* key, std::optional<BreakerLimits>& limits,
                  Configuration& configuration) {
  const BreakerLimits usual = *limits;
  if (section.says(key, "off")) {
    limits.reset();
    return check_guard(section, key, true, configuration, "off");
  }
  section.section(key, [&](Section& inner) {
    BreakerLimits& breaker = *limits;
    inner.integer("in_a_row", breaker.in_a_row, 1, 1000);
    inner.integer("of_ten", breaker.of_ten, 1, 10);
    inner.duration("first", breaker.first, seconds(1), hours(24));
    inner.duration("most", breaker.most, seconds(1), hours(24));
    if (breaker.most < breaker.first && !inner.is_wrong("most") && !inner.is_wrong("first")) {
      inner.mistake("most", "must not be shorter than first");
    }
    check_breaker(inner, breaker, usual, configuration);
  });
}

Result<std::optional<Share>> parse_share_or_off(std::string_view text) {
  if (text == "off") return std::optional<Share>();
  const auto share = parse_share(text);
  if (!share) return Error{share.error().code, share.error().message + ", or off"};
  return std::optional(*share);
}

void check_share(Section& section, Configuration& configuration) {
  const std::optional<Share>& share = configuration.gate.share;
  const bool looser = !share || share->percent > Share{}.percent || share->within < Share{}.within;
  check_guard(section, "share", looser, configuration, share ? to_string(*share) : "off");
}

// A guard is loosened beyond its default only with unsafe_limits, so that nobody does it without seeing it.
void read_guards(Section& section, Configuration& configuration) {
  const AdmissionLimits admission;
  section.boolean("unsafe_limits", configuration.unsafe_limits);
  section.texts("protected", configuration.protected_keys);
  section.section("budgets", [&](Section& budgets) { read_budgets(budgets, configuration); });
  read_limit(section, "flap", configuration.gate.flap, GateLimits{}.flap, configuration);
  read_budget(section, "releases", configuration.gate.releases, GateLimits{}.releases, configuration);
  section.duration("flap_rest", configuration.gate.flap_rest, seconds(1), hours(24 * 365));
  read_limit(section, "mass_match", configuration.gate.mass_match, GateLimits{}.mass_match, configuration);
  section.word<std::optional<Share>>("share", configuration.gate.share, parse_share_or_off);
  check_share(section, configuration);
  read_breaker(section, "breaker", configuration.executor.breaker, configuration);
  read_breaker(section, "rule_breaker", configuration.gate.rule_breaker, configuration);
  section.duration("approval_within", configuration.gate.approval_within, seconds(1), hours(24 * 365));
  section.duration("stale_after", configuration.gate.stale_after, seconds(1), hours(24 * 365));
  section.duration("waited_most", configuration.gate.waited_most, seconds(1), hours(24 * 365));
  section.duration("held_most", configuration.gate.held_most, std::chrono::minutes(1), hours(24 * 365));
  section.duration("future_most", configuration.gate.future_most, seconds(0), hours(24));
  section.duration("record_only_after", configuration.admission.record_only_after, seconds(1), hours(24 * 365));
  const auto check = [&](const char* key, bool looser) { check_guard(section, key, looser, configuration); };
  check("flap_rest", configuration.gate.flap_rest < GateLimits{}.flap_rest);
  check("approval_within", configuration.gate.approval_within > GateLimits{}.approval_within);
  check("stale_after", configuration.gate.stale_after > GateLimits{}.stale_after);
  check("waited_most", configuration.gate.waited_most > GateLimits{}.waited_most);
  check("held_most", configuration.gate.held_most > GateLimits{}.held_most);
  check("future_most", configuration.gate.future_most > GateLimits{}.future_most);
  check("record_only_after", configuration.admission.record_only_after > admission.record_only_after);
}

void read_window(Section& section, Window& window) {
  std::vector<std::string> days;
  section.texts("days", days);
  if (section.has("days")) window.days = {};
  for (size_t i = 0; i < days.size(); ++i) {
    if (const auto day = parse_weekday(days[i])) {
      window.days[*day] = true;
    } else {
      section.mistake(fmt::format("days[{}]", i), day.error().message);
    }
  }
  if (section.has("days") && days.empty()) section.mistake("days", "needs a day; left out, it is all of them");
  section.word<std::chrono::minutes>("from", window.from, parse_time_of_day);
  section.word<std::chrono::minutes>("to", window.to, parse_time_of_day);
  section.require("from", "'from' is missing: when the window opens, like \"22:00\"");
  section.require("to", "'to' is missing: when the window closes, like \"06:00\"");
  section.word<TimeZone>("time_zone", window.zone,
                         [](std::string_view name) { return load_time_zone(std::string(name)); });
}

void read_fleet(Section& section, const std::string& name, Fleet& fleet) {
  section.texts("targets", fleet.targets);
  if (name != kOtherHosts) {
    section.require("targets",
                    "'targets' is missing: those of the fleet, exact or with one * at the end: [\"host:web-*\"]");
    if (section.has("targets") && fleet.targets.empty()) section.mistake("targets", "must name a target");
  }
  for (size_t i = 0; i < fleet.targets.size(); ++i) {
    const std::string& target = fleet.targets[i];
    if (!target.empty() && target.find('*') >= target.size() - 1) continue;
    section.mistake(fmt::format("targets[{}]", i), "must be a target, exact or with one * at its end");
  }
  section.integer("size", fleet.size, 1, 10'000'000);
  section.require("size", "'size' is missing: how many targets the fleet has");
  section.integer("keep", fleet.keep, 0, 10'000'000);
  if (fleet.keep > fleet.size && !section.is_wrong("size") && !section.is_wrong("keep")) {
    section.mistake("keep", "must not be more than size");
  }
}

void report_channel(Section& section, const ChannelOptions& options) {
  const auto checked = check_channel(options);
  if (checked || section.is_wrong("kind")) return;
  const auto [member, reason] = setting_and_reason(checked.error().message);
  if (!section.is_wrong(member.substr(0, member.find_first_of(".[")))) section.mistake(member, reason);
}

// Where a channel leads to: a URL, or a topic.
void read_address(Section& channel, ChannelOptions& options) {
  std::vector<std::string> brokers;
  channel.texts("brokers", brokers);
  channel.text_map("properties", options.kafka.properties);
  options.kafka.brokers = fmt::format("{}", fmt::join(brokers, ","));
  if (options.kind == ChannelOptions::Kind::kafka) {
    channel.text("url", options.url);
    channel.required_text("topic", options.kafka.topic);
  } else {
    channel.required_text("url", options.url);
    channel.text("topic", options.kafka.topic);
  }
}

// Names of channels that there are.
void read_channel_names(Section& section, const char* key, const std::vector<ChannelOptions>& channels,
                        std::vector<std::string>& names) {
  section.texts(key, names);
  std::vector<std::string_view> known;
  known.reserve(channels.size());
  for (const ChannelOptions& channel : channels) known.push_back(channel.name);
  for (size_t i = 0; i < names.size() && !section.is_wrong(key); ++i) {
    if (std::find(known.begin(), known.end(), names[i]) != known.end()) continue;
    section.mistake(fmt::format("{}[{}]", key, i), fmt::format("there is no channel '{}' in notify.channels{}",
                                                               names[i], did_you_mean(names[i], known)));
  }
}

void read_notify(Section& section, Configuration& configuration) {
  section.named_sections("channels", [&](const std::string& name, Section& channel) {
    ChannelOptions options;
    options.name = name;
    channel.word<ChannelOptions::Kind>("kind", options.kind, parse_channel_kind);
    channel.require("kind", "'kind' is missing: webhook, slack or kafka");
    read_address(channel, options);
    channel.texts("secrets", options.secrets);
    options.notices_per_minute = usual_pace(options.kind);
    channel.duration("timeout", options.timeout, milliseconds(100), seconds(120));
    channel.integer("notices_per_minute", options.notices_per_minute, 1, 100'000);
    report_channel(channel, options);
    configuration.channels.push_back(std::move(options));
  });
  read_channel_names(section, "alarms", configuration.channels, configuration.alarms);
  read_channel_names(section, "dead_letters", configuration.channels, configuration.dead_letters);
  section.section("fold", [&](Section& fold) {
    fold.integer("after", configuration.notices.alone, 1, 100'000);
    fold.duration("within", configuration.notices.span, seconds(1), hours(24));
  });
}

// "127.0.0.1:9464", "[::1]:9464", "name:0".
Result<MonitoringServer::Options> parse_listen(const std::string& text) {
  const Error wrong{ErrorCode::invalid,
                    "must be ADDRESS:PORT with a port from 0 (any) to 65535, like 127.0.0.1:9464 or [::1]:9464"};
  const size_t colon = text.rfind(':');
  if (colon == std::string::npos) return wrong;
  std::string address = text.substr(0, colon);
  const bool in_brackets = address.size() > 2 && address.front() == '[' && address.back() == ']';
  if (in_brackets) address = address.substr(1, address.size() - 2);
  if (address.empty() || address.find_first_of("[]/ ") != std::string::npos) return wrong;
  if (!in_brackets && address.find(':') != std::string::npos) return wrong;
  uint16_t port = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, failure] = std::from_chars(text.data() + colon + 1, end, port);
  if (failure != std::errc() || stop != end) return wrong;
  return MonitoringServer::Options{address, port};
}

void read_api(Section& section, Configuration& configuration) {
  section.text("listen", configuration.listen);
  if (auto parsed = parse_listen(configuration.listen)) {
    configuration.monitoring = *std::move(parsed);
  } else {
    section.mistake("listen", parsed.error().message);
  }
  section.text("control_group", configuration.control_group);
}

void read_limits(Section& section, Configuration& configuration) {
  section.integer("lanes", configuration.lanes, 1, 256);
  section.bytes("queue_bytes", configuration.queue_bytes, 1LL << 20, 16LL << 30);
  section.integer("rule_instructions", configuration.rule_limits.instructions, 1'000, 1'000'000'000);
  section.bytes("rule_memory_bytes", configuration.rule_limits.memory_bytes, 64 << 10, 1LL << 30);
  section.bytes("rule_result_bytes", configuration.rule_limits.result_bytes, 1 << 10, 64LL << 20);
  section.duration("seen_for", configuration.seen_for, hours(1), hours(24 * 365));
  section.duration("undo_horizon", configuration.undo_horizon, hours(1), hours(24 * 3650));
  section.duration("shutdown", configuration.shutdown, seconds(1), seconds(600));
}

// `guards` have been read: effects that go on without their log are a guard that was loosened, too.
void read_audit(Section& section, Configuration& configuration) {
  AuditOptions& audit = configuration.audit;
  const AuditOptions usual;
  audit.directory = configuration.data + "/audit";
  section.text("directory", audit.directory);
  audit.directory = beside(configuration.path, audit.directory);
  // With the ledger in it, or the signed head, it is nothing to be shown, and what tells that it was put back goes with
  // it.
  if (!section.is_wrong("directory") && lies_in(configuration.data, audit.directory)) {
    section.mistake("directory",
                    "holds 'data', with the ledger and the signed head, and a log's directory is there to "
                    "be shown; name one of its own");
  }
  section.texts("keys", audit.keys);
  for (size_t i = 0; i < audit.keys.size() && !section.is_wrong("keys"); ++i) {
    audit.keys[i] = beside(configuration.path, audit.keys[i]);
    if (!lies_in(audit.keys[i], audit.directory)) continue;
    // A key that lies with what it signs is there for whoever may write the log.
    section.mistake(fmt::format("keys[{}]", i), "lies in the log's directory, which is there to be shown; move it");
  }
  section.duration("publish_every", audit.publish_every, milliseconds(100), seconds(60));
  section.integer("behind_records", audit.behind_records, 1, 1'000'000'000);
  section.duration("behind_for", audit.behind_for, seconds(1), hours(24));
  section.word<bool>("on_failure", audit.stops_effects, [](std::string_view word) -> Result<bool> {
    if (word == "stop") return true;
    if (word == "continue") return false;
    return Error{ErrorCode::invalid, "must be stop (no effects while the log cannot be written) or continue"};
  });
  section.word<BlobsBesideLog>("blobs", audit.blobs, [](std::string_view word) -> Result<BlobsBesideLog> {
    if (word == "none") return BlobsBesideLog::none;
    if (word == "parts") return BlobsBesideLog::parts;
    if (word == "all") return BlobsBesideLog::all;
    return Error{ErrorCode::invalid,
                 "must be none, parts (of records, and the rules) or all (the events too, with nothing redacted)"};
  });
  check_guard(section, "behind_records", audit.behind_records > usual.behind_records, configuration);
  check_guard(section, "behind_for", audit.behind_for > usual.behind_for, configuration);
  check_guard(section, "on_failure", !audit.stops_effects, configuration);
  audit.publish_to = read_checkpoint_places(section, configuration.path, audit.directory);
  const bool wanted = section.has("directory") || section.has("on_failure") || section.has("publish_to");
  if (audit.keys.empty() && !section.is_wrong("keys") && wanted) {
    section.mistake("keys", "needs the file of a key (`kedge audit keygen`): without one there is no log");
  }
}

// The hosts that can be called are known by their keys: so many of them as no fleet names are the fleet of the others.
void count_other_hosts(Configuration& configuration) {
  Fleets& fleets = configuration.gate.fleets;
  if (configuration.remote_hosts.hosts.empty() || fleets.contains(kOtherHosts)) return;
  std::set<std::string> names;
  if (!configuration.host.name.empty()) names.insert(configuration.host.name);
  for (const VerifierKey& key : configuration.remote_hosts.hosts) names.insert(key.name());
  std::erase_if(names, [&](const std::string& name) { return fleet_of("host:" + name, fleets) != kOtherHosts; });
  if (!names.empty()) fleets[kOtherHosts].size = static_cast<int>(names.size());
}

void read_all(Section& root, Configuration& configuration) {
  std::string version = "1";
  root.text("version", version);
  root.require("version", "'version' is missing; this engine reads version 1: version: 1");
  if (version != "1" && !root.is_wrong("version")) {
    root.mistake("version", "'" + version + "' is no version that this engine reads: it reads 1");
  }
  root.required_text("data", configuration.data);
  configuration.data = beside(configuration.path, configuration.data);
  root.require("rules", "'rules' is missing: rules: {directory: ...}");
  root.section("rules", [&](Section& s) {
    if (root.has("rules")) read_rules(s, configuration, configuration.path);
  });
  root.sections("sources", [&](Section& s) { read_source(s, configuration); });
  root.section("aws", [&](Section& s) { read_aws(s, configuration); });
  root.section("host", [&](Section& s) {
    if (root.has("host")) configuration.host = read_local_host(s, configuration.path, configuration.data);
  });
  root.section("hosts", [&](Section& s) {
    if (!root.has("hosts")) return;
    configuration.remote_hosts = read_remote_hosts(s, configuration.path, configuration.host.name);
  });
  root.section("guards", [&](Section& s) { read_guards(s, configuration); });
  root.section("executor", [&](Section& s) { read_executor(s, configuration); });
  root.named_sections("fleets", [&](const std::string& name, Section& fleet) {
    read_fleet(fleet, name, configuration.gate.fleets[name]);
  });
  count_other_hosts(configuration);
  root.named_sections("windows", [&](const std::string& name, Section& window) {
    read_window(window, configuration.gate.windows[name]);
  });
  root.section("audit", [&](Section& s) { read_audit(s, configuration); });
  root.section("notify", [&](Section& s) { read_notify(s, configuration); });
  root.section("api", [&](Section& s) { read_api(s, configuration); });
  root.section("limits", [&](Section& s) { read_limits(s, configuration); });
  root.finish();
}

// A log alone shows damage; that its history was rewritten, or its end cut off, shows only beside a copy elsewhere.
void warn_of_checkpoints(LoadedConfiguration& loaded) {
  const AuditOptions& audit = loaded.configuration.audit;
  if (audit.keys.empty()) return;
  if (audit.publish_to.empty()) {
    loaded.warnings.emplace_back(
        "audit.publish_to names no place: until a checkpoint is copied elsewhere, the audit log shows damage, and not "
        "a "
        "rewrite by who may write it and has its key");
  }
  const std::string& data = loaded.configuration.data;
  const bool kept_elsewhere = std::any_of(audit.publish_to.begin(), audit.publish_to.end(), [&](const auto& place) {
    const auto* const file = std::get_if<CheckpointFileOptions>(&place.place);
    return file != nullptr && !lies_in(file->path, data);
  });
  if (!kept_elsewhere && lies_in(audit.directory, data)) {
    loaded.warnings.emplace_back(
        "the audit log and its signed head both lie in 'data', and audit.publish_to names no file elsewhere: where "
        "'data' is put back as a whole, the engine cannot see that, and the same key signs another history; name such "
        "a "
        "file, or an audit.directory elsewhere");
  }
  for (size_t i = 0; i < audit.publish_to.size(); ++i) {
    const auto* const kept = std::get_if<CheckpointFileOptions>(&audit.publish_to[i].place);
    if (kept == nullptr || !lies_in(kept->path, loaded.configuration.data)) continue;
    loaded.warnings.push_back(fmt::format(
        "audit.publish_to[{}].file lies in 'data': who rewrites the audit log there can rewrite it too", i));
  }
}

}  // namespace

Result<LoadedConfiguration> load_configuration(const std::string& path, const Environment& environment) {
  auto text = read_file(path, 4U << 20U);
  if (!text) return text.error().with("the configuration");
  LoadedConfiguration loaded;
  loaded.configuration.path = path;
  loaded.configuration.digest = sha256(*text).hex();
  YamlFile file = read_yaml(path, *text, environment, [&](Section& root) { read_all(root, loaded.configuration); });
  if (loaded.configuration.sources.empty() && loaded.configuration.sensors.empty() && file.mistakes.empty()) {
    loaded.warnings.emplace_back("no source is configured: nothing will be read");
  }
  if (file.mistakes.empty()) warn_of_checkpoints(loaded);
  loaded.mistakes = std::move(file.mistakes);
  loaded.configuration.lines = std::move(file.lines);
  return loaded;
}

Mistake mistake_at(const Configuration& configuration, std::string field, std::string message) {
  const int line = line_of(configuration.lines, field);
  return {line, std::move(field), std::move(message)};
}

Mistake mistake_from(const Configuration& configuration, const Error& error) {
  auto [setting, reason] = setting_and_reason(error.message);
  return mistake_at(configuration, std::move(setting), std::move(reason));
}

std::string to_string(const std::string& path, const Mistake& mistake) {
  std::string text = path;
  if (mistake.line > 0) text += fmt::format(":{}", mistake.line);
  if (!mistake.field.empty()) text += ": " + mistake.field;
  return text + ": " + mistake.message;
}

}  // namespace kedge
