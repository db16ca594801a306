#include "app/rule_directory.h"

#include <iostream>

#include "base/nearest.h"

namespace kedge {

void add_rule_directory_options(CLI::App& command, RuleDirectory& where) {
  add_configuration_option(command, where.configuration);
  command.add_option("--rules", where.directory, "a directory of rules, instead of the configuration's")
      ->type_name("DIR");
}

std::string to_line(const Configuration& configuration, const RuleProblem& problem) {
  if (!problem.file.empty()) return configuration.rules_directory + "/" + to_string(problem);
  if (configuration.path.empty()) return problem.message;
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
    const Configuration& configuration = loaded.configuration;
    const std::string line = to_string(configuration.path, mistake_from(configuration, room.error()));
    shell.err << (configuration.path.empty() ? "kedge: " + room.error().message : line) << "\n";
    shell.exit_code = kFoundWrong;
    return std::nullopt;
  }
  loaded.room = *std::move(room);
  RuleSet::Loaded rules = load_rules(loaded.configuration, loaded.room->actions->catalog());
  for (const RuleProblem& problem : rules.problems) {
    const bool of_the_option = problem.file.empty() && !where.directory.empty();
    shell.err << (of_the_option ? where.option + ": " : "") << to_line(loaded.configuration, problem) << "\n";
  }
  if (!rules.rules) {
    shell.exit_code = kFoundWrong;
    return std::nullopt;
  }
  loaded.set = std::move(rules.rules);
  return loaded;
}

Result<void> find_rule(const Configuration& configuration, const std::string& rule, const Environment& environment) {
  const auto room = open_engine_room(configuration, environment);
  const auto loaded = room ? load_rules(configuration, (*room)->actions->catalog()) : RuleSet::Loaded{};
  if (!loaded.rules) {
    return Error{ErrorCode::unavailable, "whether there is a rule '" + rule +
                                             "' is not known, the rules cannot be read (`kedge check` says why)"};
  }
  if (loaded.rules->find(rule) != nullptr) return {};
  std::vector<std::string_view> known;
  for (const Rule& one : loaded.rules->rules()) known.push_back(one.id);
  return Error{ErrorCode::not_found,
               "there is no rule '" + rule + "' in " + configuration.rules_directory + did_you_mean(rule, known)};
}

}  // namespace kedge
