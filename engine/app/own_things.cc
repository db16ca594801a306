#include "app/own_things.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>

namespace kedge {
namespace {

// As others may call this machine: its name, and the first part of it.
std::vector<std::string> own_hosts() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) return {};
  const std::string whole = name.data();
  const std::string first = whole.substr(0, whole.find('.'));
  return first == whole ? std::vector{whole} : std::vector{whole, first};
}

std::string absolute(const std::string& path) {
  std::error_code failure;
  const std::filesystem::path whole = std::filesystem::weakly_canonical(path, failure);
  return failure ? path : whole.string();
}

void add_hosts(const Configuration& configuration, std::vector<OwnThing>& things) {
  for (const std::string& host : own_hosts()) {
    const std::string key = "host:" + host;
    // What the host itself allows is for it to say: whoever lets actions be carried out on this machine means it.
    const bool lets_us = host == configuration.host.name && !configuration.host.allow.empty();
    if (!lets_us) things.push_back({key, "the host that the engine runs on", false});
    const auto add_folder = [&](const std::string& path, const char* what) {
      if (path.empty()) return;
      if (!lets_us) return things.push_back({key + absolute(path), what, true});
      things.push_back({key + absolute(path), what, false});  // what it lies in is the host, which may be acted on
      things.push_back({key + absolute(path) + "/*", what, false});
    };
    add_folder(configuration.data, "the engine's data");
    add_folder(configuration.rules_directory, "the engine's rules");
    add_folder(configuration.path, "the engine's configuration");
    add_folder(configuration.audit.directory, "the engine's audit log");
    add_folder(configuration.remote_hosts.key, "the engine's key for hosts");
    for (const SensorSettings& sensor : configuration.sensors) {
      add_folder(sensor.file, "the configuration of the engine's sensor");
    }
    for (const std::string& path : configuration.audit.keys) add_folder(path, "a key of the engine's audit log");
  }
}

// "name:9092", "SSL://name:9092", "[::1]:9092"
std::string host_of(std::string broker) {
  const size_t protocol = broker.find("://");
  if (protocol != std::string::npos) broker = broker.substr(protocol + 3);
  const size_t colon = broker.rfind(':');
  if (colon != std::string::npos && broker.find(']', colon) == std::string::npos) broker = broker.substr(0, colon);
  return broker;
}

void add_brokers(const std::string& brokers, const std::string& of, std::vector<OwnThing>& things) {
  for (size_t begin = 0; begin < brokers.size();) {
    const size_t end = std::min(brokers.find(',', begin), brokers.size());
    const std::string host = host_of(brokers.substr(begin, end - begin));
    if (!host.empty()) things.push_back({"host:" + host, "a broker of " + of, false});
    begin = end + 1;
  }
}

}  // namespace

std::vector<OwnThing> own_things(const Configuration& configuration) {
  std::vector<OwnThing> things;
  for (const std::string& key : configuration.protected_keys) {
    things.push_back({key, "protected by guards.protected", false});
  }
  add_hosts(configuration, things);
  for (const SourceSettings& source : configuration.sources) {
    add_brokers(source.kafka.brokers, "the source " + source.kafka.name, things);
  }
  add_brokers(configuration.remote_hosts.commands.brokers, "the hosts that the engine calls", things);
  std::vector<std::string> arns = configuration.aws_principals;
  for (const auto& [account, role] : configuration.aws.roles) arns.push_back(role.arn);
  if (configuration.aws.other_role) arns.push_back(configuration.aws.other_role->arn);
  return with_principals(std::move(things), arns);
}

}  // namespace kedge
