// The options by which people say which records they mean.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "base/result.h"
#include "trail/record_filter.h"

namespace kedge {

struct RecordFilterOptions {
  RecordFilter filter;
  std::string from, to, kinds;  // as they were typed
};

// --from, --to.
void add_time_options(CLI::App& command, RecordFilterOptions& options);

// These, and --kind, --rule, --target, --remediation, --state, --guard, --severity, --actor, --text. `options` must
// live as long as the command.
void add_filter_options(CLI::App& command, RecordFilterOptions& options);

// What was typed. invalid: which option says what it may not, and what would be right.
Result<RecordFilter> read_filter(const RecordFilterOptions& options);

}  // namespace kedge
