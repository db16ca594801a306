// kedge audit list, kedge audit show: what the record tells. The other commands below `audit` are its neighbours.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iostream>
#include <memory>
#include <sstream>

#include "app/command_audit.h"
#include "app/output.h"
#include "base/nearest.h"
#include "trail/record_list.h"
#include "trail/record_summary.h"
#include "trail/story.h"

namespace kedge {
namespace {

struct Arguments {
  std::string configuration;
  OutputFormat output = OutputFormat::table;
  RecordFilter filter;
  std::string from, to, kinds, id;
};

Result<void> read_times(const Arguments& arguments, RecordFilter& filter) {
  for (const auto& [text, place] : {std::pair{&arguments.from, &filter.from}, std::pair{&arguments.to, &filter.to}}) {
    if (text->empty()) continue;
    const auto time = parse_time(*text);
    if (!time) return time.error().with(place == &filter.from ? "--from" : "--to");
    *place = *time;
  }
  return {};
}

Result<void> read_kinds(const Arguments& arguments, RecordFilter& filter) {
  const std::vector<std::string_view> known = record_kinds();
  std::istringstream kinds(arguments.kinds);
  for (std::string kind; std::getline(kinds, kind, ',');) {
    if (std::find(known.begin(), known.end(), kind) == known.end()) {
      return Error{ErrorCode::invalid, fmt::format("--kind: there is no kind '{}'{}; there are: {}", kind,
                                                   did_you_mean(kind, known), fmt::join(known, ", "))};
    }
    filter.kinds.insert(kind);
  }
  return {};
}

void list(const Arguments& arguments, Shell& shell) {
  RecordFilter filter = arguments.filter;
  if (const auto done = read_times(arguments, filter); !done) return shell.fail(kUsedWrongly, done.error().message);
  if (!filter.severity.empty()) {
    if (const auto known = parse_severity(filter.severity); !known) {
      return shell.fail(kUsedWrongly, "--severity: " + known.error().message);
    }
  }
  if (const auto done = read_kinds(arguments, filter); !done) return shell.fail(kUsedWrongly, done.error().message);
  const auto reader = open_reader(arguments.configuration, shell);
  if (!reader) return;
  const auto rows = list_records(*reader->ledger, filter);
  if (!rows) return shell.fail(rows.error());
  Listing listing{{{"seq", "SEQ"},
                   {"at", "AT", 27},
                   {"kind", "KIND"},
                   {"rule", "RULE"},
                   {"target", "TARGET", 50},
                   {"summary", "WHAT", 110},
                   {"remediation", "REMEDIATION"},
                   {"record", ""}},
                  {}};
  for (const RecordRow& row : *rows) {
    listing.rows.push_back({row.seq, row.at, row.kind, row.rule, row.target, row.summary, row.remediation, row.record});
  }
  print(listing, arguments.output, "no record matches", shell.out);
}

void show(const Arguments& arguments, Shell& shell) {
  const auto reader = open_reader(arguments.configuration, shell);
  if (!reader) return;
  const auto story = find_story(*reader->ledger, arguments.id);
  if (!story) return shell.fail(story.error());
  if (arguments.output == OutputFormat::json) {
    shell.out << to_json(*story).dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
  } else {
    shell.out << to_text(*story);
  }
}

void add_filters(CLI::App& command, Arguments& arguments) {
  RecordFilter& filter = arguments.filter;
  command.add_option("--from", arguments.from, "at or after: 2026-01-31T00:00:00Z")->type_name("TIME");
  command.add_option("--to", arguments.to, "before")->type_name("TIME");
  command
      .add_option("--kind", arguments.kinds,
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
  command.add_option("--limit", filter.limit, "the newest so many (100)");
}

}  // namespace

void add_audit(CLI::App& app, Shell& shell) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* const command = app.add_subcommand("audit", "the record: what was decided, done and left alone, and why");
  command->require_subcommand(1);
  CLI::App* const listing = command->add_subcommand("list", "records, oldest first");
  add_configuration_option(*listing, arguments->configuration);
  add_output_option(*listing, arguments->output);
  add_filters(*listing, *arguments);
  listing->callback([arguments, &shell] { list(*arguments, shell); });
  CLI::App* const showing = command->add_subcommand("show", "the story of one remediation, from its event to its end");
  add_configuration_option(*showing, arguments->configuration);
  add_output_option(*showing, arguments->output);
  showing->add_option("ID", arguments->id, "the remediation's id, or its beginning")->required();
  showing->callback([arguments, &shell] { show(*arguments, shell); });
  add_audit_verify(*command, shell);
  add_audit_prove(*command, shell);
  add_audit_check_proof(*command, shell);
  add_audit_keygen(*command, shell);
}

}  // namespace kedge
