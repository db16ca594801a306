#include "app/usage_error.h"

#include <algorithm>
#include <vector>

#include "base/nearest.h"

namespace kedge {
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

}  // namespace

std::string unknown_command(const CLI::App& app, int argc, const char* const* argv) {
  const CLI::App* command = &app;
  std::string typed;
  for (int i = 1; i < argc; ++i) {
    const std::vector<std::string> names = names_below(*command);
    if (names.empty() || argv[i][0] == '-') return "";
    if (std::find(names.begin(), names.end(), argv[i]) == names.end()) {
      return "there is no command '" + typed + argv[i] + "'" + did_you_mean(argv[i], {names.begin(), names.end()}) +
             "; `" + full_name(*command) + " --help` lists all";
    }
    command = command->get_subcommand(argv[i]);
    typed.append(argv[i]).append(" ");
  }
  return "";
}

std::string usage_error(const CLI::App& app, const CLI::ParseError& wrong) {
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

}  // namespace kedge
