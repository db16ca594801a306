// EngineRoom: what the daemon and the commands that look at the world both need: the HTTP clients, AWS, the actions.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "agent/kafka_hosts.h"
#include "app/configuration.h"
#include "app/local_host.h"
#include "aws/client.h"
#include "base/clock.h"
#include "base/random.h"
#include "http/curl_client.h"
#include "http/stoppable_client.h"
#include "remediate/action.h"

namespace kedge {

// Owned by one command or the daemon; its parts borrow each other and are taken down in reverse.
struct EngineRoom {
  SystemClock clock;
  Random random;
  std::unique_ptr<CurlClient> http;
  std::unique_ptr<StoppableClient> identity_http;  // credentials, and who we are, are asked for through it
  std::unique_ptr<AwsClient> aws;
  std::unique_ptr<LocalHost> local_host;     // none: this machine is no host
  std::unique_ptr<KafkaHosts> remote_hosts;  // none: no other one is called
  std::unique_ptr<Hosts> hosts;              // the two
  std::unique_ptr<ActionTable> actions;
};

// Makes no call. Errors are those of the configuration and of the files it names.
Result<std::unique_ptr<EngineRoom>> open_engine_room(const Configuration&, const Environment&);

// Gives the room the hosts that are called over Kafka, where the configuration names some. Makes no call: whoever calls
// them starts and stops them. The error begins with the setting that it is about.
Result<void> open_remote_hosts(EngineRoom&, const Configuration&);

// The ARNs that are us, without asking: those that the configuration names, else those of the roles that we assume.
// Until all are known, own changes are recognised by nobody's principal, and come back as events that find everything
// as it should be.
std::vector<std::string> configured_principals(const Configuration&);

// What STS says of our own credentials: their ARN, and that of the role whose session they are.
Result<std::vector<std::string>> ask_own_principals(AwsClient&);

// How the configuration has rules loaded.
RuleSet::Options rule_options(const Configuration&, const ActionCatalog&);

// The rules of the configuration's directory, checked against the actions.
RuleSet::Loaded load_rules(const Configuration&, const ActionCatalog&);

}  // namespace kedge
