// host.replace: a root of the host runs, and is what its golden image is.
//
// The host does it itself (host/host_root.h): another root is made of the image beside the one that runs, held against
// the signed manifest, and takes its place; what the old one had changed is kept read-only. It goes back by itself
// where the new one is not healthy, and by undo to what was kept.

#include "host/replace_action.h"

#include "actions/host/actions.h"
#include "actions/host/host_action.h"

namespace kedge {
namespace {

using nlohmann::json;

Result<void> check(const json& args) {
  if (auto host = check_host(args); !host) return host;
  return RootReplacement::check(args);
}

std::vector<std::string> touches(const json& args) {
  return {"host:" + args.value("host", "") + "/root/" + args.value("root", "")};
}

}  // namespace

std::unique_ptr<Action> make_host_replace() {
  ActionSpec spec;
  spec.name = "host.replace";
  spec.summary = "the root runs, is what its signed golden image is, and nothing of the former one runs any more";
  spec.arguments = with_host(
      {{"root", ArgumentType::string, true, false, "the root's name, as the host's configuration has it"},
       {"made_after", ArgumentType::string, false, false,
        "a time in RFC 3339, like the event's: a root that was made of its image earlier is replaced also when nothing "
        "in it differs, as what runs in its memory may"}});
  spec.repetition = Repetition::absolute;
  spec.mark = "the remediation's id in the root's state";
  spec.touches = touches;
  spec.endpoint = host_endpoint;
  spec.check = check;
  return make_host_action(std::move(spec));
}

}  // namespace kedge
