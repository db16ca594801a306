// kedge source: how far each partition is read, letting a stopped one go on, and reading one from another place.

#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <memory>

#include "app/command.h"
#include "app/control.h"
#include "app/output.h"
#include "app/sources.h"
#include "base/nearest.h"
#include "source/seek.h"
#include "source/start_of_reading.h"

namespace kedge {
namespace {

struct Arguments {
  std::string configuration;
  OutputFormat output = OutputFormat::table;
  std::string source, topic;
  int partition = 0;
  std::string to, reason;
};

void list(const Arguments& arguments, Shell& shell) {
  const auto reader = open_reader(arguments.configuration, shell);
  if (!reader) return;
  const auto positions = reader->ledger->positions();
  if (!positions) return shell.fail(positions.error());
  Listing listing{{{"source", "SOURCE"},
                   {"topic", "TOPIC"},
                   {"partition", "PARTITION"},
                   {"next", "NEXT"},
                   {"epoch", "EPOCH"},
                   {"cluster", "CLUSTER"},
                   {"stopped", "STOPPED", 100}},
                  {}};
  for (const StoredPosition& stored : *positions) {
    listing.rows.push_back({stored.partition.source, stored.partition.topic, stored.partition.partition,
                            stored.position.next, stored.position.epoch, stored.position.cluster, stored.stopped});
  }
  print(listing, arguments.output, "no partition was read yet", shell.out);
}

void ask(const std::string& verb, const Arguments& arguments, Shell& shell) {
  const auto configuration = read_configuration(arguments.configuration, shell);
  if (!configuration) return;
  const auto done = ask_engine(
      *configuration, {"source." + verb,
                       {{"source", arguments.source}, {"topic", arguments.topic}, {"partition", arguments.partition}}});
  if (!done) return shell.fail(done.error());
  shell.out << "asked for; /readyz and `kedge source list` tell what came of it\n";
}

// ---- seek ----------------------------------------------------------------------------------------------------------

Result<const SourceSettings*> source_named(const Configuration& configuration, const std::string& name) {
  for (const SensorSettings& sensor : configuration.sensors) {
    if (sensor.name == name) return Error{ErrorCode::refused, not_kept(name)};
  }
  std::vector<std::string_view> known;
  for (const SourceSettings& source : configuration.sources) {
    if (source.kafka.name == name) return &source;
    known.push_back(source.kafka.name);
  }
  return Error{ErrorCode::invalid,
               fmt::format("there is no source '{}' in {}{}", name, configuration.path, did_you_mean(name, known))};
}

Result<std::optional<Position>> position_of(LedgerReader& ledger, const PartitionId& partition) {
  const auto positions = ledger.positions();
  if (!positions) return positions.error();
  for (const StoredPosition& stored : *positions) {
    if (stored.partition == partition) return std::optional(stored.position);
  }
  return std::optional<Position>();
}

Result<void> goes_on(const StartFacts& facts) {
  const StartDecision decision = start_of_reading(facts);
  if (const auto* stay = std::get_if<StayStopped>(&decision)) return Error{ErrorCode::refused, stay->notice.text};
  return {};
}

// Whether reading would go on from the ledger's position; otherwise why not, which a person has to decide first. The
// engine may be reading meanwhile: its position `before` the brokers were asked lies in the log that they told of, and
// the one `after` is not behind the group, which is told behind the ledger.
Result<void> may_be_left(const PartitionId& partition, const std::string& ledger, const SeekFacts& brokers,
                         const std::optional<Position>& before, const std::optional<Position>& after) {
  if (!before || !after) return {};  // it is for the ledger to say
  StartFacts facts{.partition = partition,
                   .ledger = ledger,
                   .cluster = brokers.cluster,
                   .position = before,
                   .group = std::nullopt,
                   .log = brokers.log};
  if (auto on = goes_on(facts); !on) return on;
  facts.position = after;
  facts.group = brokers.group;
  facts.log.high = std::max(facts.log.high, after->next);
  return goes_on(facts);
}

void seek(const Arguments& arguments, Shell& shell) {
  constexpr Duration kPatience = std::chrono::seconds(10);
  const auto to = parse_seek_to(arguments.to);
  if (!to) return shell.fail(to.error().with("--to"));
  const auto reader = open_reader(arguments.configuration, shell);
  if (!reader) return;
  const auto source = source_named(reader->configuration, arguments.source);
  if (!source) return shell.fail(source.error());
  const TopicPartition where{arguments.topic, arguments.partition};
  const PartitionId partition{arguments.source, arguments.topic, arguments.partition};
  const auto ledger = reader->ledger->ledger_id();
  if (!ledger) return shell.fail(ledger.error());
  const auto before = position_of(*reader->ledger, partition);
  if (!before) return shell.fail(before.error());
  const auto brokers = look_where_to_seek((*source)->kafka, where, *to, kPatience);
  if (!brokers) return shell.fail(brokers.error().with("source " + arguments.source));
  const auto next = offset_to_seek(where, *to, *brokers);
  if (!next) return shell.fail(next.error());
  const auto after = position_of(*reader->ledger, partition);
  if (!after) return shell.fail(after.error());
  if (auto may = may_be_left(partition, *ledger, *brokers, *before, *after); !may) return shell.fail(may.error());
  const auto done = ask_engine(reader->configuration, {"source.seek",
                                                       {{"source", arguments.source},
                                                        {"topic", arguments.topic},
                                                        {"partition", arguments.partition},
                                                        {"cluster", brokers->cluster},
                                                        {"next", *next},
                                                        {"reason", arguments.reason}}});
  if (!done) return shell.fail(done.error());
  shell.out << fmt::format("{} is read from offset {} on{}; it stood at {}\n", to_string(partition), *next,
                           done->value("by_daemon", true) ? "" : ", when the daemon starts",
                           *after ? (*after)->next : 0);
}

}  // namespace

void add_source(CLI::App& app, Shell& shell) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* const command = app.add_subcommand("source", "how far each partition is read");
  command->require_subcommand(1);
  CLI::App* const listing = command->add_subcommand("list", "all positions");
  add_configuration_option(*listing, arguments->configuration);
  add_output_option(*listing, arguments->output);
  listing->callback([arguments, &shell] { list(*arguments, shell); });
  for (const auto& [verb, meaning] :
       {std::pair<std::string, std::string>{"accept",
                                            "reads a stopped partition on, as its log is now (needs the daemon)"},
        {"adopt", "takes over the group's offset from another ledger (needs the daemon)"}}) {
    CLI::App* const asking = command->add_subcommand(verb, meaning);
    add_configuration_option(*asking, arguments->configuration);
    asking->add_option("SOURCE", arguments->source, "its name in the configuration")->required();
    asking->add_option("TOPIC", arguments->topic, "the topic")->required();
    asking->add_option("PARTITION", arguments->partition, "its number")->required();
    asking->callback([arguments, &shell, verb = verb] { ask(verb, *arguments, shell); });
  }
  CLI::App* const seeking = command->add_subcommand("seek", "reads a partition from another place, back or ahead");
  add_configuration_option(*seeking, arguments->configuration);
  seeking->add_option("SOURCE", arguments->source, "its name in the configuration")->required();
  seeking->add_option("TOPIC", arguments->topic, "the topic")->required();
  seeking->add_option("PARTITION", arguments->partition, "its number")->required();
  seeking->add_option("--to", arguments->to, "an offset, beginning, end, or a time like 2026-11-28T10:00:00Z")
      ->required();
  seeking->add_option("--reason", arguments->reason, "why; it stays on record")->required();
  seeking->callback([arguments, &shell] { seek(*arguments, shell); });
}

}  // namespace kedge
