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
  const auto known = host_action_names();
  for (size_t i = 0; i < options.allow.size() && !host.is_wrong("allow"); ++i) {
    if (std::find(known.begin(), known.end(), options.allow[i]) != known.end()) continue;
    host.mistake(fmt::format("allow[{}]", i),
                 fmt::format("no action on hosts is called '{}'{}; there is: {}", options.allow[i],
                             did_you_mean(options.allow[i], known), fmt::join(known, ", ")));
  }
  return options;
}

}  // namespace kedge
