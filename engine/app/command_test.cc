// kedge test: the rules' own tests.

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <memory>

#include "app/command.h"
#include "app/engine_room.h"
#include "app/output.h"
#include "app/rule_directory.h"
#include "rule/rule_tests.h"

namespace kedge {
namespace {

struct Arguments {
  RuleDirectory where;
  std::vector<std::string> only;
  std::string format = "text";
};

// As a path below the rule directory: what is typed may also be one from here, as a shell completes it. Empty for the
// directory itself.
std::string below(const std::string& directory, const std::string& path) {
  std::error_code failure;
  if (!std::filesystem::exists(path, failure) || failure) return path;
  const auto root = std::filesystem::weakly_canonical(directory, failure);
  if (failure) return path;
  const auto full = std::filesystem::weakly_canonical(path, failure);
  if (failure) return path;
  const std::string relative = full.lexically_relative(root).string();
  if (relative == ".") return "";
  return relative.starts_with("..") ? path : relative;
}

void run(const Arguments& arguments, Shell& shell) {
  const auto rules = load_rules(arguments.where, shell);
  if (!rules) return;
  const std::string& directory = rules->configuration.rules_directory;
  std::vector<std::string> only;
  for (const std::string& path : arguments.only) only.push_back(below(directory, path));
  if (std::find(only.begin(), only.end(), "") != only.end()) only.clear();
  const RuleTestReport report = run_rule_tests(rules->set, only);
  for (const std::string& path : report.unmatched) {
    shell.fail(kUsedWrongly, "there is neither a rule nor a test at '" + path + "' below " + directory);
  }
  if (!report.unmatched.empty()) return;
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
      ->check(one_of({"text", "tap", "junit"}))
      ->type_name("FORMAT");
  command->callback([arguments, &shell] { run(*arguments, shell); });
}

}  // namespace kedge
