// host.quarantine: the host talks with nobody but management and its lifeline; or one user, or one cgroup of it does.
//
// The host does it itself (host/quarantines.h), proves that its lifeline lives and the way out is dead, and undoes it
// at once where not. It ends by the host's own clock when `lease_seconds` are over, should nobody release it before.

#include "host/quarantine.h"
#include "actions/host/actions.h"
#include "actions/host/host_action.h"

namespace kedge {
namespace {

using nlohmann::json;

Result<void> check(const json& args) {
  if (auto host = check_host(args); !host) return host;
  const auto quarantine = Quarantine::read(args);
  if (!quarantine) return quarantine.error();
  return {};
}

// One user's isolation and one cgroup's are things of their own.
std::vector<std::string> touches(const json& args) {
  std::string key = "host:" + args.value("host", "");
  if (args.contains("user")) key += "/user/" + args.value("user", "");
  if (args.contains("cgroup")) key += "/cgroup/" + args.value("cgroup", "");
  return {key};
}

}  // namespace

std::unique_ptr<Action> make_host_quarantine() {
  ActionSpec spec;
  spec.name = "host.quarantine";
  spec.summary = "the host, or one user or cgroup of it, reaches nobody but management and its lifeline";
  spec.arguments = with_host(
      {{"lifeline", ArgumentType::string_list, true, false,
        "ADDRESS:PORT that the host must reach over TCP, like its broker; one has to answer, or it is not isolated"},
       {"management", ArgumentType::string_list, false, false,
        "addresses and networks that may go on reaching it; nobody if not given"},
       {"ports", ArgumentType::string_list, false, false, "its TCP ports that management reaches; 22 if not given"},
       {"user", ArgumentType::string, false, false, "isolate this user alone, by name or number"},
       {"cgroup", ArgumentType::string, false, false,
        "isolate this cgroup alone, with all below it, like system.slice/nginx.service"},
       {"lease_seconds", ArgumentType::integer, false, false,
        "when the host ends it by its own clock, from 60 to 2592000; 90000 (25 hours) if not given"},
       {"survives_reboot", ArgumentType::boolean, false, false,
        "isolate again after a reboot, for what is left of it"}});
  spec.lease = true;
  spec.repetition = Repetition::absolute;
  spec.mark = "the table of nftables that holds it, kedge_quarantine, with the remediation's id";
  spec.touches = touches;
  spec.endpoint = host_endpoint;
  spec.check = check;
  return make_host_action(std::move(spec));
}

}  // namespace kedge
