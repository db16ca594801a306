// Files as evidence: what an investigator wants of those that were changed, and their content up to a bound.
#pragma once

#include <string>
#include <vector>

#include "base/descriptor.h"
#include "host/evidence_writer.h"

namespace kedge {

// files.jsonl, a line for each path: its metadata, extended attributes, flags and times, the digest of all that it
// holds, and what it holds as files/NNNN. What is not there is a line too. Paths lie below `root`; no link on the way
// is followed, nor the last one. Nothing but regular files is opened.
void capture_files(EvidenceWriter& writer, const std::string& root, const std::vector<std::string>& paths);

// Reads an open file from its beginning to its end, and puts its size and digest into `about`; with `part` its first
// bytes are kept under that name. Whatever could not be read, or kept, is said there and as a cut.
void capture_content(EvidenceWriter& writer, const Descriptor& file, const std::string& part, Json& about);

}  // namespace kedge
