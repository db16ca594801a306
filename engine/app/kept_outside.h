// Before a log is signed for: does it extend what is kept of it outside?
//
// The signed head in `data` tells of a log that was put back alone. Where both were put back, or are gone, the log is a
// sound one of fewer entries, and whoever goes on with it signs another history with the same key: of that nothing
// tells but the checkpoints that were kept elsewhere, of which those in files can be read here.
#pragma once

#include <string>
#include <vector>

#include "audit/log_writer.h"
#include "pipeline/checkpoint_places.h"

namespace kedge {

// An error (refused), with what to do, where a file among the places has a checkpoint that one of the keys signed and
// the log in `directory`, just opened, does not extend. A file that cannot be read tells nothing, which is logged: its
// publisher will say so too.
Result<void> check_extends_kept(const LogWriter& log, const std::string& directory,
                                const std::vector<CheckpointPlaceOptions>& places,
                                const std::vector<VerifierKey>& keys);

}  // namespace kedge
