#include "app/local_host_settings.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/host_root_settings.h"
#include "app/local_host.h"
#include "app/yaml_file.h"
#include "base/nearest.h"

namespace kedge {

using std::chrono::minutes;
using std::chrono::seconds;

LocalHostOptions read_local_host(Section& host, const std::string& configuration, const std::string& data) {
  LocalHostOptions options;
  options.directory = data + "/host";
  host.required_text("name", options.name);
  host.texts("allow", options.allow);
  host.require("allow",
               "'allow' is missing: the actions that may be carried out on this machine, like [host.quarantine]");
  host.text("directory", options.directory);
  options.directory = beside(configuration, options.directory);
  host.duration("check_every", options.check_every, seconds(1), minutes(1));
  options.roots = read_host_roots(host, configuration, options.directory);
  check_host_actions(host, "allow", options.allow);
  return options;
}

void check_host_actions(Section& section, const char* key, const std::vector<std::string>& names) {
  const auto known = host_action_names();
  for (size_t i = 0; i < names.size() && !section.is_wrong(key); ++i) {
    if (std::find(known.begin(), known.end(), names[i]) != known.end()) continue;
    section.mistake(fmt::format("{}[{}]", key, i),
                    fmt::format("no action on hosts is called '{}'{}; there is: {}", names[i],
                                did_you_mean(names[i], known), fmt::join(known, ", ")));
  }
}

}  // namespace kedge
