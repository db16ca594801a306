// Below `kedge audit`: the document about an incident.
#pragma once

#include <CLI/CLI.hpp>

#include "app/command.h"

namespace kedge {

void add_audit_report(CLI::App& audit, Shell&);

}  // namespace kedge
