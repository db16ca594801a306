#include "app/record_filter_options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <sstream>

#include "base/nearest.h"
#include "plan/policy.h"
#include "plan/state.h"
#include "trail/record_summary.h"

namespace kedge {
namespace {

// A day alone is its beginning.
Result<std::optional<Time>> read_time(const std::string& text, const char* option) {
  if (text.empty()) return std::optional<Time>();
  const auto time = parse_time(text.size() == 10 ? text + "T00:00:00Z" : text);
  if (time) return std::optional(*time);
  return Error{ErrorCode::invalid,
               fmt::format("{}: '{}' is not a time; it should look like 2026-01-31T12:00:00Z, or like 2026-01-31",
                           option, text)};
}

Result<std::set<std::string>> read_kinds(const std::string& text) {
  const std::vector<std::string_view> known = record_kinds();
  std::set<std::string> kinds;
  std::istringstream typed(text);
  for (std::string kind; std::getline(typed, kind, ',');) {
    if (std::find(known.begin(), known.end(), kind) == known.end()) {
      return Error{ErrorCode::invalid, fmt::format("--kind: there is no kind '{}'{}; there are: {}", kind,
                                                   did_you_mean(kind, known), fmt::join(known, ", "))};
    }
    kinds.insert(kind);
  }
  return kinds;
}

// In the order in which they are declared (plan/state.h).
std::vector<std::string_view> states() {
  std::vector<std::string_view> all;
  for (int i = 0; i <= static_cast<int>(State::announced); ++i) all.push_back(to_string(static_cast<State>(i)));
  return all;
}

Result<void> check_state(const std::string& state) {
  if (state.empty() || parse_state(state)) return {};
  return Error{ErrorCode::invalid, fmt::format("--state: there is no state '{}'{}; there are: {}", state,
                                               did_you_mean(state, states()), fmt::join(states(), ", "))};
}

}  // namespace

void add_time_options(CLI::App& command, RecordFilterOptions& options) {
  command.add_option("--from", options.from, "at or after: 2026-01-31T00:00:00Z, or 2026-01-31")->type_name("TIME");
  command.add_option("--to", options.to, "before")->type_name("TIME");
}

void add_filter_options(CLI::App& command, RecordFilterOptions& options) {
  RecordFilter& filter = options.filter;
  add_time_options(command, options);
  command
      .add_option("--kind", options.kinds,
                  "kinds of records, separated by commas: plan, suppression, hold, attempt, ...")
      ->type_name("KINDS");
  command.add_option("--rule", filter.rule, "the rule's id");
  command.add_option("--target", filter.target, "a part of the target");
  command.add_option("--remediation", filter.remediation, "the remediation's id, or its beginning");
  command.add_option("--state", filter.state, "the state that the record's move leads to");
  command.add_option("--guard", filter.guard, "the guard that spoke");
  command.add_option("--severity", filter.severity, "of plans and suppressions");
  command.add_option("--actor", filter.actor, "a part of who caused the event, or of who asked");
  command.add_option("--text", filter.text, "a part of the record");
}

Result<RecordFilter> read_filter(const RecordFilterOptions& options) {
  RecordFilter filter = options.filter;
  const auto from = read_time(options.from, "--from");
  if (!from) return from.error();
  filter.from = *from;
  const auto to = read_time(options.to, "--to");
  if (!to) return to.error();
  filter.to = *to;
  if (from->has_value() && to->has_value() && **from >= **to) {
    return Error{ErrorCode::invalid, fmt::format("--from {} is not before --to {}", options.from, options.to)};
  }
  if (!filter.severity.empty()) {
    if (const auto known = parse_severity(filter.severity); !known) return known.error().with("--severity");
  }
  if (const auto known = check_state(filter.state); !known) return known.error();
  const auto kinds = read_kinds(options.kinds);
  if (!kinds) return kinds.error();
  filter.kinds = *kinds;
  return filter;
}

}  // namespace kedge
