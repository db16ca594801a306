// KafkaSource: reads the topics of one consumer group of one cluster.
//
// Two threads: the owner polls, assigns, pauses and hands over batches; the surveyor asks the broker and the ledger
// what takes time to answer. Where reading of a partition starts is decided by start_of_reading().
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "kafka/properties.h"
#include "source/source.h"

namespace kedge {

// Where a topic that was never read before starts.
enum class StartAt { earliest, latest };

// "earliest", "latest".
Result<StartAt> parse_start_at(std::string_view);

class KafkaSource final : public Source {
 public:
  struct Options {
    std::string name;                 // as in the configuration
    std::string brokers;              // "host:port,host:port"
    std::string group;                // consumer group
    std::string instance;             // this node's name, stable over restarts (static membership); empty: none
    std::vector<std::string> topics;  // names, or regular expressions that begin with "^"
    StartAt start = StartAt::earliest;
    std::map<std::string, std::string> properties;  // librdkafka's, but for those that the engine owns

    size_t client_queue_bytes = 32U << 20U;  // what the client has fetched and we have not read may take in memory
    size_t batch_bytes_max = 256U << 10U;    // a batch is handed over when it holds as much
    size_t drain_bytes_max = 1U << 20U;      // all open batches are handed over after as much, even if more is there
    Duration lane_patience = std::chrono::milliseconds(100);  // how long a full lane is waited for before it is paused
    Duration trusted_pause = std::chrono::minutes(1);     // a partition that was paused for longer is looked at anew
    Duration survey_interval = std::chrono::seconds(30);  // between looks for foreign members
    Duration renew_after =
        std::chrono::minutes(5);  // a client that is so long in no group, without a reason, is replaced
    int threads_max = 400;        // more of them in the process are warned of
  };

  // Checks the options, all of them, without reaching for a broker. The error names the option and what would be right.
  static Result<void> check(const Options&);

  // The same, but everything that is wrong, each with the option and the place in it.
  static std::vector<OptionMistake> mistakes(const Options&);

  // Those of the options, and those that the engine sets where the options do not.
  static KafkaProperties properties_in_force(const Options&);

  // Reaches for the brokers without joining the group: what was found there, a line each, and of a topic that suits us
  // badly a line that begins with "warning: ". The error says why the brokers cannot be reached, or which topic is not
  // there, and what would help. `seen_for`: how long the keys of events are remembered.
  static Result<std::vector<std::string>> reach(const Options&, Duration seen_for, Duration timeout);

  // `lanes` not empty. Positions and Clock are borrowed and must outlive the source.
  static Result<std::unique_ptr<KafkaSource>> create(Options, const Lanes&, Positions&, Clock&);

  // Stops, if stop() was not called, with a deadline of five seconds.
  ~KafkaSource() override;
  KafkaSource(const KafkaSource&) = delete;
  KafkaSource& operator=(const KafkaSource&) = delete;

  std::string_view name() const override;
  Result<void> start() override;
  void committed(const std::shared_ptr<const Assignment>&, int64_t next) override;
  void hold(const std::shared_ptr<const Assignment>&, std::string why) override;
  void reconsider(std::string_view topic, int32_t partition, Permission) override;
  SourceStatus status() const override;
  std::optional<std::string> not_alone() const override;
  std::optional<std::string> ledger_in_doubt() const override;
  bool stop(Duration deadline) override;

 private:
  class Loop;
  explicit KafkaSource(std::shared_ptr<Loop>);
  std::shared_ptr<Loop> loop_;  // shared with its threads: one that cannot be ended in time keeps what it uses
};

}  // namespace kedge
