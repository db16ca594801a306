// kedge actions: what a rule can do, with its arguments.

#include <fmt/format.h>

#include <iostream>
#include <memory>

#include "actions/table.h"
#include "app/command.h"
#include "app/engine_room.h"
#include "base/nearest.h"

namespace kedge {
namespace {

struct Arguments {
  std::string name;
};

void print(const ActionSpec& spec, std::ostream& out) {
  out << spec.name << "\n  " << spec.summary << "\n";
  for (const ArgumentSpec& argument : spec.arguments) {
    out << fmt::format("    {:<12} {:<16} {}{}{}\n", argument.name, to_string(argument.type),
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
  bool found = false;
  for (const ActionSpec& spec : table.catalog().all()) {
    known.push_back(spec.name);
    if (!spec.name.starts_with(arguments.name)) continue;
    print(spec, shell.out);
    found = true;
  }
  if (found) return;
  shell.fail(kUsedWrongly, "there is no action '" + arguments.name + "'" + did_you_mean(arguments.name, known) +
                               "; `kedge actions` lists all");
}

}  // namespace

void add_actions(CLI::App& app, Shell& shell) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* const command = app.add_subcommand("actions", "what rules can do: every action with its arguments");
  command->add_option("NAME", arguments->name, "only those whose name begins so");
  command->callback([arguments, &shell] { run(*arguments, shell); });
}

}  // namespace kedge
