#include "app/engine_room.h"

#include <spdlog/spdlog.h>

#include <utility>

#include "actions/table.h"
#include "app/host_functions.h"
#include "app/hosts_by_name.h"
#include "audit/key_file.h"

namespace kedge {
namespace {

// Events name an assumed role by its own ARN: "arn:aws:sts::1:assumed-role/NAME/SESSION" is "arn:aws:iam::1:role/NAME".
// (A role with a path cannot be told from its session: aws.principals names it then.)
std::string role_of_session(const std::string& arn) {
  constexpr std::string_view kService = ":sts:";
  constexpr std::string_view kKind = ":assumed-role/";
  const size_t service = arn.find(kService);
  const size_t kind = arn.find(kKind);
  const size_t session = arn.rfind('/');
  if (service == std::string::npos || kind == std::string::npos || session < kind + kKind.size()) return "";
  const std::string account = arn.substr(service + kService.size(), kind - service - kService.size());
  const size_t name = kind + kKind.size();
  return arn.substr(0, service) + ":iam:" + account + ":role/" + arn.substr(name, session - name);
}

void join_hosts(EngineRoom& room, const Configuration& configuration) {
  room.hosts = std::make_unique<HostsByName>(configuration.host.name, room.local_host.get(), room.remote_hosts.get());
}

}  // namespace

Result<std::unique_ptr<EngineRoom>> open_engine_room(const Configuration& configuration,
                                                     const Environment& environment) {
  auto room = std::make_unique<EngineRoom>();
  CurlClient::Options http;
  http.ca_file = configuration.aws_ca_file;
  room->http = std::make_unique<CurlClient>(http);
  room->identity_http = std::make_unique<StoppableClient>(*room->http);
  auto aws = AwsClient::create(configuration.aws, environment, room->clock, *room->identity_http);
  if (!aws) return aws.error().message.starts_with("aws.") ? aws.error() : aws.error().with("aws");
  room->aws = *std::move(aws);
  const bool is_host = !configuration.host.name.empty();
  if (is_host) room->local_host = std::make_unique<LocalHost>(configuration.host, room->clock);
  join_hosts(*room, configuration);
  room->actions = std::make_unique<ActionTable>(built_in_actions(*room->aws));
  return room;
}

Result<void> open_remote_hosts(EngineRoom& room, const Configuration& configuration) {
  const RemoteHostsOptions& hosts = configuration.remote_hosts;
  if (hosts.key.empty()) return {};
  auto key = read_signing_key(hosts.key);
  if (!key) return key.error().with("hosts.key");
  KafkaHosts::Options options;
  options.commands = hosts.commands;
  options.outcomes = outcomes_of(hosts);
  options.hosts = hosts.hosts;
  room.remote_hosts = std::make_unique<KafkaHosts>(std::move(options), *std::move(key), room.clock, room.random);
  join_hosts(room, configuration);
  return {};
}

std::vector<std::string> configured_principals(const Configuration& configuration) {
  if (!configuration.aws_principals.empty()) return configuration.aws_principals;
  std::vector<std::string> principals;
  for (const auto& [account, role] : configuration.aws.roles) principals.push_back(role.arn);
  return principals;
}

Result<std::vector<std::string>> ask_own_principals(AwsClient& aws) {
  const auto identity = aws.identity();
  if (!identity) return Error{ErrorCode::unavailable, identity.error().message};
  spdlog::info("we act as {}", identity->arn);
  std::vector<std::string> principals = {identity->arn};
  if (std::string role = role_of_session(identity->arn); !role.empty()) principals.push_back(std::move(role));
  return principals;
}

// Those that a rule may tighten.
Limits engine_limits(const Configuration& configuration) {
  const GateLimits& gate = configuration.gate;
  Limits limits;
  if (gate.flap) limits.flap = gate.flap->most;
  if (gate.mass_match) limits.mass_match = gate.mass_match->most;
  if (gate.share) limits.share = gate.share->percent;
  if (gate.rule_breaker) {
    limits.failures_in_a_row = gate.rule_breaker->in_a_row;
    limits.failures_of_ten = gate.rule_breaker->of_ten;
  }
  limits.stale_after = gate.stale_after;
  limits.approval_within = gate.approval_within;
  limits.record_only_after = configuration.admission.record_only_after;
  return limits;
}

RuleSet::Options rule_options(const Configuration& configuration, const ActionCatalog& actions) {
  RuleSet::Options options;
  options.directory = configuration.rules_directory;
  options.actions = &actions;
  options.host_functions = host_functions();
  options.limits = configuration.rule_limits;
  options.engine_limits = engine_limits(configuration);
  options.modes = configuration.modes;
  return options;
}

RuleSet::Loaded load_rules(const Configuration& configuration, const ActionCatalog& actions) {
  return RuleSet::load(rule_options(configuration, actions));
}

}  // namespace kedge
