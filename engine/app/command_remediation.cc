// kedge remediation: what is open, what is held and for whom it waits, and what people say to it.

#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <map>
#include <memory>
#include <optional>

#include "app/command.h"
#include "app/control.h"
#include "app/opened_trail.h"
#include "app/output.h"
#include "guard/gate.h"
#include "guard/restored.h"
#include "trail/story.h"

namespace kedge {
namespace {

struct Arguments {
  std::string configuration;
  OutputFormat output = OutputFormat::table;
  bool held = false;
  std::string rule;
  std::optional<size_t> limit;
  std::string id;
  std::string reason;
};

constexpr size_t kWhole = 10'000;  // what is to be typed is never cut
constexpr size_t kShown = 50;      // of a table, where nobody says how many
constexpr int64_t kMany = 20;      // more that stand still are told as groups first

// Why it stands still, and what to type: most guards say that themselves, with what is special about it.
std::string told(const Remediation& r) {
  if (r.state != State::held || r.reason.find("kedge ") != std::string::npos) return r.reason;
  return fmt::format(
      "{}{}kedge remediation approve {} lets it go on: it is observed again first; kedge remediation "
      "reject {} --reason WHY leaves it as it is and ends it",
      r.reason, r.reason.empty() ? "" : ". ", r.id, r.id);
}

bool is_listed(const LedgerReader::OpenCount& count, const Arguments& arguments) {
  return (!arguments.held || count.stands_still()) && (arguments.rule.empty() || count.rule == arguments.rule);
}

// What lets go on all that one guard keeps of a rule, where one thing does.
std::string what_ends(const std::string& guard, const std::string& rule) {
  if (guard == kMassMatch || guard == kRuleBreaker) return "kedge resume --scope rule:" + rule;
  if (guard == kRestored) return fmt::format("kedge resume --scope {}", kRestored);
  if (guard == kRuleGuard) return fmt::format("the rule {}, when it is loaded and acts again", rule);
  return "kedge remediation list --held --rule " + rule;
}

// Tens of thousands, by what keeps them: in a storm one thing keeps most.
void tell_groups(const std::vector<LedgerReader::OpenCount>& counts, const Arguments& arguments, Shell& shell) {
  std::map<std::pair<std::string, std::string>, int64_t> groups;  // by guard and rule
  int64_t all = 0;
  for (const LedgerReader::OpenCount& count : counts) {
    if (!is_listed(count, arguments)) continue;
    groups[{count.guard, count.rule}] += count.number;
    all += count.number;
  }
  if (all <= kMany) return;
  std::vector<std::pair<int64_t, std::pair<std::string, std::string>>> sorted;
  for (const auto& [group, number] : groups) sorted.emplace_back(number, group);
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  Listing listing{
      {{"number", "NUMBER"}, {"guard", "GUARD"}, {"rule", "RULE"}, {"ends", "WHAT LETS THEM GO ON", kWhole}}, {}};
  for (const auto& [number, group] : sorted) {
    listing.rows.push_back({number, group.first, group.second, what_ends(group.first, group.second)});
  }
  shell.out << all << " stand still:\n";
  print(listing, OutputFormat::table, "", shell.out);
  shell.out << "\n";
}

void tell_of_others(const std::vector<LedgerReader::OpenCount>& counts, size_t shown, const Arguments& arguments,
                    Shell& shell) {
  int64_t all = 0;
  for (const LedgerReader::OpenCount& count : counts) {
    if (is_listed(count, arguments)) all += count.number;
  }
  const int64_t others = all - static_cast<int64_t>(shown);
  if (others > 0) shell.out << fmt::format("and {} more (--limit, --rule)\n", others);
}

// Programs get all of them, unless they say how many.
size_t limit_of(const Arguments& arguments) {
  return arguments.limit.value_or(arguments.output == OutputFormat::table ? kShown : SIZE_MAX);
}

void list(const Arguments& arguments, Shell& shell) {
  const auto reader = open_reader(arguments.configuration, shell);
  if (!reader) return;
  const auto counts = reader->ledger->open_counts();
  if (!counts) return shell.fail(counts.error());
  const auto open = reader->ledger->first_open({arguments.rule, arguments.held, limit_of(arguments)});
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
    listing.rows.push_back({r.id, std::string(to_string(r.state)), r.plan.rule.id, r.plan.target,
                            std::string(to_string(r.policy.severity)), format_time(r.times.decided), r.guard, told(r),
                            r.due ? format_time(*r.due) : ""});
  }
  const bool table = arguments.output == OutputFormat::table;
  if (table && arguments.held) tell_groups(*counts, arguments, shell);
  print(listing, arguments.output, arguments.held ? "nothing is held" : "no remediation is open", shell.out);
  if (table) tell_of_others(*counts, listing.rows.size(), arguments, shell);
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
  listing->add_option("--rule", arguments->rule, "only those of this rule");
  listing->add_option("--limit", arguments->limit,
                      fmt::format("how many are shown, the oldest first (a table: {}; for programs: all)", kShown));
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
