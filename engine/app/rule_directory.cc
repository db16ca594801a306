#include "app/rule_directory.h"

#include <iostream>

namespace kedge {

void add_rule_directory_options(CLI::App& command, RuleDirectory& where) {
  add_configuration_option(command, where.configuration);
  command.add_option("--rules", where.directory, "a directory of rules, instead of the configuration's")
      ->type_name("DIR");
}

std::string to_line(const Configuration& configuration, const RuleProblem& problem) {
  if (!problem.file.empty()) return configuration.rules_directory + "/" + to_string(problem);
  if (configuration.path.empty()) return "--rules: " + problem.message;
  return to_string(configuration.path, mistake_at(configuration, "rules.directory", problem.message));
}

std::optional<RulesToLookAt> load_rules(const RuleDirectory& where, Shell& shell) {
  RulesToLookAt loaded;
  if (where.directory.empty()) {
    auto configuration = read_configuration(where.configuration, shell);
    if (!configuration) return std::nullopt;
    loaded.configuration = *std::move(configuration);
  } else {
    loaded.configuration.rules_directory = where.directory;
  }
  auto room = open_engine_room(loaded.configuration, shell.environment);
  if (!room) {
    shell.fail(room.error());
    return std::nullopt;
  }
  loaded.room = *std::move(room);
  RuleSet::Loaded rules = load_rules(loaded.configuration, loaded.room->actions->catalog());
  for (const RuleProblem& problem : rules.problems) {
    shell.err << to_line(loaded.configuration, problem) << "\n";
  }
  if (!rules.rules) {
    shell.exit_code = kFoundWrong;
    return std::nullopt;
  }
  loaded.set = std::move(rules.rules);
  return loaded;
}

}  // namespace kedge
