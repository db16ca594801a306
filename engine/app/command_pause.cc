// kedge pause, kedge resume: detection goes on, effects stop.

#include <filesystem>
#include <iostream>
#include <memory>

#include "app/command.h"
#include "app/control.h"
#include "app/rule_directory.h"

namespace kedge {
namespace {

struct Arguments {
  std::string configuration;
  std::string scope = "all";
  std::string reason;
  bool force = false;
};

// A pause of a rule that is not there pauses nothing, and whoever is in a hurry would believe it does. Where the rules
// cannot be read, it is made all the same.
bool may_pause(const Arguments& arguments, const Configuration& configuration, Shell& shell) {
  if (arguments.reason.find_first_not_of(' ') == std::string::npos) {
    shell.fail(kUsedWrongly, "--reason: must say something: it is what others read");
    return false;
  }
  constexpr std::string_view kRule = "rule:";
  if (arguments.force || !arguments.scope.starts_with(kRule)) return true;
  const auto known = find_rule(configuration, arguments.scope.substr(kRule.size()), shell.environment);
  if (known) return true;
  if (known.error().code == ErrorCode::not_found) {
    shell.fail(kUsedWrongly, "--scope: " + known.error().message + "; --force pauses it all the same");
    return false;
  }
  shell.err << "kedge: --scope: " << known.error().message << "\n";
  return true;
}

void pause(const Arguments& arguments, Shell& shell) {
  const auto configuration = read_configuration(arguments.configuration, shell);
  if (!configuration) return;
  if (!may_pause(arguments, *configuration, shell)) return;
  const auto done = ask_engine(*configuration, {"pause", {{"scope", arguments.scope}, {"reason", arguments.reason}}});
  if (!done) return shell.fail(done.error());
  shell.out << "paused (" << arguments.scope << "): events are read and decided, nothing is written; `kedge resume";
  if (arguments.scope != "all") shell.out << " --scope " << arguments.scope;
  shell.out << "` goes on\n";
}

void resume(const Arguments& arguments, Shell& shell) {
  const auto configuration = read_configuration(arguments.configuration, shell);
  if (!configuration) return;
  const auto done = ask_engine(*configuration, {"resume", {{"scope", arguments.scope}}});
  if (!done) return shell.fail(done.error());
  shell.out << "resumed (" << arguments.scope << "); what was held is observed again first\n";
  std::error_code ignored;
  if (std::filesystem::exists(configuration->data + "/pause", ignored)) {
    shell.err << "the file " << configuration->data << "/pause still pauses all effects; remove it to go on\n";
    shell.exit_code = kFoundWrong;
  }
}

}  // namespace

void add_pause_and_resume(CLI::App& app, Shell& shell) {
  const auto arguments = std::make_shared<Arguments>();
  const auto common = [&](CLI::App* command, const char* scopes) {
    add_configuration_option(*command, arguments->configuration);
    command->add_option("--scope", arguments->scope, scopes)->type_name("SCOPE");
  };
  CLI::App* const pausing = app.add_subcommand("pause", "effects stop; detection goes on");
  common(pausing, "all, rule:ID or account:ID");
  pausing->add_option("--reason", arguments->reason, "why, for the record")->required();
  pausing->add_flag("--force", arguments->force, "also a rule that is not in the rule directory");
  pausing->footer("When the daemon hangs: `touch <data>/pause` does the same.");
  pausing->callback([arguments, &shell] { pause(*arguments, shell); });
  CLI::App* const resuming = app.add_subcommand("resume", "effects go on");
  common(resuming, "all, rule:ID, account:ID, or restored: what a restored ledger holds");
  resuming->callback([arguments, &shell] { resume(*arguments, shell); });
}

}  // namespace kedge
