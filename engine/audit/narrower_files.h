// Partial files that a log has grown out of. They stay until the full one is there, for those who hold a checkpoint of
// that time: each must be the beginning of the wider file that followed it.
#pragma once

#include <vector>

#include "audit/log_reader.h"
#include "audit/tile.h"
#include "audit/verifier.h"

namespace kedge {

// What is wrong with those of these places that are still there. The wider files are taken as they lie in the
// directory; where one cannot be read, nothing is said of its narrower ones.
std::vector<LogFault> faults_of_narrower(const LogReader& reader, const std::vector<TilePlace>& narrower);

}  // namespace kedge
