#include "app/host_root_settings.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/command_audit.h"
#include "host/evidence_action.h"

namespace kedge {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

constexpr int64_t kKeepMost = 1'000;

void read_root_keys(Section& section, const std::string& configuration, HostRootOptions& root) {
  std::vector<std::string> paths;
  section.texts("keys", paths);
  section.require("keys", "'keys' is missing: the keys of which one must have signed the manifest");
  // A key is itself, "NAME+ID+BASE64", or a file that holds some.
  for (std::string& path : paths) {
    if (path.find('+') == std::string::npos) path = beside(configuration, path);
  }
  if (paths.empty() || section.is_wrong("keys")) return;
  auto keys = read_keys(paths);
  if (!keys) return section.mistake("keys", keys.error().message);
  root.keys = *std::move(keys);
}

// A path of this machine; none stays none.
void read_place(Section& section, const char* key, const std::string& configuration, std::string& path) {
  section.text(key, path);
  if (!path.empty()) path = beside(configuration, path);
}

void read_commands(Section& section, HostRootOptions& root) {
  section.texts("start", root.start);
  section.require("start", "'start' is missing: the command that becomes the root's first process, like [/sbin/init]");
  section.texts("health", root.health);
  section.require("health", "'health' is missing: a command within the root that ends with 0 once it does its service");
}

HostRootOptions read_root(Section& section, const std::string& configuration, const std::string& directory) {
  HostRootOptions root;
  section.required_text("name", root.host);
  section.required_text("image", root.image);
  section.required_text("manifest", root.manifest);
  if (!root.image.empty()) root.image = beside(configuration, root.image);
  if (!root.manifest.empty()) root.manifest = beside(configuration, root.manifest);
  root.directory = directory + "/roots/" + root.host;
  read_place(section, "directory", configuration, root.directory);
  read_place(section, "identity", configuration, root.identity);
  read_place(section, "network", configuration, root.network);
  read_root_keys(section, configuration, root);
  read_commands(section, root);
  section.duration("health_deadline", root.health_deadline, milliseconds(100), hours(1));
  section.integer("keep", root.former_max, 1, kKeepMost);
  return root;
}

}  // namespace

std::vector<HostRootOptions> read_host_roots(Section& host, const std::string& configuration,
                                             const std::string& directory) {
  std::vector<HostRootOptions> roots;
  SystemClock clock;
  host.sections("roots", [&](Section& section) {
    HostRootOptions root = read_root(section, configuration, directory);
    if (section.is_wrong("name")) return;
    if (!is_root_name(root.host)) {
      return section.mistake("name", fmt::format("'{}' must be letters, digits, '-' and '_'", root.host));
    }
    const auto is_same = [&](const HostRootOptions& other) { return other.host == root.host; };
    if (std::any_of(roots.begin(), roots.end(), is_same)) {
      return section.mistake("name", "there is a root '" + root.host + "' already");
    }
    const bool is_whole = !root.image.empty() && !root.manifest.empty() && !root.keys.empty() && !root.start.empty() &&
                          !root.health.empty();
    if (is_whole) {
      const auto good = HostRoot::open(root, clock);
      if (!good) return section.mistake("name", good.error().message);
    }
    roots.push_back(std::move(root));
  });
  return roots;
}

}  // namespace kedge
