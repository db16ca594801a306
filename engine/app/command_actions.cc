// kedge actions: what a rule can do, with its arguments.

#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <memory>

#include "actions/table.h"
#include "app/command.h"
#include "app/engine_room.h"
#include "app/output.h"
#include "base/nearest.h"

namespace kedge {
namespace {

struct Arguments {
  std::string name;
  OutputFormat output = OutputFormat::table;
};

nlohmann::json arguments_of(const ActionSpec& spec) {
  nlohmann::json arguments = nlohmann::json::array();
  for (const ArgumentSpec& argument : spec.arguments) {
    arguments.push_back({{"name", argument.name},
                         {"type", to_string(argument.type)},
                         {"required", argument.required},
                         {"sensitive", argument.sensitive},
                         {"meaning", argument.meaning}});
  }
  return arguments;
}

// For programs.
Listing listing_of(const std::vector<const ActionSpec*>& specs) {
  Listing listing{{{"action", ""},
                   {"summary", ""},
                   {"arguments", ""},
                   {"repetition", ""},
                   {"undoable", ""},
                   {"lease", ""},
                   {"mark", ""}},
                  {}};
  for (const ActionSpec* spec : specs) {
    listing.rows.push_back({spec->name, spec->summary, arguments_of(*spec), to_string(spec->repetition), spec->undoable,
                            spec->lease, spec->mark});
  }
  return listing;
}

// For people.
void print(const ActionSpec& spec, std::ostream& out) {
  out << spec.name << "\n  " << spec.summary << "\n";
  size_t longest = 12;
  for (const ArgumentSpec& argument : spec.arguments) longest = std::max(longest, argument.name.size());
  for (const ArgumentSpec& argument : spec.arguments) {
    out << fmt::format("    {:<{}} {:<16} {}{}{}\n", argument.name, longest, to_string(argument.type),
                       argument.required ? "" : "(optional) ", argument.meaning,
                       argument.sensitive ? " [sensitive]" : "");
  }
  out << fmt::format("  repeated after an unknown outcome: {}; {}{}\n", to_string(spec.repetition),
                     spec.undoable ? "can be undone" : "cannot be undone", spec.lease ? "; a lease" : "");
  if (!spec.mark.empty()) out << "  own changes are recognised by: " << spec.mark << "\n";
  out << "\n";
}

void run(const Arguments& arguments, Shell& shell) {
  SystemClock clock;
  CurlClient http;
  const auto aws = AwsClient::create({}, shell.environment, clock, http);
  if (!aws) return shell.fail(aws.error());
  const ActionTable table(built_in_actions(**aws));
  std::vector<std::string_view> known;
  std::vector<const ActionSpec*> meant;
  for (const ActionSpec& spec : table.catalog().all()) {
    known.push_back(spec.name);
    if (spec.name.starts_with(arguments.name)) meant.push_back(&spec);
  }
  if (meant.empty()) {
    return shell.fail(kUsedWrongly, "there is no action '" + arguments.name + "'" +
                                        did_you_mean(arguments.name, known) + "; `kedge actions` lists all");
  }
  if (arguments.output != OutputFormat::table) return print(listing_of(meant), arguments.output, "", shell.out);
  for (const ActionSpec* spec : meant) print(*spec, shell.out);
}

}  // namespace

void add_actions(CLI::App& app, Shell& shell) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* const command = app.add_subcommand("actions", "what rules can do: every action with its arguments");
  command->add_option("NAME", arguments->name, "only those whose name begins so");
  add_output_option(*command, arguments->output);
  command->callback([arguments, &shell] { run(*arguments, shell); });
}

}  // namespace kedge
