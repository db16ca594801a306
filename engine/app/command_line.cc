#include <algorithm>
#include <iostream>

#include "app/command.h"
#include "app/version.h"
#include "base/nearest.h"
#include "ledger/sqlite_ledger.h"

namespace kedge {

void Shell::fail(int code, const std::string& message) {
  err << "kedge: " << message << "\n";
  exit_code = code;
}

void Shell::fail(const Error& error) {
  const bool unreachable = error.code == ErrorCode::unavailable || error.code == ErrorCode::timeout;
  fail(unreachable ? kNotReached : kFoundWrong, error.message);
}

void add_configuration_option(CLI::App& command, std::string& path) {
  path = "kedge.yaml";
  command.add_option("-c,--config", path, "the configuration (kedge.yaml)")->type_name("FILE");
}

std::optional<Configuration> read_configuration(const std::string& path, Shell& shell) {
  auto loaded = load_configuration(path, shell.environment);
  if (!loaded) {
    shell.fail(kUsedWrongly,
               loaded.error().message + "; name the file with -c, or make one with `kedge init DIRECTORY`");
    return std::nullopt;
  }
  for (const std::string& warning : loaded->warnings) shell.err << path << ": " << warning << "\n";
  if (loaded->mistakes.empty()) return std::move(loaded->configuration);
  for (const Mistake& mistake : loaded->mistakes) shell.err << to_string(path, mistake) << "\n";
  shell.exit_code = kFoundWrong;
  return std::nullopt;
}

std::optional<OpenedReader> open_reader(const std::string& path, Shell& shell) {
  auto configuration = read_configuration(path, shell);
  if (!configuration) return std::nullopt;
  auto ledger = open_sqlite_reader(configuration->data);
  if (!ledger) {
    shell.fail(kNotReached, ledger.error().message);
    return std::nullopt;
  }
  return OpenedReader{*std::move(configuration), *std::move(ledger)};
}

namespace {

// The words that lead to the command that was meant: "kedge audit list".
std::string full_name(const CLI::App& command) {
  return command.get_parent() == nullptr ? command.get_name()
                                         : full_name(*command.get_parent()) + " " + command.get_name();
}

std::vector<std::string> names_below(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::App* const below : command.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(below->get_name());
  }
  return names;
}

std::string see_help(const CLI::App& command) { return "; `" + full_name(command) + " --help` tells more"; }

// A command that is not there, at any depth; empty: all are.
std::string unknown_command(const CLI::App& app, int argc, const char* const* argv) {
  const CLI::App* command = &app;
  for (int i = 1; i < argc; ++i) {
    const std::vector<std::string> names = names_below(*command);
    if (names.empty() || argv[i][0] == '-') return "";
    if (std::find(names.begin(), names.end(), argv[i]) == names.end()) {
      return "there is no command '" +
             full_name(*command).substr(full_name(app).size()).append(" ").append(argv[i]).substr(1) + "'" +
             did_you_mean(argv[i], {names.begin(), names.end()}) + "; `" + full_name(*command) + " --help` lists all";
    }
    command = command->get_subcommand(argv[i]);
  }
  return "";
}

// The last command that was read before the mistake.
const CLI::App& last_command(const CLI::App& app) {
  const auto read = app.get_subcommands();
  return read.empty() ? app : last_command(*read.back());
}

// The first word that looks like an option and is none of the command's; empty: there is no such.
std::string unknown_option(const CLI::App& command) {
  const auto rest = command.remaining();
  const auto is_option = [](const std::string& word) { return word.size() > 1 && word[0] == '-'; };
  const auto found = std::find_if(rest.begin(), rest.end(), is_option);
  if (found == rest.end()) return "";
  std::vector<std::string> names;
  for (const CLI::Option* const option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  const std::string word = found->substr(0, found->find('='));
  return "there is no option " + word + did_you_mean(word, {names.begin(), names.end()});
}

// What the parser says, in our words: "Could not convert: --limit = x", "--config: 1 required FILE missing".
std::string in_our_words(const CLI::ParseError& wrong) {
  const std::string told = wrong.what();
  constexpr std::string_view kConvert = "Could not convert: ";
  if (const size_t sign = told.find(" = "); told.starts_with(kConvert) && sign != std::string::npos) {
    return told.substr(kConvert.size(), sign - kConvert.size()) + ": '" + told.substr(sign + 3) +
           "' is no whole number that it takes";
  }
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&wrong) != nullptr) {
    return told.substr(0, told.find(':')) + " needs a value behind it";
  }
  return told;
}

std::string mistake_in_line(const CLI::App& app, const CLI::ParseError& wrong) {
  const CLI::App& command = last_command(app);
  if (std::string option = unknown_option(command); !option.empty()) return option + see_help(command);
  if (const auto names = names_below(command); !names.empty()) {
    std::string all;
    for (const std::string& name : names) all += (all.empty() ? "" : ", ") + name;
    return "a command is missing behind `" + full_name(command) + "`: one of " + all;
  }
  if (const auto rest = command.remaining(); !rest.empty())
    return "'" + rest.back() + "' is too much" + see_help(command);
  return in_our_words(wrong) + see_help(command);
}

}  // namespace

int run_command_line(int argc, const char* const* argv, Shell& shell) {
  CLI::App app(
      "kedge hauls drifted systems back to where they should lie.\n"
      "It reads configuration-change events from Kafka, matches them against rules written in Lua, and runs the\n"
      "response: detect, isolate, revert or replace, confirm.",
      "kedge");
  app.set_version_flag("--version", std::string("kedge ") + kVersion);
  app.require_subcommand(1);
  app.fallthrough(false);
  for (const auto add :
       {add_run, add_check, add_test, add_match, add_explain, add_replay, add_audit, add_remediation, add_exception,
        add_pause_and_resume, add_dead_letter, add_source, add_actions, add_init, add_dev_kafka}) {
    add(app, shell);
  }
  if (const std::string unknown = unknown_command(app, argc, argv); !unknown.empty()) {
    shell.fail(kUsedWrongly, unknown);
    return shell.exit_code;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help) {
    return app.exit(help, shell.out, shell.err);
  } catch (const CLI::ParseError& wrong) {
    shell.fail(kUsedWrongly, mistake_in_line(app, wrong));
    return kUsedWrongly;
  }
  return shell.exit_code;
}

}  // namespace kedge
