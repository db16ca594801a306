// KafkaHosts: calls hosts over Kafka. A command is signed by the engine and written to one topic; the host's agent
// reads it there and writes what became of it, signed by the host, to another.
//
// An outcome counts when it is signed by the key that is listed for the host that was called, and names the command's
// id and digest. All others are counted and dropped: those that come too late, those of nobody who is known, and those
// for which nobody waits here. The host is given less time than the caller has, so that its outcome can still come.
//
// Hosts also tell alarms by themselves. Who has a host has its key, so few are taken of each in a while. Told while no
// engine reads they are missed, but for those of the last minute before a start, which may so come twice.
//
// Ownership:  owns its threads and clients; borrows the clock and the randomness.
// Threads:    call(), status() and take_alarms() from any, any number at once; start and stop from one. Calls that wait
// at a stop
//             return as if their time were over.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "agent/alarm_message.h"
#include "agent/command_message.h"
#include "agent/heartbeat_message.h"
#include "agent/outcome_message.h"
#include "agent/topic_reader.h"
#include "audit/note.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/thread.h"
#include "base/waiting.h"
#include "kafka/topic_writer.h"
#include "remediate/hosts.h"

namespace kedge {

class KafkaHosts final : public Hosts {
 public:
  struct Options {
    WriterOptions commands;          // its timeout: until a command counts as not written
    ConsumerOptions outcomes;        // one topic
    std::vector<VerifierKey> hosts;  // the hosts' keys, each by the host's name; several of one name: any of them
    size_t calls_max = 1'000;        // that wait at once
  };
  // Of outcomes and heartbeats that were read.
  struct Status {
    uint64_t outcomes = 0;    // that a call waited for
    uint64_t heartbeats = 0;  // of hosts that are known
    uint64_t alarms = 0;
    uint64_t alarms_beyond = 0;  // that were not taken: too many of one host
    uint64_t late = 0;     // outcomes that are good, and that nobody waits for: late, come again, or another engine's
    uint64_t foreign = 0;  // of no known host, unsigned or wrongly signed, of another command or another host
    uint64_t unreadable = 0;
    std::map<std::string, HeartbeatMessage> heard;  // the last heartbeat of each host
    bool reads = false;                             // outcomes: until then none is missed, but they come late
    std::optional<std::string> trouble;             // why they are not read
  };

  KafkaHosts(Options options, SigningKey key, Clock& clock, Random& random);
  ~KafkaHosts() override;
  KafkaHosts(const KafkaHosts&) = delete;
  KafkaHosts& operator=(const KafkaHosts&) = delete;

  void start();
  // False: a client does not end (TopicReader::stop).
  bool stop(Duration deadline);

  ActionResult<nlohmann::json> call(const HostCommand&) override;
  bool knows(const std::string& host) const;
  Status status() const;

  // Those that came since it was asked before, each once.
  std::vector<HostAlarmMessage> take_alarms();

 private:
  // What a call waits for.
  struct News {
    std::optional<OutcomeMessage> outcome;
    std::optional<Error> not_written;
    bool perhaps = false;  // with not_written: it may be there
  };
  struct Call {
    std::string host, id, digest, text;
    Mailbox<News> news{16};
    std::atomic<bool> withdrawn = false;    // before it was handed over
    std::atomic<bool> handed_over = false;  // it may be on the topic
  };
  using Calls = std::map<std::string, std::shared_ptr<Call>>;  // by id

  Result<std::shared_ptr<Call>> open(const HostCommand&);
  ActionResult<nlohmann::json> wait(const HostCommand&, Call&, Duration end);
  void send();
  void send(const std::vector<std::shared_ptr<Call>>& calls);
  void take(const TopicReader::Record& record);
  void take_outcome(const SignedJson&);
  void take_heartbeat(const SignedJson&);
  void take_alarm(const SignedJson&);
  bool is_by(const SignedJson&, const std::string& host) const;

  // Constant after construction.
  const Options options_;
  const SigningKey key_;
  Clock& clock_;
  Random& random_;

  Mailbox<std::shared_ptr<Call>> outbox_;
  std::stop_source stop_;

  TopicWriter writer_;  // the sending thread's own

  mutable std::mutex mutex_;
  Calls calls_;    // guarded by mutex_
  Status status_;  // guarded by mutex_
  struct Alarmed {
    Duration at{};
    std::string id;
  };
  std::map<std::string, std::deque<Alarmed>> alarmed_;  // guarded by mutex_; by host, of the last while
  std::vector<HostAlarmMessage> alarms_;                // guarded by mutex_; to be taken

  TopicReader reader_;
  Thread sender_;
};

}  // namespace kedge
