// kedge check: is the configuration right, are the rules, and (with --connect) is the world as it must be?

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <set>

#include "actions/aws/access.h"
#include "api/local_socket.h"
#include "app/command.h"
#include "app/engine_room.h"
#include "app/hardly_watched.h"
#include "app/lost_evidence.h"
#include "app/opened_trail.h"
#include "app/rule_directory.h"
#include "app/sources.h"
#include "base/clock.h"
#include "base/descriptor.h"
#include "base/nearest.h"
#include "kafka/topic_writer.h"
#include "ledger/sqlite_ledger.h"
#include "rule/rule_tests.h"

namespace kedge {
namespace {

constexpr size_t kNotesMax = 10;

struct Arguments {
  std::string configuration;
  std::string timeout = "10s";
  bool connect = false;
  bool effective = false;
};

void complain(Shell& shell, int code, const std::string& message) {
  shell.err << message << "\n";
  shell.exit_code = std::max(shell.exit_code, code);
}

// With the line of the setting it is about.
void complain(Shell& shell, int code, const Configuration& configuration, const Mistake& mistake) {
  complain(shell, code, to_string(configuration.path, mistake));
}

// With the baselines that they name.
void check_sensors(const Configuration& configuration, Shell& shell) {
  const LoadedSensors loaded = load_sensors(configuration, shell.environment);
  for (const std::string& warning : loaded.warnings) shell.err << configuration.path << ": " << warning << "\n";
  for (const Mistake& mistake : loaded.mistakes) complain(shell, kFoundWrong, configuration, mistake);
}

std::shared_ptr<const RuleSet> check_rules(const Configuration& configuration, const ActionCatalog& actions,
                                           Shell& shell) {
  RuleSet::Loaded loaded = load_rules(configuration, actions);
  for (const RuleProblem& problem : loaded.problems) complain(shell, kFoundWrong, to_line(configuration, problem));
  if (!loaded.rules) return nullptr;
  std::vector<std::string_view> known;
  for (const Rule& rule : loaded.rules->rules()) known.push_back(rule.id);
  for (const auto& [rule, mode] : configuration.modes) {
    if (loaded.rules->find(rule) != nullptr) continue;
    complain(shell, kFoundWrong, configuration,
             mistake_at(configuration, "rules.modes." + rule,
                        fmt::format("there is no rule '{}'{}", rule, did_you_mean(rule, known))));
  }
  return loaded.rules;
}

// Channels that plans name must exist: a notice to nobody is found here, not at three in the morning.
void check_channels(const Configuration& configuration, const RuleSet& rules, const RuleTestReport& report,
                    Shell& shell) {
  if (configuration.channels.empty()) {
    shell.err << configuration.path << ": no channel is configured in notify.channels: nobody will be told\n";
    return;
  }
  std::vector<std::string_view> known;
  for (const ChannelOptions& channel : configuration.channels) known.push_back(channel.name);
  for (const auto& [id, channels] : report.planned) {
    const Rule* const rule = rules.find(id);
    for (const std::string& channel : channels) {
      if (std::find(known.begin(), known.end(), channel) != known.end()) continue;
      complain(shell, kFoundWrong,
               to_line(configuration, {rule->file, rule->line, id, "notify",
                                       fmt::format("there is no channel '{}' in notify.channels of {}{}", channel,
                                                   configuration.path, did_you_mean(channel, known))}));
    }
  }
}

// Actions, arguments and channels are looked at when a plan is made, and only the rules' tests make plans here.
void note_untried(const Configuration& configuration, const RuleSet& rules, const RuleTestReport& report,
                  Shell& shell) {
  size_t untried = 0;
  for (const Rule& rule : rules.rules()) {
    const auto is_its = [&](const RuleTestResult& result) { return result.rule == rule.id && !result.passed; };
    const bool tried =
        report.planned.contains(rule.id) || std::any_of(report.results.begin(), report.results.end(), is_its);
    if (tried || ++untried > kNotesMax) continue;
    shell.err << to_line(configuration, {rule.file, rule.line, rule.id, "",
                                         "its plan was not tried: it has no test in which it fires (`kedge test`)"})
              << "\n";
  }
  if (untried > kNotesMax) {
    shell.err << fmt::format("{}: the plans of {} further rules were not tried\n", configuration.rules_directory,
                             untried - kNotesMax);
  }
}

// A host that is put anew has nothing left to be looked at: what ran on it is kept before, or by nobody.
void note_lost_evidence(const Configuration& configuration, const RuleSet& rules, const RuleTestReport& report,
                        Shell& shell) {
  for (const auto& [id, plans] : report.plans) {
    std::optional<std::string> lost;
    for (const Plan& plan : plans) {
      if (!lost) lost = replaced_without_evidence(plan);
    }
    if (!lost) continue;
    const Rule* const rule = rules.find(id);
    shell.err << to_line(configuration,
                         {rule->file, rule->line, id, "",
                          fmt::format("its plan replaces {} without host.capture_evidence before that: processes, "
                                      "sockets and open files of what was changed are lost",
                                      *lost)})
              << "\n";
  }
}

// A rule that fails says itself where: "first.lua:12: ...".
std::string line_of(const Configuration& configuration, const RuleTestResult& result) {
  constexpr std::string_view kFailed = "the rule failed: ";
  const std::string& folder = configuration.rules_directory;
  const std::string test = fmt::format("{}:{}", result.file, result.line);
  if (!result.message.starts_with(kFailed)) {
    return fmt::format("{}/{}: rule {}: test '{}': {}", folder, test, result.rule, result.name, result.message);
  }
  return fmt::format("{}/{} (rule {}, test '{}' in {})", folder, result.message.substr(kFailed.size()), result.rule,
                     result.name, test);
}

void check_plans(const Configuration& configuration, const std::shared_ptr<const RuleSet>& rules, Shell& shell) {
  const RuleTestReport report = run_rule_tests(rules);
  for (const RuleProblem& problem : report.problems) complain(shell, kFoundWrong, to_line(configuration, problem));
  for (const RuleTestResult& result : report.results) {
    if (!result.passed) complain(shell, kFoundWrong, line_of(configuration, result));
  }
  check_channels(configuration, *rules, report, shell);
  note_untried(configuration, *rules, report, shell);
  note_lost_evidence(configuration, *rules, report, shell);
}

// What a rule that names an unknown window finds is held: that is found here, not when it waits.
void check_windows(const Configuration& configuration, const RuleSet& rules, Shell& shell) {
  std::vector<std::string_view> known;
  for (const auto& [name, window] : configuration.gate.windows) known.push_back(name);
  for (const Rule& rule : rules.rules()) {
    const std::string& name = rule.policy.window;
    if (name.empty() || configuration.gate.windows.contains(name)) continue;
    complain(shell, kFoundWrong,
             to_line(configuration, {rule.file, rule.line, rule.id, "window",
                                     fmt::format("there is no window '{}' in windows of {}{}", name, configuration.path,
                                                 did_you_mean(name, known))}));
  }
}

// Advice, and no more: a rule may be right the first time.
void note_hardly_watched(const Configuration& configuration, const RuleSet& rules, Shell& shell) {
  std::set<std::string> acting;
  for (const Rule& rule : rules.rules()) {
    if (rule.policy.mode == Mode::canary || rule.policy.mode == Mode::enforce) acting.insert(rule.id);
  }
  if (acting.empty() || !std::filesystem::exists(configuration.data + "/ledger.db")) return;
  auto ledger = open_sqlite_reader(configuration.data);
  if (!ledger) return;  // other commands say what is wrong with it
  const OpenedReader reader{configuration, *std::move(ledger)};
  SystemClock clock;
  const OpenedTrail opened = OpenedTrail::of(reader, shell);
  RecordSearch trail = opened.search(shell);
  const auto found = hardly_watched(trail, std::move(acting), clock.now());
  if (!found) return;
  for (const Rule& rule : rules.rules()) {
    if (!found->contains(rule.id)) continue;
    shell.err << to_line(configuration,
                         {rule.file, rule.line, rule.id, "mode",
                          fmt::format("it acts, and nobody can have seen much of what it does: this ledger knows it "
                                      "since less than {}, and of fewer than {} matches in mode shadow",
                                      format_duration(kWatchedFor), kWatchedMatches)})
              << "\n";
  }
}

void print_rules(const RuleSet& rules, std::ostream& out) {
  for (const Rule& rule : rules.rules()) {
    out << fmt::format("  {:<36} {:<8} {:<13} {}\n", rule.id, to_string(rule.policy.mode),
                       to_string(rule.policy.severity), rule.policy.title);
  }
}

// What helps where AWS could not be asked who we are.
std::string reason_of(const AwsError& error) {
  const bool no_answer = error.status == 0 && error.code.empty();
  return action_error(error).message +
         (no_answer ? "; check aws.endpoint and aws.region, and that this machine may connect there" : "");
}

void reach_aws(const Configuration& configuration, AwsClient& aws, Shell& shell) {
  const auto identity = aws.identity();
  if (!identity) {
    return complain(shell, kNotReached, configuration, mistake_at(configuration, "aws", reason_of(identity.error())));
  }
  shell.out << "AWS: we are " << identity->arn << " (credentials " << aws.credential_origin() << ")\n";
  for (const auto& [account, role] : configuration.aws.roles) {
    const auto assumed = aws.identity(account);
    if (assumed) {
      shell.out << "AWS: in " << account << " we are " << assumed->arn << "\n";
      continue;
    }
    complain(shell, kNotReached, configuration,
             mistake_at(configuration, fmt::format("aws.roles.{}.arn", account),
                        fmt::format("{}; {} needs the permission sts:AssumeRole on {}, and the role's trust policy has "
                                    "to name it",
                                    reason_of(assumed.error()), identity->arn, role.arn)));
  }
  shell.out << "AWS: permissions of actions are not tried here: they show when a rule acts (docs/operating.md lists "
               "them)\n";
}

// The option of a source that is most likely to be mended.
std::string option_to_mend(const Error& error) {
  if (error.code == ErrorCode::not_found) return "topics";
  return error.code == ErrorCode::refused ? "properties" : "brokers";
}

void reach_brokers(const Configuration& configuration, Duration timeout, Shell& shell) {
  for (const SourceSettings& settings : configuration.sources) {
    const KafkaSource::Options& source = settings.kafka;
    const auto reached = KafkaSource::reach(source, configuration.seen_for, timeout);
    if (!reached) {
      const Error& error = reached.error();
      complain(shell, kNotReached, configuration,
               mistake_at(configuration, settings.field + "." + option_to_mend(error), error.message));
      continue;
    }
    for (const std::string& line : *reached) shell.out << "source " << source.name << ": " << line << "\n";
  }
}

// Both topics: the one is written, the other is read.
void reach_hosts(const Configuration& configuration, Duration timeout, Shell& shell) {
  const RemoteHostsOptions& hosts = configuration.remote_hosts;
  if (hosts.key.empty()) return;
  for (const bool is_commands : {true, false}) {
    WriterOptions topic = hosts.commands;
    if (!is_commands) topic.topic = hosts.outcomes;
    const auto partitions = TopicWriter(topic).partitions(timeout);
    if (partitions) {
      shell.out << fmt::format("hosts: topic {}, {} partitions\n", topic.topic, *partitions);
      continue;
    }
    const std::string option = option_to_mend(partitions.error());
    const std::string field = option == "topics" ? (is_commands ? "commands" : "outcomes") : option;
    complain(shell, kNotReached, configuration,
             mistake_at(configuration, "hosts." + field, partitions.error().message));
    if (option != "topics") return;  // it is the same for the other
  }
}

void reach_place(const Configuration& configuration, const std::string& field, const CheckpointPlaceOptions& options,
                 Duration timeout, Shell& shell) {
  const auto say = [&](const std::string& what) {
    shell.out << fmt::format("checkpoint place {}: {}\n", options.name, what);
  };
  if (const auto* file = std::get_if<CheckpointFileOptions>(&options.place)) {
    const std::string parent = std::filesystem::path(file->path).parent_path();
    if (access(parent.c_str(), W_OK | X_OK) == 0) return say("a file can be written in " + parent);
    return complain(shell, kNotReached, configuration,
                    mistake_at(configuration, field + ".file", io_error("cannot write in", parent).message));
  }
  if (const auto* topic = std::get_if<CheckpointTopicOptions>(&options.place)) {
    const auto partitions = TopicWriter(*topic).partitions(timeout);
    if (partitions) return say(fmt::format("topic {}, {} partitions", topic->topic, *partitions));
    const std::string option = option_to_mend(partitions.error());
    return complain(shell, kNotReached, configuration,
                    mistake_at(configuration, field + ".kafka." + (option == "topics" ? "topic" : option),
                               partitions.error().message));
  }
  say("its webhook is not tried here: that it works shows when the first checkpoint is sent");
}

void reach_places(const Configuration& configuration, Duration timeout, Shell& shell) {
  const std::vector<CheckpointPlaceOptions>& places = configuration.audit.publish_to;
  for (size_t i = 0; i < places.size(); ++i) {
    reach_place(configuration, fmt::format("audit.publish_to[{}]", i), places[i], timeout, shell);
  }
}

void run(const Arguments& arguments, Shell& shell) {
  const auto timeout = parse_duration(arguments.timeout);
  if (!timeout) return shell.fail(kUsedWrongly, "--timeout: " + timeout.error().message);
  const auto configuration = read_configuration(arguments.configuration, shell, true);
  if (!configuration) return;
  const auto room = open_engine_room(*configuration, shell.environment);
  if (!room) return complain(shell, kFoundWrong, *configuration, mistake_from(*configuration, room.error()));
  if (const std::string& group = configuration->control_group; !group.empty()) {
    const auto known = group_named(group);
    if (!known)
      complain(shell, kFoundWrong, *configuration,
               mistake_at(*configuration, "api.control_group", known.error().message + "; make it, or mend the name"));
  }
  if (const auto opened = open_remote_hosts(**room, *configuration); !opened) {
    complain(shell, kFoundWrong, *configuration, mistake_from(*configuration, opened.error()));
  }
  check_sensors(*configuration, shell);
  const auto rules = check_rules(*configuration, (*room)->actions->catalog(), shell);
  if (rules) {
    check_plans(*configuration, rules, shell);
    check_windows(*configuration, *rules, shell);
    note_hardly_watched(*configuration, *rules, shell);
  }
  if (arguments.effective) shell.out << effective_configuration(*configuration) << "\n";
  if (arguments.connect) {
    reach_aws(*configuration, *(*room)->aws, shell);
    reach_brokers(*configuration, *timeout, shell);
    reach_hosts(*configuration, *timeout, shell);
    reach_places(*configuration, *timeout, shell);
  }
  if (shell.exit_code != kGood) return;
  const size_t count = rules->rules().size();
  shell.out << configuration->path << " is good; " << count << (count == 1 ? " rule" : " rules") << " in "
            << configuration->rules_directory << ":\n";
  print_rules(*rules, shell.out);
}

}  // namespace

void add_check(CLI::App& app, Shell& shell) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* const command = app.add_subcommand("check", "is the configuration right, are the rules?");
  add_configuration_option(*command, arguments->configuration);
  command->add_flag("--connect", arguments->connect,
                    "also reach for the brokers, for AWS and for where checkpoints are kept");
  command->add_option("--timeout", arguments->timeout, "how long a broker is waited for (10s)")->type_name("SPAN");
  command->add_flag("--effective", arguments->effective, "print the values in force, defaults included");
  command->callback([arguments, &shell] { run(*arguments, shell); });
}

}  // namespace kedge
