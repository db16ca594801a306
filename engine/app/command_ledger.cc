// kedge ledger: is it sound, a copy of it, a copy in its place, and the clock that its time follows.

#include <fmt/format.h>

#include <iostream>
#include <memory>

#include "api/actor.h"
#include "app/audit_log.h"
#include "app/command.h"
#include "app/control.h"
#include "app/output.h"
#include "base/clock.h"
#include "base/time.h"
#include "ledger/backup.h"
#include "ledger/exchange.h"
#include "ledger/ledger_check.h"
#include "ledger/restoration.h"
#include "ledger/sqlite_ledger.h"
#include "trail/log_records.h"

namespace kedge {
namespace {

struct Arguments {
  std::string configuration;
  OutputFormat output = OutputFormat::table;
  std::string file;
  std::string reason;
};

std::string counted(int64_t number, std::string_view one, std::string_view several) {
  return fmt::format("{} {}", number, number == 1 ? one : several);
}

std::string summary(const LedgerCheck& check) {
  const std::string from = check.first > 0 ? fmt::format(" from {} on", check.first) : "";
  return fmt::format("ledger {}, incarnation {}, head {} of {}: {}{}, {} open, {} ended, {}, {}", check.ledger_id,
                     check.incarnation, check.head, format_time(check.time),
                     counted(check.records, "record", "records"), from,
                     counted(check.open, "remediation", "remediations"), check.ended,
                     counted(check.claims, "claim", "claims"), counted(check.blobs, "blob", "blobs"));
}

Listing listing_of(const LedgerCheck& check) {
  Listing listing{{{"part", "PART"}, {"where", "WHERE"}, {"message", "WHAT", 160}}, {}};
  for (const LedgerFault& fault : check.faults) listing.rows.push_back({fault.part, fault.where, fault.message});
  return listing;
}

nlohmann::json json_of(const LedgerCheck& check) {
  nlohmann::json faults = nlohmann::json::array();
  for (const LedgerFault& fault : check.faults) {
    faults.push_back({{"part", fault.part}, {"where", fault.where}, {"message", fault.message}});
  }
  return {{"good", check.good()},
          {"ledger", check.ledger_id},
          {"incarnation", check.incarnation},
          {"first", check.first},
          {"head", check.head},
          {"time", format_time(check.time)},
          {"records", check.records},
          {"open", check.open},
          {"ended", check.ended},
          {"claims", check.claims},
          {"blobs", check.blobs},
          {"faults", std::move(faults)},
          {"more_faults", check.more_faults}};
}

// The faults, a line each, and what was read. In JSON both are one object.
void tell(const std::string& path, const LedgerCheck& check, OutputFormat output, Shell& shell) {
  if (!check.good()) shell.exit_code = kFoundWrong;
  if (output == OutputFormat::json) {
    shell.out << json_of(check).dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
    return;
  }
  const std::string read = path + ": " + summary(check);
  const int64_t number = static_cast<int64_t>(check.faults.size()) + check.more_faults;
  if (output == OutputFormat::csv || !check.good()) print(listing_of(check), output, "", shell.out);
  std::ostream& last = output == OutputFormat::csv ? shell.err : shell.out;
  if (check.more_faults > 0) last << "and " << check.more_faults << " more\n";
  last << read << "\n" << (check.good() ? "nothing is wrong with it" : counted(number, "fault", "faults")) << "\n";
}

void check(const Arguments& arguments, Shell& shell) {
  const auto configuration = read_configuration(arguments.configuration, shell);
  if (!configuration) return;
  if (arguments.file.empty()) {
    if (const auto whole = check_no_exchange(configuration->data); !whole) return shell.fail(whole.error());
  }
  const std::string path = arguments.file.empty() ? configuration->data + "/ledger.db" : arguments.file;
  const auto found = check_ledger(path, configuration->undo_horizon);
  if (!found && found.error().code == ErrorCode::not_found) return shell.fail(kNotReached, found.error().message);
  if (!found) return shell.fail(found.error());
  tell(path, *found, arguments.output, shell);
}

void back_up(const Arguments& arguments, Shell& shell) {
  const auto configuration = read_configuration(arguments.configuration, shell);
  if (!configuration) return;
  const auto copied = back_up_ledger(configuration->data, arguments.file, configuration->undo_horizon);
  if (!copied && copied.error().code == ErrorCode::not_found) return shell.fail(kNotReached, copied.error().message);
  if (!copied) return shell.fail(copied.error());
  tell(arguments.file, *copied, arguments.output, shell);
  if (copied->good()) return;
  shell.fail(kFoundWrong,
             "there is no backup: the copy has these faults, and so has the ledger (`kedge ledger check`)");
}

nlohmann::json json_of(const Restoration& restoration) {
  nlohmann::json json = {{"ledger", restoration.backup.ledger_id},
                         {"incarnation", restoration.incarnation},
                         {"from", restoration.backup.head},
                         {"record", restoration.head},
                         {"set_aside", restoration.set_aside},
                         {"former", nullptr},
                         {"known", nullptr},
                         {"dropped", restoration.dropped},
                         {"outdated", restoration.outdated}};
  if (restoration.known) json["known"] = *restoration.known;
  if (const auto& former = restoration.former) {
    json["former"] = {{"ledger", former->ledger_id}, {"incarnation", former->incarnation}, {"head", former->head}};
  }
  return json;
}

void tell_former(const Restoration& restoration, Shell& shell) {
  if (restoration.set_aside.empty()) {
    shell.out << "there was no ledger in its place: what happened after the backup is not known\n";
    return;
  }
  shell.out << "the former ledger lies in " << restoration.set_aside;
  if (!restoration.former) {
    shell.out << "; it cannot be read: what happened after the backup is not known\n";
    return;
  }
  shell.out << fmt::format(" (ledger {}, head {})\n", restoration.former->ledger_id, restoration.former->head);
}

// What came of the decisions since the backup.
void tell_what_is_known(const Restoration& restoration, Shell& shell) {
  if (restoration.dropped > 0) {
    shell.out << fmt::format("the records up to {} tell what came of {}: not decided again\n",
                             restoration.known.value_or(restoration.backup.head),
                             counted(restoration.dropped, "decision", "decisions"));
  }
  if (restoration.outdated > 0) {
    shell.out << fmt::format("{} of the backup went on since, or may have: held\n",
                             counted(restoration.outdated, "open remediation", "open remediations"));
  }
}

// What a person must do now, as the engine does nothing by itself.
void tell(const Restoration& restoration, OutputFormat output, Shell& shell) {
  if (restoration.former && restoration.former->ledger_id != restoration.backup.ledger_id) {
    shell.err << "kedge: the former ledger was another one, with another id: is this the right backup?\n";
  }
  if (output == OutputFormat::json) {
    shell.out << json_of(restoration).dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
    return;
  }
  shell.out << fmt::format("restored: ledger {} as of record {}; record {} says so; incarnation {}\n",
                           restoration.backup.ledger_id, restoration.backup.head, restoration.head,
                           restoration.incarnation);
  tell_former(restoration, shell);
  tell_what_is_known(restoration, shell);
  shell.out
      << "All effects are paused. After `kedge run` events are read again from where the backup stood; what is not "
         "as it should be is held:\nlook at it with `kedge remediation list --held`, which says what to type about "
         "each, then `kedge resume`;\n`kedge resume --scope restored` lets all go on that events from before this "
         "moment ask for\n";
}

// The audit log, once it has what the ledger that is there still has for it; none: there is none. Where it cannot take
// all of that, why is told; whether it matters is the restoration's to say.
Result<std::optional<LogOfLedger>> log_of_ledger(const Configuration& configuration, Clock& clock, Shell& shell) {
  if (configuration.audit.keys.empty()) return std::optional<LogOfLedger>();
  if (const auto former = open_sqlite_reader(configuration.data)) {
    const auto log = AuditLog::start(configuration.audit, configuration.data, **former, clock);
    if (!log) return log.error();
    (*log)->stop();
    if (const auto trouble = (*log)->status().trouble) {
      shell.err << "kedge: the audit log was not brought up to the former ledger: " << *trouble << "\n";
    }
  }
  const auto log = open_log(configuration.audit, configuration.data);
  if (!log) return log.error();
  const auto records = std::make_shared<LogRecords>(configuration.audit.directory);
  const auto published = records->look();
  if (!published && published.error().code != ErrorCode::not_found) return published.error();
  return std::optional(LogOfLedger{static_cast<int64_t>((*log)->size()),
                                   [records](int64_t from, size_t limit) { return records->records(from, limit); }});
}

void restore(const Arguments& arguments, Shell& shell) {
  const auto configuration = read_configuration(arguments.configuration, shell);
  if (!configuration) return;
  SystemClock clock;
  const auto log = log_of_ledger(*configuration, clock, shell);
  if (!log) return shell.fail(log.error().with("a ledger is restored while no daemon runs"));
  const auto restored =
      restore_ledger(configuration->data, arguments.file, configuration->undo_horizon, own_actor(), clock, *log);
  if (!restored && restored.error().code == ErrorCode::not_found) {
    return shell.fail(kNotReached, restored.error().message);
  }
  if (!restored) return shell.fail(restored.error());
  if (restored->backup.good()) return tell(*restored, arguments.output, shell);
  tell(arguments.file, restored->backup, arguments.output, shell);
  shell.fail(kFoundWrong, "nothing was restored: the backup has these faults");
}

void accept_clock(const Arguments& arguments, Shell& shell) {
  const auto configuration = read_configuration(arguments.configuration, shell);
  if (!configuration) return;
  const auto done = ask_engine(*configuration, {"ledger.accept-clock", {{"reason", arguments.reason}}});
  if (!done) return shell.fail(done.error());
  shell.out << "accepted: the wall clock is right; effects go on\n";
}

}  // namespace

void add_ledger(CLI::App& app, Shell& shell) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* const command = app.add_subcommand("ledger", "the durable state: whether it is sound, and copies of it");
  command->require_subcommand(1);
  CLI::App* const checking =
      command->add_subcommand("check", "reads all of it, also beside a running daemon: one line for each fault");
  add_configuration_option(*checking, arguments->configuration);
  add_output_option(*checking, arguments->output);
  checking->add_option("FILE", arguments->file, "a backup; without it, the ledger itself");
  checking->callback([arguments, &shell] { check(*arguments, shell); });
  CLI::App* const backing =
      command->add_subcommand("backup", "copies it, also beside a running daemon, and checks the copy");
  add_configuration_option(*backing, arguments->configuration);
  add_output_option(*backing, arguments->output);
  backing->add_option("FILE", arguments->file, "where to: a file that is not there yet")->required();
  backing->callback([arguments, &shell] { back_up(*arguments, shell); });
  CLI::App* const restoring = command->add_subcommand(
      "restore", "puts a backup in its place, while no daemon runs; all effects are paused then");
  add_configuration_option(*restoring, arguments->configuration);
  add_output_option(*restoring, arguments->output);
  restoring->add_option("FILE", arguments->file, "the backup")->required();
  restoring->callback([arguments, &shell] { restore(*arguments, shell); });
  CLI::App* const accepting = command->add_subcommand(
      "accept-clock", "the wall clock is right although it is far from ledger time: effects, which it stops, go on");
  add_configuration_option(*accepting, arguments->configuration);
  accepting->add_option("--reason", arguments->reason, "why, for the record")->required();
  accepting->callback([arguments, &shell] { accept_clock(*arguments, shell); });
}

}  // namespace kedge
