// What `kedge check --effective` prints: every key that the file may have, with the value in force. Read as a file it
// is the same configuration, but for the secrets.
#include <yaml-cpp/yaml.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "app/configuration.h"

namespace kedge {
namespace {

using Tree = nlohmann::ordered_json;  // keeps the order of the keys

constexpr const char* kHidden = "(not shown)";

std::string hidden(const std::string& secret) { return secret.empty() ? "" : kHidden; }
std::string span(Duration value) { return format_duration(value); }

Tree list_of(const std::string& joined) {
  Tree items = Tree::array();
  std::istringstream all(joined);
  for (std::string item; std::getline(all, item, ',');) items.push_back(item);
  return items;
}

Tree modes_of(const Configuration& c) {
  Tree modes = Tree::object();
  for (const auto& [rule, mode] : c.modes) modes[rule] = std::string(to_string(mode));
  return modes;
}

Tree shown(const KafkaProperties& all) {
  Tree properties = Tree::object();
  for (const auto& [name, value] : all) properties[name] = is_secret_property(name) ? hidden(value) : value;
  return properties;
}

Tree source_of(const SourceSettings& source) {
  const KafkaSource::Options& kafka = source.kafka;
  return {{"name", kafka.name},
          {"kind", "kafka"},
          {"brokers", list_of(kafka.brokers)},
          {"topics", kafka.topics},
          {"group", kafka.group},
          {"start", kafka.start == StartAt::earliest ? "earliest" : "latest"},
          {"format", std::string(to_string(source.decoder.format))},
          {"source", source.decoder.source_name},
          {"reading", source.reading == Reading::trusted ? "trusted" : "strict"},
          {"event_bytes", source.decoder.bytes_max},
          {"depth", source.decoder.depth_max},
          {"instance", kafka.instance},
          {"properties", shown(KafkaSource::properties_in_force(kafka))}};
}

Tree sources_of(const Configuration& c) {
  Tree sources = Tree::array();
  for (const SourceSettings& source : c.sources) sources.push_back(source_of(source));
  for (const SensorSettings& source : c.sensors) {
    sources.push_back({{"name", source.name}, {"kind", "sensor"}, {"sensor", source.file}});
  }
  return sources;
}

Tree role_of(const AwsRole& role) { return {{"arn", role.arn}, {"external_id", hidden(role.external_id)}}; }

Tree aws_of(const Configuration& c) {
  const AwsOptions& aws = c.aws;
  Tree section = {{"region", aws.region}, {"profile", aws.profile}};
  if (!aws.access_key_id.empty()) {
    section["credentials"] = {{"access_key_id", aws.access_key_id},
                              {"secret_access_key", hidden(aws.secret_access_key)},
                              {"session_token", hidden(aws.session_token)}};
  }
  Tree roles = Tree::object();
  for (const auto& [account, role] : aws.roles) roles[account] = role_of(role);
  if (aws.other_role) roles["*"] = role_of(*aws.other_role);
  section["roles"] = roles;
  section["home_account"] = aws.home_account;
  section["session_name"] = aws.session_name;
  section["principals"] = c.aws_principals;
  section["endpoint"] = aws.endpoint_url;
  section["endpoints"] = Tree(aws.endpoint_urls);
  if (aws.path_style) section["path_style"] = *aws.path_style;
  section["ca_file"] = c.aws_ca_file;
  return section;
}

std::string limit(const std::optional<Budget>& budget) { return budget ? to_string(*budget) : "off"; }

Tree breaker_of(const std::optional<BreakerLimits>& breaker) {
  if (!breaker) return "off";
  return {{"in_a_row", breaker->in_a_row},
          {"of_ten", breaker->of_ten},
          {"first", span(breaker->first)},
          {"most", span(breaker->most)}};
}

Tree guards_of(const Configuration& c) {
  const BudgetLimits& budgets = c.gate.budgets;
  return {{"budgets",
           {{"all", to_string(budgets.all)},
            {"account", to_string(budgets.account)},
            {"action", to_string(budgets.action)},
            {"rule", to_string(budgets.rule)}}},
          {"protected", c.protected_keys},
          {"releases", to_string(c.gate.releases)},
          {"flap", limit(c.gate.flap)},
          {"flap_rest", span(c.gate.flap_rest)},
          {"mass_match", limit(c.gate.mass_match)},
          {"share", c.gate.share ? to_string(*c.gate.share) : "off"},
          {"breaker", breaker_of(c.executor.breaker)},
          {"rule_breaker", breaker_of(c.gate.rule_breaker)},
          {"approval_within", span(c.gate.approval_within)},
          {"stale_after", span(c.gate.stale_after)},
          {"waited_most", span(c.gate.waited_most)},
          {"held_most", span(c.gate.held_most)},
          {"future_most", span(c.gate.future_most)},
          {"record_only_after", span(c.admission.record_only_after)},
          {"unsafe_limits", c.unsafe_limits}};
}

Tree windows_of(const Configuration& c) {
  Tree windows = Tree::object();
  for (const auto& [name, window] : c.gate.windows) {
    Tree days = Tree::array();
    for (size_t i = 1; i <= 7; ++i) {
      if (window.days[i % 7]) days.push_back(std::string(weekday_name(i % 7)));
    }
    windows[name] = {{"days", days},
                     {"from", format_time_of_day(window.from)},
                     {"to", format_time_of_day(window.to)},
                     {"time_zone", window.zone.name}};
  }
  return windows;
}

Tree fleets_of(const Configuration& c) {
  Tree fleets = Tree::object();
  for (const auto& [name, fleet] : c.gate.fleets) {
    if (!fleet.targets.empty()) fleets[name]["targets"] = fleet.targets;
    fleets[name]["size"] = fleet.size;
    fleets[name]["keep"] = fleet.keep;
  }
  return fleets;
}

Tree channel_of(const ChannelOptions& channel) {
  Tree tree = {{"kind", std::string(to_string(channel.kind))}};
  if (channel.kind == ChannelOptions::Kind::kafka) {
    tree["brokers"] = list_of(channel.kafka.brokers);
    tree["topic"] = channel.kafka.topic;
    tree["properties"] = shown(properties_in_force(channel.kafka));
  } else {
    Tree secrets = Tree::array();
    for (const std::string& secret : channel.secrets) secrets.push_back(hidden(secret));
    tree["url"] = hidden(channel.url);
    tree["secrets"] = secrets;
  }
  tree["notices_per_minute"] = channel.notices_per_minute;
  tree["timeout"] = span(channel.timeout);
  return tree;
}

Tree notify_of(const Configuration& c) {
  Tree channels = Tree::object();
  for (const ChannelOptions& channel : c.channels) channels[channel.name] = channel_of(channel);
  const Tree fold = {{"after", c.notices.alone}, {"within", span(c.notices.span)}};
  return {{"channels", channels}, {"alarms", c.alarms}, {"dead_letters", c.dead_letters}, {"fold", fold}};
}

Tree webhook_of(const CheckpointWebhookOptions& webhook) {
  Tree secrets = Tree::array(), headers = Tree::object();
  for (const std::string& secret : webhook.secrets) secrets.push_back(hidden(secret));
  for (const auto& [name, value] : webhook.headers) headers[name] = hidden(value);
  return {{"url", hidden(webhook.url)}, {"secrets", secrets}, {"headers", headers}, {"timeout", span(webhook.timeout)}};
}

Tree topic_of(const CheckpointTopicOptions& topic) {
  return {{"brokers", list_of(topic.brokers)},
          {"topic", topic.topic},
          {"properties", shown(properties_in_force(topic))},
          {"timeout", span(topic.timeout)}};
}

Tree place_of(const CheckpointPlaceOptions& options) {
  Tree place = {{"name", options.name}};
  if (const auto* file = std::get_if<CheckpointFileOptions>(&options.place)) place["file"] = file->path;
  if (const auto* webhook = std::get_if<CheckpointWebhookOptions>(&options.place))
    place["webhook"] = webhook_of(*webhook);
  if (const auto* topic = std::get_if<CheckpointTopicOptions>(&options.place)) place["kafka"] = topic_of(*topic);
  place["every"] = span(options.every);
  place["alarm_after"] = span(options.alarm_after);
  return place;
}

const char* word_of(BlobsBesideLog blobs) {
  switch (blobs) {
    case BlobsBesideLog::none:
      return "none";
    case BlobsBesideLog::parts:
      return "parts";
    default:
      return "all";
  }
}

Tree audit_of(const AuditOptions& audit) {
  Tree places = Tree::array();
  for (const CheckpointPlaceOptions& place : audit.publish_to) places.push_back(place_of(place));
  return {{"keys", audit.keys},
          {"directory", audit.directory},
          {"publish_every", span(audit.publish_every)},
          {"behind_records", audit.behind_records},
          {"behind_for", span(audit.behind_for)},
          {"blobs", word_of(audit.blobs)},
          {"on_failure", audit.stops_effects ? "stop" : "continue"},
          {"publish_to", places}};
}

Tree root_of(const HostRootOptions& root) {
  Tree keys = Tree::array();
  for (const VerifierKey& key : root.keys) keys.push_back(key.to_text());
  return {{"name", root.host},
          {"image", root.image},
          {"manifest", root.manifest},
          {"keys", keys},
          {"identity", root.identity},
          {"network", root.network},
          {"start", root.start},
          {"health", root.health},
          {"health_deadline", span(root.health_deadline)},
          {"keep", root.former_max},
          {"directory", root.directory}};
}

Tree host_of(const LocalHostOptions& host) {
  Tree roots = Tree::array();
  for (const HostRootOptions& root : host.roots) roots.push_back(root_of(root));
  return {{"name", host.name},
          {"allow", host.allow},
          {"directory", host.directory},
          {"check_every", span(host.check_every)},
          {"roots", roots}};
}

Tree remote_hosts_of(const RemoteHostsOptions& hosts) {
  Tree keys = Tree::array();
  for (const VerifierKey& key : hosts.hosts) keys.push_back(key.to_text());
  return {{"brokers", list_of(hosts.commands.brokers)},
          {"commands", hosts.commands.topic},
          {"outcomes", hosts.outcomes},
          {"key", hosts.key},
          {"keys", keys},
          {"timeout", span(hosts.commands.timeout)},
          {"properties", shown(hosts.commands.properties)}};
}

Tree executor_of(const ExecutorOptions& executor) {
  return {{"workers", executor.workers},
          {"per_endpoint", executor.per_endpoint},
          {"writers_per_endpoint", executor.writers_per_endpoint},
          {"call_timeout", span(executor.call_timeout)},
          {"retry_first", span(executor.retry_first)},
          {"retry_most", span(executor.retry_most)},
          {"remediation_deadline", span(executor.remediation_deadline)},
          {"confirm_deadline", span(executor.confirm_deadline)},
          {"visibility_delay", span(executor.visibility_delay)},
          {"reconcile",
           {{"every", span(executor.reconcile.every)},
            {"per_second", executor.reconcile.per_second},
            {"places", executor.reconcile.places}}}};
}

Tree limits_of(const Configuration& c) {
  return {{"lanes", c.lanes},
          {"queue_bytes", c.queue_bytes},
          {"rule_instructions", c.rule_limits.instructions},
          {"rule_memory_bytes", c.rule_limits.memory_bytes},
          {"rule_result_bytes", c.rule_limits.result_bytes},
          {"seen_for", span(c.seen_for)},
          {"undo_horizon", span(c.undo_horizon)},
          {"shutdown", span(c.shutdown)}};
}

// Texts in quotes: "123456789012" must not become a number.
void emit(YAML::Emitter& out, const Tree& value) {
  if (value.is_object()) {
    out << YAML::BeginMap;
    for (const auto& [key, member] : value.items()) {
      out << YAML::Key << key << YAML::Value;
      emit(out, member);
    }
    out << YAML::EndMap;
  } else if (value.is_array()) {
    out << YAML::BeginSeq;
    for (const Tree& item : value) emit(out, item);
    out << YAML::EndSeq;
  } else if (value.is_string()) {
    out << YAML::DoubleQuoted << value.get<std::string>() << YAML::Auto;
  } else {
    out << value.dump();
  }
}

}  // namespace

std::string effective_configuration(const Configuration& c) {
  Tree all = {{"version", 1},
              {"data", c.data},
              {"rules", {{"directory", c.rules_directory}, {"modes", modes_of(c)}}},
              {"sources", sources_of(c)},
              {"aws", aws_of(c)},
              {"guards", guards_of(c)},
              {"fleets", fleets_of(c)},
              {"windows", windows_of(c)},
              {"notify", notify_of(c)},
              {"api", {{"listen", c.listen}, {"control_group", c.control_group}}},
              {"audit", audit_of(c.audit)},
              {"executor", executor_of(c.executor)},
              {"limits", limits_of(c)}};
  if (!c.host.name.empty()) all["host"] = host_of(c.host);  // without it there is none
  if (!c.remote_hosts.key.empty()) all["hosts"] = remote_hosts_of(c.remote_hosts);
  YAML::Emitter out;
  emit(out, all);
  return out.c_str();
}

}  // namespace kedge
