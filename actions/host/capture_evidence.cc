// host.capture_evidence: what an investigator asks for is kept before anything on the host is changed.
//
// The host does it itself (host/evidence_action.h): processes, open files, sockets, mounts, modules, logins, and the
// files that were changed, bounded in bytes and time, with what was cut named. What goes on record is the digest.

#include "actions/host/actions.h"
#include "actions/host/host_action.h"
#include "host/evidence_action.h"

namespace kedge {
namespace {

using nlohmann::json;

Result<void> check(const json& args) {
  if (auto host = check_host(args); !host) return host;
  return EvidenceCapture::check(args);
}

// Nothing that another action writes: it waits for nobody, and nobody for it.
std::vector<std::string> touches(const json& args) {
  const std::string root = args.value("root", "");
  return {"host:" + args.value("host", "") + (root.empty() ? "" : "/root/" + root) + "/evidence"};
}

}  // namespace

std::unique_ptr<Action> make_host_capture_evidence() {
  ActionSpec spec;
  spec.name = "host.capture_evidence";
  spec.summary = "what runs on the host, what it is connected with and what was changed is kept for investigators";
  spec.arguments = with_host({{"root", ArgumentType::string, false, false,
                               "of this root of the machine, as its configuration has it; the machine itself if not "
                               "given"},
                              {"paths", ArgumentType::string_list, false, false,
                               "files that were changed, below the root: what they hold is kept, up to a bound"}});
  spec.repetition = Repetition::absolute;
  spec.mark = "none: nothing on the host is changed";
  spec.touches = touches;
  spec.endpoint = host_endpoint;
  spec.check = check;
  return make_host_action(std::move(spec));
}

}  // namespace kedge
