// What is amiss with an input topic, for whoever sets it up.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/time.h"

namespace kedge {

// Sentences, each with its remedy; none: it suits us. `seen_for`: how long the keys of events are remembered.
std::vector<std::string> amiss_with(const std::string& topic, const std::map<std::string, std::string>& settings,
                                    Duration seen_for);

}  // namespace kedge
