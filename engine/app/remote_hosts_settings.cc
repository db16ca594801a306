#include "app/remote_hosts_settings.h"

#include <fmt/format.h>

#include <algorithm>

#include "agent/command_message.h"
#include "app/command_audit.h"

namespace kedge {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

// Of either client, in this section's words; what both say is said once.
std::vector<OptionMistake> mistakes_of(const RemoteHostsOptions& options) {
  std::vector<OptionMistake> mistakes = mistakes_in(options.commands);
  for (OptionMistake& mistake : mistakes) {
    if (mistake.field == "topic") mistake.field = "commands";
  }
  WriterOptions as_a_name = options.commands;  // no expression, as a consumer would take
  as_a_name.topic = options.outcomes;
  for (OptionMistake& mistake : mistakes_in(as_a_name)) {
    if (mistake.field == "topic") mistakes.push_back({"outcomes", std::move(mistake.message)});
  }
  for (OptionMistake& mistake : mistakes_in(outcomes_of(options))) {
    const bool is_told = std::any_of(mistakes.begin(), mistakes.end(),
                                     [&](const OptionMistake& other) { return other.field == mistake.field; });
    if (mistake.option() == "properties" && !is_told) mistakes.push_back(std::move(mistake));
  }
  return mistakes;
}

void check_key(Section& hosts, const std::string& field, const VerifierKey& key, const RemoteHostsOptions& options,
               const std::string& own) {
  if (!is_host_name(key.name())) {
    hosts.mistake(
        field, fmt::format("'{}' is no host's name; `kedge agent keygen --host NAME` makes a host's key", key.name()));
  } else if (key.name() == own) {
    hosts.mistake(field, fmt::format("'{}' is this machine itself (host.name), which needs no agent: remove one of the "
                                     "two",
                                     own));
  } else if (std::find(options.hosts.begin(), options.hosts.end(), key) != options.hosts.end()) {
    hosts.mistake(field, "is listed already: " + key.to_text());
  }
}

// A key is itself, "NAME+ID+BASE64", or a file that holds some.
void read_hosts_keys(Section& hosts, const std::string& configuration, const std::string& own,
                     RemoteHostsOptions& options) {
  std::vector<std::string> listed;
  hosts.texts("keys", listed);
  hosts.require("keys", "'keys' is missing: the hosts' public keys, as `kedge agent keygen` writes them to FILE.pub");
  if (hosts.is_wrong("keys")) return;
  if (listed.empty()) hosts.mistake("keys", "names no host");
  for (size_t i = 0; i < listed.size(); ++i) {
    std::string& text = listed[i];
    const std::string field = fmt::format("keys[{}]", i);
    if (text.find('+') == std::string::npos) text = beside(configuration, text);
    const auto keys = read_keys({text});
    if (!keys) {
      hosts.mistake(field, keys.error().message);
      continue;
    }
    for (const VerifierKey& key : *keys) {
      check_key(hosts, field, key, options, own);
      options.hosts.push_back(key);
    }
  }
}

}  // namespace

ConsumerOptions outcomes_of(const RemoteHostsOptions& options) {
  ConsumerOptions outcomes;
  outcomes.brokers = options.commands.brokers;
  outcomes.group = "kedge-hosts";  // is never joined, and keeps no place
  outcomes.topics = {options.outcomes};
  outcomes.properties = options.commands.properties;
  return outcomes;
}

RemoteHostsOptions read_remote_hosts(Section& hosts, const std::string& configuration, const std::string& own) {
  RemoteHostsOptions options;
  std::vector<std::string> brokers;
  options.commands.topic = "host-commands";
  options.commands.timeout = seconds(5);
  options.outcomes = "host-outcomes";
  hosts.texts("brokers", brokers);
  hosts.require("brokers", "'brokers' is missing: brokers: [HOST:PORT]");
  hosts.text("commands", options.commands.topic);
  hosts.text("outcomes", options.outcomes);
  hosts.text_map("properties", options.commands.properties);
  hosts.duration("timeout", options.commands.timeout, milliseconds(100), minutes(1));
  hosts.required_text("key", options.key);
  if (!options.key.empty()) options.key = beside(configuration, options.key);
  read_hosts_keys(hosts, configuration, own, options);
  options.commands.brokers = fmt::format("{}", fmt::join(brokers, ","));
  for (const OptionMistake& mistake : mistakes_of(options)) {
    if (!hosts.is_wrong(mistake.option())) hosts.mistake(mistake.field, mistake.message);
  }
  return options;
}

}  // namespace kedge
