// kedge source: how far each partition is read, and letting a stopped one go on.

#include <iostream>
#include <memory>

#include "app/command.h"
#include "app/control.h"
#include "app/output.h"

namespace kedge {
namespace {

struct Arguments {
  std::string configuration;
  OutputFormat output = OutputFormat::table;
  std::string source, topic;
  int partition = 0;
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
}

}  // namespace kedge
