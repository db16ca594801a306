// kedge exception: what is left as it is on purpose, by whom, why and until when.

#include <fmt/format.h>

#include <iostream>
#include <memory>

#include "app/command.h"
#include "app/control.h"
#include "app/output.h"
#include "app/rule_directory.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/random.h"

namespace kedge {
namespace {

struct Arguments {
  std::string configuration;
  OutputFormat output = OutputFormat::table;
  std::string id, rule, target, owner, reason, expires;
  bool force = false;
};

// A point in time, or a span from now: "2026-12-31T00:00:00Z", "30d".
Result<Time> parse_expiry(const std::string& text, Time now) {
  if (const auto span = parse_duration(text)) return now + *span;
  if (auto time = parse_time(text)) return time;
  return Error{ErrorCode::invalid,
               "--expires: '" + text + "' is neither a span (30d) nor a time (2026-12-31T00:00:00Z)"};
}

void add(const Arguments& arguments, Shell& shell) {
  const auto configuration = read_configuration(arguments.configuration, shell);
  if (!configuration) return;
  // An exception from a rule that is not there leaves nothing alone, and nobody would notice.
  if (!arguments.force && arguments.rule != "*") {
    const auto known = find_rule(*configuration, arguments.rule, shell.environment);
    if (!known) {
      return shell.fail(kUsedWrongly, "--rule: " + known.error().message + "; --force adds the exception all the same");
    }
  }
  SystemClock clock;
  const auto expires = parse_expiry(arguments.expires, clock.now());
  if (!expires) return shell.fail(kUsedWrongly, expires.error().message);
  Random random;
  const std::string id = make_uuid7(clock.now(), random);
  const auto done = ask_engine(*configuration, {"exception.add",
                                                {{"id", id},
                                                 {"rule", arguments.rule},
                                                 {"target", arguments.target},
                                                 {"owner", arguments.owner},
                                                 {"reason", arguments.reason},
                                                 {"expires", format_time(*expires)}}});
  if (!done) return shell.fail(done.error());
  shell.out << fmt::format("exception {}: rule {} leaves {} alone until {}\n", id, arguments.rule, arguments.target,
                           format_time(*expires));
}

void list(const Arguments& arguments, Shell& shell) {
  const auto reader = open_reader(arguments.configuration, shell);
  if (!reader) return;
  const auto exceptions = reader->ledger->exceptions();
  if (!exceptions) return shell.fail(exceptions.error());
  SystemClock clock;
  Listing listing{{{"id", "ID"},
                   {"rule", "RULE"},
                   {"target", "TARGET"},
                   {"owner", "OWNER"},
                   {"reason", "REASON"},
                   {"expires", "EXPIRES"},
                   {"valid", "VALID"},
                   {"added_by", "ADDED BY"},
                   {"added", ""}},
                  {}};
  for (const Exception& e : *exceptions) {
    listing.rows.push_back({e.id, e.rule, e.target, e.owner, e.reason, format_time(e.expires),
                            e.expires > clock.now() ? "yes" : "expired", e.added_by, format_time(e.added)});
  }
  print(listing, arguments.output, "there are no exceptions", shell.out);
}

void revoke(const Arguments& arguments, Shell& shell) {
  const auto configuration = read_configuration(arguments.configuration, shell);
  if (!configuration) return;
  const auto done = ask_engine(*configuration, {"exception.revoke", {{"id", arguments.id}}});
  if (!done) return shell.fail(done.error());
  shell.out << "exception " << arguments.id << " is revoked\n";
}

}  // namespace

void add_exception(CLI::App& app, Shell& shell) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* const command = app.add_subcommand("exception", "what is left as it is on purpose");
  command->require_subcommand(1);

  CLI::App* const adding = command->add_subcommand("add", "leaves a target alone, for a reason, for a time");
  add_configuration_option(*adding, arguments->configuration);
  adding->add_option("--rule", arguments->rule, "a rule's id, or * for all")->required();
  adding->add_option("--target", arguments->target, "a target, or the beginning of one and *")->required();
  adding->add_option("--owner", arguments->owner, "who answers for it")->required();
  adding->add_option("--reason", arguments->reason, "why")->required();
  adding->add_option("--expires", arguments->expires, "until when: 30d, or 2026-12-31T00:00:00Z")->required();
  adding->add_flag("--force", arguments->force, "also for a rule that is not there (yet)");
  adding->callback([arguments, &shell] { add(*arguments, shell); });

  CLI::App* const listing = command->add_subcommand("list", "all exceptions");
  add_configuration_option(*listing, arguments->configuration);
  add_output_option(*listing, arguments->output);
  listing->callback([arguments, &shell] { list(*arguments, shell); });

  CLI::App* const revoking = command->add_subcommand("revoke", "ends an exception now");
  add_configuration_option(*revoking, arguments->configuration);
  revoking->add_option("ID", arguments->id, "as `kedge exception list` shows it")->required();
  revoking->callback([arguments, &shell] { revoke(*arguments, shell); });
}

}  // namespace kedge
