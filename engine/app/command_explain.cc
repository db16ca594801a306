// kedge explain RULE EVENT: why a rule acts on an event or does not, the plan, and what the guards would say.

#include <fmt/format.h>

#include <filesystem>
#include <iostream>
#include <iterator>
#include <memory>

#include "app/command.h"
#include "app/own_things.h"
#include "app/rule_directory.h"
#include "base/clock.h"
#include "base/files.h"
#include "base/json.h"
#include "event/decoder.h"
#include "guard/admission.h"
#include "ledger/sqlite_ledger.h"
#include "rule/explanation.h"

namespace kedge {
namespace {

struct Arguments {
  RuleDirectory where;
  std::string rule;
  std::string event;
  std::string format = "auto";
};

Result<std::string> read_event(const std::string& path, Shell& shell) {
  if (path != "-") return read_file(path, 64U << 20U);
  return std::string(std::istreambuf_iterator<char>(shell.in), {});
}

// What admission would say now, with the exceptions of the ledger where there is one.
void print_guards(const RulesToLookAt& rules, const Decision& decision, const Event& event, std::ostream& out) {
  SystemClock clock;
  AdmissionFacts facts;
  facts.now = clock.now();
  facts.provenance = provenance_of(event);
  facts.own_principals = rules.configuration.aws_principals;
  facts.touches = keys_touched(*decision.plan, rules.set->actions());
  facts.own_things = own_things(rules.configuration);
  if (const auto happened = parse_time(event.time)) facts.happened = *happened;
  if (!rules.configuration.data.empty()) {
    if (const auto reader = open_sqlite_reader(rules.configuration.data)) {
      if (const auto exceptions = (*reader)->exceptions()) {
        for (const Exception& e : *exceptions) {
          facts.exceptions.push_back({e.id, e.rule, e.target, e.owner, e.reason, e.expires});
        }
      }
    }
  }
  const Admission admission = admit(*decision.plan, decision.policy, facts, rules.configuration.admission);
  if (admission.kind == Admission::Kind::admit) {
    out << "guards: admitted now; the gate is asked again once every step has been observed\n";
  } else {
    out << fmt::format("guards: suppressed by {}: {}\n", admission.guard, admission.reason);
  }
}

void run(const Arguments& arguments, Shell& shell) {
  const auto rules = load_rules(arguments.where, shell);
  if (!rules) return;
  const Rule* const rule = rules->set->find(arguments.rule);
  if (rule == nullptr) {
    std::string known;
    for (const Rule& one : rules->set->rules()) known += "\n  " + one.id;
    return shell.fail(kUsedWrongly, "there is no rule '" + arguments.rule + "'; there are:" + known);
  }
  const auto format = parse_format(arguments.format);
  if (!format) return shell.fail(kUsedWrongly, format.error().message);
  const auto text = read_event(arguments.event, shell);
  if (!text) return shell.fail(kUsedWrongly, text.error().message);

  Decoder::Options options;
  options.format = *format;
  Decoder decoder(options);
  std::vector<Event> events;
  if (const auto poison = decoder.decode({*text, {}}, events)) {
    return shell.fail(kFoundWrong,
                      fmt::format("{}: {}: {}", arguments.event, to_string(poison->reason), poison->message));
  }
  if (events.empty()) shell.out << "the message holds no event\n";
  Evaluator evaluator(rules->set);
  for (const Event& event : events) {
    if (events.size() > 1) shell.out << "event " << event.index << " (" << event.id << ")\n";
    const auto explained = explain_rule(evaluator, static_cast<size_t>(rule - rules->set->rules().data()), event);
    if (!explained) return shell.fail(explained.error());
    shell.out << to_text(*explained);
    const auto& decision = explained->decision;
    if (decision && decision->kind == Decision::Kind::failed) shell.exit_code = kFoundWrong;
    if (decision && decision->plan) print_guards(*rules, *decision, event, shell.out);
  }
}

}  // namespace

void add_explain(CLI::App& app, Shell& shell) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* const command = app.add_subcommand("explain", "why a rule acts on an event, or does not");
  add_rule_directory_options(*command, arguments->where);
  command->add_option("RULE", arguments->rule, "the rule's id")->required();
  command
      ->add_option("EVENT", arguments->event, "a file with one message as a source would read it; - for standard input")
      ->required();
  command->add_option("--format", arguments->format,
                      "auto, eventbridge, cloudtrail, cloudevents, json, falco, wazuh, osquery, auditd or tetragon");
  command->callback([arguments, &shell] { run(*arguments, shell); });
}

}  // namespace kedge
