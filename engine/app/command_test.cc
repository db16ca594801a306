// kedge test: the rules' own tests.

#include <iostream>
#include <memory>

#include "app/command.h"
#include "app/engine_room.h"
#include "app/rule_directory.h"
#include "rule/rule_tests.h"

namespace kedge {
namespace {

struct Arguments {
  RuleDirectory where;
  std::vector<std::string> only;
  std::string format = "text";
};

void run(const Arguments& arguments, Shell& shell) {
  const auto rules = load_rules(arguments.where, shell);
  if (!rules) return;
  const RuleTestReport report = run_rule_tests(rules->set, arguments.only);
  if (arguments.format == "tap") shell.out << to_tap(report);
  if (arguments.format == "junit") shell.out << to_junit(report);
  if (arguments.format == "text") shell.out << to_text(report);
  if (!report.passed()) shell.exit_code = kFoundWrong;
}

}  // namespace

void add_test(CLI::App& app, Shell& shell) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* const command = app.add_subcommand("test", "runs the rules' tests (NAME.test.lua beside NAME.lua)");
  add_rule_directory_options(*command, arguments->where);
  command->add_option("PATH", arguments->only,
                      "tests, rules or folders below the rule directory; all if none is given");
  command->add_option("--format", arguments->format, "text, tap or junit")
      ->check(CLI::IsMember({"text", "tap", "junit"}))
      ->type_name("FORMAT");
  command->callback([arguments, &shell] { run(*arguments, shell); });
}

}  // namespace kedge
