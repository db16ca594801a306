// kedge audit list, kedge audit show: what the record tells. The other commands below `audit` are its neighbours.

#include <iostream>
#include <memory>

#include "app/command.h"
#include "app/command_audit.h"
#include "app/opened_trail.h"
#include "app/output.h"
#include "app/record_filter_options.h"
#include "trail/record_list.h"
#include "trail/story.h"

namespace kedge {
namespace {

struct Arguments {
  TrailOptions trail;
  OutputFormat output = OutputFormat::table;
  RecordFilterOptions filter;
  std::string id;
};

bool names_any(RecordSearch& search, RecordFilter name) {
  name.limit = 1;
  const auto rows = list_records(search, name);
  return !rows || !rows->empty();
}

// Where nothing was found, maybe since there is nothing of that name. By the index alone: all records are not looked
// at once more for it.
void tell_unknown_names(RecordSearch& search, const RecordFilter& filter, std::ostream& err) {
  if (!search.has_index()) return;
  RecordFilter rule;
  rule.rule = filter.rule;
  if (!rule.rule.empty() && !names_any(search, rule)) err << "no record names a rule '" << rule.rule << "'\n";
  RecordFilter guard;
  guard.guard = filter.guard;
  if (!guard.guard.empty() && !names_any(search, guard)) err << "no record names a guard '" << guard.guard << "'\n";
}

void list(const Arguments& arguments, Shell& shell) {
  const auto filter = read_filter(arguments.filter);
  if (!filter) return shell.fail(kUsedWrongly, filter.error().message);
  const auto trail = OpenedTrail::open(arguments.trail, shell);
  if (!trail) return;
  RecordSearch search = trail->search(shell);
  const auto rows = list_records(search, *filter);
  if (!rows) return trail->fail(rows.error(), shell);
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
  if (rows->empty()) tell_unknown_names(search, *filter, shell.err);
}

void show(const Arguments& arguments, Shell& shell) {
  const auto trail = OpenedTrail::open(arguments.trail, shell);
  if (!trail) return;
  RecordSearch search = trail->search(shell);
  const auto story = find_story(**trail, search, arguments.id);
  if (!story) return trail->fail(story.error(), shell);
  if (arguments.output == OutputFormat::json) {
    shell.out << to_json(*story).dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
  } else {
    shell.out << to_text(*story);
  }
}

}  // namespace

void add_audit(CLI::App& app, Shell& shell) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* const command = app.add_subcommand("audit", "the record: what was decided, done and left alone, and why");
  command->require_subcommand(1);
  CLI::App* const listing = command->add_subcommand("list", "records, oldest first");
  add_trail_options(*listing, arguments->trail);
  add_output_option(*listing, arguments->output);
  add_filter_options(*listing, arguments->filter);
  listing->add_option("--limit", arguments->filter.filter.limit, "the newest so many (100)");
  listing->callback([arguments, &shell] { list(*arguments, shell); });
  CLI::App* const showing = command->add_subcommand("show", "the story of one remediation, from its event to its end");
  add_trail_options(*showing, arguments->trail);
  add_output_option(*showing, arguments->output);
  showing->add_option("ID", arguments->id, "the remediation's id, or its beginning")->required();
  showing->callback([arguments, &shell] { show(*arguments, shell); });
  add_audit_why(*command, shell);
  add_audit_stats(*command, shell);
  add_audit_report(*command, shell);
  add_audit_export(*command, shell);
  add_audit_verify(*command, shell);
  add_audit_prove(*command, shell);
  add_audit_check_proof(*command, shell);
  add_audit_keygen(*command, shell);
}

}  // namespace kedge
