// The commands below `kedge audit` that are files of their own. Those about the log itself need no configuration: who
// verifies a log has the log, its key, and nothing else of kedge's.
#pragma once

#include <string>
#include <vector>

#include "app/command.h"
#include "audit/note.h"

namespace kedge {

void add_audit_keygen(CLI::App& audit, Shell&);
void add_audit_verify(CLI::App& audit, Shell&);
void add_audit_prove(CLI::App& audit, Shell&);
void add_audit_check_proof(CLI::App& audit, Shell&);
void add_audit_report(CLI::App& audit, Shell&);
void add_audit_stats(CLI::App& audit, Shell&);
void add_audit_why(CLI::App& audit, Shell&);
void add_audit_export(CLI::App& audit, Shell&);

// "--key KEY...": whose signatures count, each as a key itself or as a file that holds some.
void add_key_option(CLI::App& command, std::vector<std::string>& keys);
Result<std::vector<VerifierKey>> read_keys(const std::vector<std::string>& keys);

}  // namespace kedge
