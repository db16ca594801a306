// kedge check: is the configuration right, are the rules, and (with --connect) is the world as it must be?

#include <fmt/format.h>

#include <iostream>
#include <memory>

#include "app/command.h"
#include "app/engine_room.h"
#include "rule/rule_tests.h"

namespace kedge {
namespace {

struct Arguments {
  std::string configuration;
  bool connect = false;
  bool effective = false;
};

void complain(Shell& shell, int code, const std::string& message) {
  shell.err << message << "\n";
  shell.exit_code = std::max(shell.exit_code, code);
}

// Channels that rules name must exist: a notice to nobody is found here, not at three in the morning.
void check_channels(const Configuration& configuration, const RuleSet& rules, Shell& shell) {
  if (configuration.channels.empty() && !rules.rules().empty()) {
    shell.err << configuration.path << ": no channel is configured in notify.channels: nobody will be told\n";
  }
}

std::shared_ptr<const RuleSet> check_rules(const Configuration& configuration, const ActionCatalog& actions,
                                           Shell& shell) {
  RuleSet::Loaded loaded = load_rules(configuration, actions);
  for (const RuleProblem& problem : loaded.problems) {
    complain(shell, kFoundWrong, configuration.rules_directory + "/" + to_string(problem));
  }
  if (!loaded.rules) return nullptr;
  for (const auto& [rule, mode] : configuration.modes) {
    if (loaded.rules->find(rule) == nullptr) {
      complain(shell, kFoundWrong, fmt::format("{}: rules.modes: there is no rule '{}'", configuration.path, rule));
    }
  }
  return loaded.rules;
}

void print_rules(const RuleSet& rules, std::ostream& out) {
  for (const Rule& rule : rules.rules()) {
    out << fmt::format("  {:<36} {:<8} {:<13} {}\n", rule.id, to_string(rule.policy.mode),
                       to_string(rule.policy.severity), rule.policy.title);
  }
}

void connect(const Configuration& configuration, EngineRoom& room, Shell& shell) {
  const auto identity = room.aws->identity();
  if (identity) {
    shell.out << "AWS: we are " << identity->arn << " (credentials " << room.aws->credential_origin() << ")\n";
  } else {
    complain(shell, kNotReached, "AWS: " + identity.error().message);
  }
  for (const SourceSettings& source : configuration.sources) {
    const auto reached = KafkaSource::reach(source.kafka, std::chrono::seconds(10));
    if (!reached) {
      complain(shell, kNotReached, fmt::format("source {}: {}", source.kafka.name, reached.error().message));
      continue;
    }
    for (const std::string& line : *reached) shell.out << "source " << source.kafka.name << ": " << line << "\n";
  }
}

void run(const Arguments& arguments, Shell& shell) {
  const auto configuration = read_configuration(arguments.configuration, shell);
  if (!configuration) return;
  const auto room = open_engine_room(*configuration, shell.environment);
  if (!room) return complain(shell, kFoundWrong, configuration->path + ": " + room.error().message);
  for (const ChannelOptions& options : configuration->channels) {
    if (const auto channel = open_channel(options, *(*room)->http); !channel) {
      complain(shell, kFoundWrong,
               fmt::format("{}: notify.channels.{}: {}", configuration->path, options.name, channel.error().message));
    }
  }
  const auto rules = check_rules(*configuration, (*room)->actions->catalog(), shell);
  if (rules) check_channels(*configuration, *rules, shell);
  if (arguments.effective) shell.out << effective_configuration(*configuration) << "\n";
  if (arguments.connect) connect(*configuration, **room, shell);
  if (shell.exit_code != kGood) return;
  shell.out << configuration->path << " is good; " << rules->rules().size() << " rules in "
            << configuration->rules_directory << ":\n";
  print_rules(*rules, shell.out);
}

}  // namespace

void add_check(CLI::App& app, Shell& shell) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* const command = app.add_subcommand("check", "is the configuration right, are the rules?");
  add_configuration_option(*command, arguments->configuration);
  command->add_flag("--connect", arguments->connect, "also reach for the brokers and for AWS");
  command->add_flag("--effective", arguments->effective, "print the values in force, defaults included");
  command->callback([arguments, &shell] { run(*arguments, shell); });
}

}  // namespace kedge
