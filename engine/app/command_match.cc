// kedge match: the bare matcher over lines.

#include <fstream>
#include <iostream>
#include <memory>

#include "app/command.h"
#include "match/match_lines.h"

namespace kedge {
namespace {

struct Arguments {
  std::string patterns;
  std::string events;
};

void run(const Arguments& arguments, Shell& shell) {
  std::ifstream patterns(arguments.patterns);
  if (!patterns) return shell.fail(kUsedWrongly, "cannot read " + arguments.patterns);
  if (arguments.events.empty() || arguments.events == "-") {
    shell.exit_code = match_lines(patterns, shell.in, shell.out, shell.err);
    return;
  }
  std::ifstream events(arguments.events);
  if (!events) return shell.fail(kUsedWrongly, "cannot read " + arguments.events);
  shell.exit_code = match_lines(patterns, events, shell.out, shell.err);
}

}  // namespace

void add_match(CLI::App& app, Shell& shell) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* const command = app.add_subcommand("match", "the bare matcher: which patterns each line of JSON matches");
  command->add_option("--patterns", arguments->patterns, R"(lines of {"name": ..., "pattern": ...})")
      ->type_name("FILE")
      ->required();
  command->add_option("EVENTS", arguments->events, "one JSON document a line; standard input if none or -");
  command->callback([arguments, &shell] { run(*arguments, shell); });
}

}  // namespace kedge
