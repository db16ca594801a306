// Agent: a host's end of the way that commands take: it reads the topic of commands, has those for this host carried
// out one after another, and writes what became of them to the topic of outcomes. Nothing listens on the host.
//
// A command is done with, for the group's place, when it is in the journal and its outcome is acknowledged, or nobody
// waits for it any more. While Kafka is away it goes on trying; what waits is bounded.
//
// Alarms of the host go to the topic of outcomes, too, in the order in which they come.
//
// Ownership:  owns its threads and clients; borrows the handler and the clock.
// Threads:    start and stop from one; status and tell from any.
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include "agent/alarm_message.h"
#include "agent/command_handler.h"
#include "agent/heartbeat_message.h"
#include "agent/topic_reader.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/thread.h"
#include "base/waiting.h"
#include "kafka/topic_writer.h"

namespace kedge {

class Agent {
 public:
  struct Options {
    std::string host;
    std::vector<std::string> actions;  // that somebody may have done here: told in heartbeats
    ConsumerOptions commands;          // one topic; the group names this host's place in it
    WriterOptions outcomes;
    Duration heartbeat = std::chrono::seconds(60);
    Duration behind = std::chrono::minutes(10);  // at its very first start: commands of so long ago are read
    size_t inbox_bytes = 4U << 20U;
  };
  struct Status {
    bool reads = false;
    std::optional<std::string> trouble;
    std::string doing;  // for people; empty: it waits
  };

  Agent(Options options, SigningKey key, CommandHandler& handler, Clock& clock, Random& random);
  ~Agent();
  Agent(const Agent&) = delete;
  Agent& operator=(const Agent&) = delete;

  void start();
  // A command that is being carried out is told to stop, and its outcome is written if there is time for it. False: a
  // client does not end (TopicReader::stop).
  bool stop(Duration deadline);

  Status status() const;

  // To whoever reads outcomes, soon; id, host and time are set here. Never waits. While Kafka is away the oldest of too
  // many are given up; those that are not sent at a stop are.
  void tell(HostAlarmMessage alarm);

 private:
  void run();
  void send_alarms();
  void serve(const TopicReader::Record& record);
  void answer(const CommandHandler::Answer& answer);
  void beat();
  Result<void> write(std::string text);
  void note(std::optional<std::string> trouble);
  bool is_heartbeat_due() const { return clock_.elapsed() >= next_heartbeat_; }

  // Constant after construction.
  const Options options_;
  const SigningKey key_;
  CommandHandler& handler_;
  Clock& clock_;
  Random& random_;
  const std::string run_;

  // Provide their own synchronization.
  Mailbox<TopicReader::Record> inbox_;
  Mailbox<bool> stopping_{1};  // closed: to stop
  std::stop_source stop_;

  // The thread's own.
  TopicWriter writer_;
  int64_t sequence_ = 0;
  Duration next_heartbeat_{};

  mutable std::mutex mutex_;
  std::optional<std::string> trouble_;   // guarded by mutex_
  std::string doing_;                    // guarded by mutex_
  std::deque<HostAlarmMessage> alarms_;  // guarded by mutex_; the oldest first

  TopicReader reader_;
  Thread thread_;
};

}  // namespace kedge
