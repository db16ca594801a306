#include <iostream>

#include "app/command.h"
#include "app/command_agent.h"
#include "app/command_sensor.h"
#include "app/usage_error.h"
#include "app/version.h"
#include "ledger/sqlite_ledger.h"

namespace kedge {

void Shell::fail(int code, const std::string& message) {
  err << "kedge: " << message << "\n";
  exit_code = code;
}

void Shell::fail(const Error& error) {
  switch (error.code) {
    case ErrorCode::unavailable:
    case ErrorCode::timeout:
      return fail(kNotReached, error.message);
    case ErrorCode::invalid:
      return fail(kUsedWrongly, error.message);
    default:
      return fail(kFoundWrong, error.message);
  }
}

void add_configuration_option(CLI::App& command, std::string& path) {
  path = "kedge.yaml";
  command.add_option("-c,--config", path, "the configuration (kedge.yaml)")->type_name("FILE");
}

std::optional<Configuration> read_configuration(const std::string& path, Shell& shell, bool warns) {
  auto loaded = load_configuration(path, shell.environment);
  if (!loaded) {
    shell.fail(kUsedWrongly,
               loaded.error().message + "; name the file with -c, or make one with `kedge init DIRECTORY`");
    return std::nullopt;
  }
  for (const std::string& warning : loaded->warnings) {
    if (warns) shell.err << path << ": " << warning << "\n";
  }
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

int run_command_line(int argc, const char* const* argv, Shell& shell) {
  CLI::App app(
      "kedge hauls drifted systems back to where they should lie.\n"
      "It reads configuration-change events from Kafka, matches them against rules written in Lua, and runs the\n"
      "response: detect, isolate, revert or replace, confirm.",
      "kedge");
  app.set_version_flag("--version", std::string("kedge ") + kVersion);
  app.require_subcommand(1);
  app.fallthrough(false);
  for (const auto add : {add_run, add_check, add_test, add_match, add_explain, add_replay, add_audit, add_baseline,
                         add_sensor, add_agent, add_remediation, add_exception, add_pause_and_resume, add_dead_letter,
                         add_source, add_ledger, add_actions, add_init, add_dev_kafka}) {
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
    shell.fail(kUsedWrongly, usage_error(app, wrong));
    return kUsedWrongly;
  }
  return shell.exit_code;
}

}  // namespace kedge
