// kedge dev-kafka: a stand-in for Kafka, for trying things out.

#include <csignal>
#include <iostream>
#include <memory>

#include "app/command.h"
#include "base/files.h"
#include "kafka/mock_cluster.h"

namespace kedge {
namespace {

struct Arguments {
  std::vector<std::string> topics;
  std::string address_file;
};

constexpr const char* kLimits =
    "This is librdkafka's mock cluster, not a broker:\n"
    "  - it keeps everything in memory, at most 5 MiB of each partition, and drops the oldest without a word\n"
    "  - it has no transactions, no TLS and no SASL, and listens on 127.0.0.1 only, on a port of its own choice\n"
    "  - each rebalance but the first takes the session timeout less a second: give clients session.timeout.ms=6000\n"
    "  - an idle fetch is answered only when fetch.wait.max.ms has passed: give clients fetch.wait.max.ms=10\n"
    "Use it to try kedge out and for nothing else.\n";

// "name" or "name:partitions".
Result<MockCluster::Topic> parse_topic(const std::string& text) {
  MockCluster::Topic topic;
  const size_t colon = text.rfind(':');
  topic.name = text.substr(0, colon);
  if (colon != std::string::npos) {
    const std::string number = text.substr(colon + 1);
    topic.partitions =
        number.size() <= 4 && number.find_first_not_of("0123456789") == std::string::npos && !number.empty()
            ? std::stoi(number)
            : 0;
  }
  if (topic.name.empty() || topic.partitions < 1 || topic.partitions > 1000) {
    return Error{ErrorCode::invalid, "'" + text + "' is not a topic; write NAME or NAME:PARTITIONS (1 to 1000)"};
  }
  return topic;
}

void wait_for_the_end() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  int received = 0;
  sigwait(&signals, &received);
}

void block_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

void run(const Arguments& arguments, Shell& shell) {
  std::vector<MockCluster::Topic> topics;
  for (const std::string& text : arguments.topics) {
    const auto topic = parse_topic(text);
    if (!topic) return shell.fail(kUsedWrongly, topic.error().message);
    topics.push_back(*topic);
  }
  block_signals();
  const auto cluster = MockCluster::start(topics);
  if (!cluster) return shell.fail(cluster.error());
  const std::string address = (*cluster)->bootstrap_servers();
  shell.err << kLimits;
  shell.out << address << std::endl;
  if (!arguments.address_file.empty()) {
    if (const auto done = write_file_atomically(arguments.address_file, address + "\n"); !done) {
      return shell.fail(done.error());
    }
  }
  wait_for_the_end();
}

}  // namespace

void add_dev_kafka(CLI::App& app, Shell& shell) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* const command = app.add_subcommand("dev-kafka", "a stand-in for Kafka, for trying things out");
  command->add_option("--topic", arguments->topics, "NAME or NAME:PARTITIONS; may be given several times")
      ->type_name("TOPIC")
      ->required();
  command->add_option("--address-file", arguments->address_file, "where to write host:port, once it listens")
      ->type_name("FILE");
  command->footer(kLimits);
  command->callback([arguments, &shell] { run(*arguments, shell); });
}

}  // namespace kedge
