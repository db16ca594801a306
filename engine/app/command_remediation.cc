// kedge remediation: what is open, what is held and for whom it waits, and what people say to it.

#include <fmt/format.h>

#include <iostream>
#include <memory>

#include "app/command.h"
#include "app/control.h"
#include "app/opened_trail.h"
#include "app/output.h"
#include "trail/story.h"

namespace kedge {
namespace {

struct Arguments {
  std::string configuration;
  OutputFormat output = OutputFormat::table;
  bool held = false;
  std::string id;
  std::string reason;
};

constexpr size_t kWhole = 10'000;  // what is to be typed is never cut

// Held for a person, or kept from going on by a guard.
bool stands_still(const Remediation& r) { return r.state == State::held || !r.guard.empty(); }

// Why it stands still, and what to type: most guards say that themselves, with what is special about it.
std::string told(const Remediation& r) {
  if (r.state != State::held || r.reason.find("kedge ") != std::string::npos) return r.reason;
  return fmt::format(
      "{}{}kedge remediation approve {} lets it go on: it is observed again first; kedge remediation "
      "reject {} --reason WHY leaves it as it is and ends it",
      r.reason, r.reason.empty() ? "" : ". ", r.id, r.id);
}

void list(const Arguments& arguments, Shell& shell) {
  const auto reader = open_reader(arguments.configuration, shell);
  if (!reader) return;
  const auto open = reader->ledger->open_remediations();
  if (!open) return shell.fail(open.error());
  Listing listing{{{"remediation", "REMEDIATION"},
                   {"state", "STATE"},
                   {"rule", "RULE"},
                   {"target", "TARGET"},
                   {"severity", "SEVERITY"},
                   {"since", "SINCE"},
                   {"guard", "GUARD"},
                   {"reason", "WAITS FOR", arguments.held ? kWhole : 120},
                   {"due", ""}},
                  {}};
  for (const Remediation& r : *open) {
    if (arguments.held && !stands_still(r)) continue;
    listing.rows.push_back({r.id, std::string(to_string(r.state)), r.plan.rule.id, r.plan.target,
                            std::string(to_string(r.policy.severity)), format_time(r.times.decided), r.guard, told(r),
                            r.due ? format_time(*r.due) : ""});
  }
  print(listing, arguments.output, arguments.held ? "nothing is held" : "no remediation is open", shell.out);
}

void show(const Arguments& arguments, Shell& shell) {
  const auto trail = OpenedTrail::open({arguments.configuration, "", ""}, shell);
  if (!trail) return;
  RecordSearch search = trail->search(shell);
  const auto story = find_story(**trail, search, arguments.id);
  if (!story) return shell.fail(story.error());
  if (arguments.output == OutputFormat::json) {
    shell.out << to_json(*story).dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
  } else {
    shell.out << to_text(*story);
  }
}

void ask(const std::string& verb, const Arguments& arguments, Shell& shell) {
  const auto configuration = read_configuration(arguments.configuration, shell);
  if (!configuration) return;
  const auto done =
      ask_engine(*configuration, {"remediation." + verb, {{"id", arguments.id}, {"reason", arguments.reason}}});
  if (!done) return shell.fail(done.error());
  const bool waits = !done->value("by_daemon", true);
  shell.out << fmt::format("{}: on record; {}`kedge remediation show {}` tells what comes of it\n", verb,
                           waits ? "no daemon runs, so it waits for the next start; " : "", arguments.id);
}

// Exit code 1: the rule failed on it.
void rerun(const Arguments& arguments, Shell& shell) {
  const auto configuration = read_configuration(arguments.configuration, shell);
  if (!configuration) return;
  const auto done =
      ask_engine(*configuration, {"remediation.rerun", {{"id", arguments.id}, {"reason", arguments.reason}}});
  if (!done) return shell.fail(done.error());
  if (arguments.output == OutputFormat::json) {
    shell.out << done->dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
  } else {
    shell.out << fmt::format("{}: {}\n", done->at("outcome").get<std::string>(), done->at("why").get<std::string>());
    for (const nlohmann::json& one : done->at("remediations")) {
      shell.out << fmt::format("`kedge remediation show {}` tells what comes of it\n", one.get<std::string>());
    }
  }
  if (done->at("outcome") == "failed") shell.exit_code = kFoundWrong;
}

}  // namespace

void add_remediation(CLI::App& app, Shell& shell) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* const command =
      app.add_subcommand("remediation", "what is being done, what is held, and what you say to it");
  command->require_subcommand(1);
  CLI::App* const listing = command->add_subcommand("list", "all that are open");
  add_configuration_option(*listing, arguments->configuration);
  add_output_option(*listing, arguments->output);
  listing->add_flag("--held", arguments->held,
                    "only those that a guard keeps from going on, or that wait for a person");
  listing->callback([arguments, &shell] { list(*arguments, shell); });
  CLI::App* const showing = command->add_subcommand("show", "one of them, open or ended");
  add_configuration_option(*showing, arguments->configuration);
  add_output_option(*showing, arguments->output);
  showing->add_option("ID", arguments->id, "its id, or the beginning of it")->required();
  showing->callback([arguments, &shell] { show(*arguments, shell); });

  struct Verb {
    const char* name;
    const char* meaning;
    bool reason_required;
  };
  for (const Verb& verb : {Verb{"approve", "lets a held one go on: it is observed again first", false},
                           Verb{"reject", "ends a held one: it is not done", true},
                           Verb{"cancel", "ends one that has written nothing yet", true},
                           Verb{"retry", "looks at a waiting one again now; approves nothing", false},
                           Verb{"release", "ends the lease of an isolation now: it is undone and read back", true},
                           Verb{"undo", "restores what was before, unless somebody has changed it since", true}}) {
    CLI::App* const asking = command->add_subcommand(verb.name, verb.meaning);
    add_configuration_option(*asking, arguments->configuration);
    asking->add_option("ID", arguments->id, "its id")->required();
    CLI::Option* const reason = asking->add_option("--reason", arguments->reason, "why, for the record");
    if (verb.reason_required) reason->required();
    asking->callback([arguments, &shell, name = std::string(verb.name)] { ask(name, *arguments, shell); });
  }
  CLI::App* const rerunning = command->add_subcommand(
      "rerun", "runs the event of an ended one, or of a suppression, again by the rule in force (needs the daemon)");
  add_configuration_option(*rerunning, arguments->configuration);
  add_output_option(*rerunning, arguments->output);
  rerunning->add_option("ID", arguments->id, "its id, or the number of the suppression's record")->required();
  rerunning->add_option("--reason", arguments->reason, "why, for the record")->required();
  rerunning->callback([arguments, &shell] { rerun(*arguments, shell); });
}

}  // namespace kedge
