// The list `audit.publish_to` of the configuration: where checkpoints are kept outside of the log.
#pragma once

#include <string>
#include <vector>

#include "app/yaml.h"
#include "pipeline/checkpoint_places.h"

namespace kedge {

// From the section `audit` of the file `configuration`. Mistakes are told to the section.
std::vector<CheckpointPlaceOptions> read_checkpoint_places(Section& audit, const std::string& configuration,
                                                           const std::string& log_directory);

}  // namespace kedge
