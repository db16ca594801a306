// kedge replay --events FILE: recorded events through the rules, without acting.

#include <fmt/format.h>

#include <fstream>
#include <iostream>
#include <memory>

#include "app/command.h"
#include "app/output.h"
#include "app/rule_directory.h"
#include "rule/replay.h"

namespace kedge {
namespace {

struct Arguments {
  RuleDirectory where;
  std::string events;
  std::string against;
  std::string format = "auto";
  OutputFormat output = OutputFormat::table;
  bool decisions = false;
};

void print_decision(const ReplayedDecision& replayed, std::ostream& out) {
  const Decision& decision = replayed.decision;
  if (decision.kind == Decision::Kind::nothing) return;
  const std::string what =
      decision.kind == Decision::Kind::plan ? "would act on " + decision.target : "failed: " + decision.reason;
  out << fmt::format("{}: event {}: {} {}\n", replayed.message, replayed.event_id, replayed.rule, what);
}

void print_counts(const ReplayCounts& counts, OutputFormat format, Shell& shell) {
  Listing listing{
      {{"rule", "RULE"}, {"matched", "MATCHED"}, {"nothing", "NOTHING"}, {"plans", "PLANS"}, {"failed", "FAILED"}}, {}};
  for (const auto& [rule, count] : counts.rules) {
    listing.rows.push_back({rule, count.matched, count.nothing, count.plans, count.failed});
    if (count.failed > 0) shell.exit_code = kFoundWrong;
  }
  print(listing, format, "there are no rules", shell.out);
  shell.err << fmt::format("{} messages, {} events\n", counts.messages, counts.events);
}

// What no rule has seen.
void tell_of_poison(const ReplayCounts& counts, Shell& shell) {
  for (const auto& [reason, number] : counts.poison) {
    shell.err << fmt::format("{} messages cannot be decoded: {}\n", number, reason);
  }
}

std::unique_ptr<Replay> make_replay(const RulesToLookAt& rules, Format format) {
  Decoder::Options options;
  options.format = format;
  return std::make_unique<Replay>(rules.set, options);
}

void run(const Arguments& arguments, Shell& shell) {
  const auto rules = load_rules(arguments.where, shell);
  if (!rules) return;
  std::optional<RulesToLookAt> old_rules;
  if (!arguments.against.empty()) {
    old_rules = load_rules(RuleDirectory{"", arguments.against, "--against"}, shell);
    if (!old_rules) return;
  }
  const auto format = parse_format(arguments.format);
  if (!format) return shell.fail(kUsedWrongly, format.error().message);
  std::ifstream file(arguments.events);
  if (arguments.events != "-" && !file)
    return shell.fail(kUsedWrongly, "--events: cannot read " + arguments.events + ": is it there, and readable by us?");

  const auto now = make_replay(*rules, *format);
  const auto before = old_rules ? make_replay(*old_rules, *format) : nullptr;
  std::istream& in = arguments.events == "-" ? shell.in : file;
  // Beside a table for people; what a program reads stays alone.
  std::ostream& told = arguments.output == OutputFormat::table ? shell.out : shell.err;
  std::string line;
  size_t different = 0;
  while (std::getline(in, line)) {
    const auto decisions = now->replay(line);
    if (!decisions) return shell.fail(decisions.error());
    if (arguments.decisions) {
      for (const ReplayedDecision& one : *decisions) print_decision(one, told);
    }
    if (!before) continue;
    const auto old_decisions = before->replay(line);
    if (!old_decisions) return shell.fail(old_decisions.error());
    for (const ReplayDifference& difference : differences(*old_decisions, *decisions)) {
      shell.out << to_text(difference) << "\n";
      ++different;
    }
  }
  if (before) {
    shell.out << fmt::format("{} decisions differ in {} events\n", different, now->counts().events);
    if (different > 0) shell.exit_code = kFoundWrong;
  } else {
    print_counts(now->counts(), arguments.output, shell);
    if (!now->counts().poison.empty()) shell.exit_code = kFoundWrong;
  }
  tell_of_poison(now->counts(), shell);
}

}  // namespace

void add_replay(CLI::App& app, Shell& shell) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* const command = app.add_subcommand("replay", "recorded events through the rules, without acting");
  add_rule_directory_options(*command, arguments->where);
  command->add_option("--events", arguments->events, "one message a line; - for standard input")
      ->type_name("FILE")
      ->required();
  command
      ->add_option("--against", arguments->against, "another directory of rules: print only where it decides otherwise")
      ->type_name("DIR");
  command->add_option("--format", arguments->format,
                      "auto, eventbridge, cloudtrail, cloudevents, json, falco, wazuh, osquery, auditd or tetragon");
  command->add_flag("--decisions", arguments->decisions, "also print each decision to act, and each failure");
  add_output_option(*command, arguments->output);
  command->callback([arguments, &shell] { run(*arguments, shell); });
}

}  // namespace kedge
