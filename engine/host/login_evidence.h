// Who is logged in, as evidence.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "host/evidence_writer.h"

namespace kedge {

// logins.jsonl: the users of `root`'s utmp(5), and the sessions that its systemd-logind knows. Nothing is there where
// it keeps neither.
void capture_logins(EvidenceWriter& writer, const std::string& root);

// The users of a utmp file of this machine's form. What is cut off at its end is left out.
std::vector<Json> parse_utmp(std::string_view bytes);

}  // namespace kedge
