// TopicReader: hands every record of a topic, all partitions, to one function, from where it was left, or from a time.
//
// It is no member of a group: nothing is shared out, and nobody's death takes a partition away. Where it is to remember
// its place, the place is a group's offset, told once a record is done with: what was not done with comes again.
//
// While Kafka is away, or the topic is not there, it goes on trying, every second at first, then less often. A topic
// that is made anew, or whose records are gone, is read from its beginning. Partitions that are added are found.
//
// Ownership:  owns its client and its thread; borrows the clock.
// Threads:    `take` is called in its own; it may wait, and then nothing is read. done(), trouble() from any.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/thread.h"
#include "base/waiting.h"
#include "kafka/consumer.h"

namespace kedge {

class TopicReader {
 public:
  struct Options {
    ConsumerOptions kafka;         // one topic; `group` only names the place
    bool keeps_its_place = false;  // else it begins at `from` each time
    Time from{};                   // where no place is known: with what is not older
    Duration question_timeout = std::chrono::seconds(3);
    Duration look_again = std::chrono::minutes(1);  // for partitions that were added
  };
  struct Record {
    PartitionOffset place;  // for done()
    std::string key, value;
  };
  // False: the record is of no interest, and done with.
  using Wants = std::function<bool(std::string_view key, std::string_view value)>;
  using Take = std::function<void(Record)>;

  TopicReader(Options options, Clock& clock, Wants wants, Take take);
  ~TopicReader();  // stop() was called, or was never needed
  TopicReader(const TopicReader&) = delete;
  TopicReader& operator=(const TopicReader&) = delete;

  void start();
  // False: the client does not end, and is left as it is (KafkaConsumer::close).
  bool stop(Duration deadline);

  void done(const PartitionOffset& place);

  // Whether all partitions are read; and if not, or not well, why.
  bool reads() const;
  std::optional<std::string> trouble() const;

 private:
  struct Partition {
    int64_t next = 0;               // what is read next
    int64_t told = -1;              // to the group
    std::set<int64_t> outstanding;  // taken, and not done with
    int64_t place() const { return outstanding.empty() ? next : *outstanding.begin(); }
  };
  using Partitions = std::map<TopicPartition, Partition>;

  void run();
  bool turn();  // false: it did not go well
  Result<void> assign();
  Result<int64_t> place_of(const TopicPartition& where, const std::optional<PartitionOffset>& committed);
  Result<int64_t> first_of(const TopicPartition& where);
  void read();
  void on(const KafkaMessage& message);
  void on(const KafkaProblem& problem);
  void tell_places();
  std::vector<PartitionOffset> untold();
  void note(std::optional<std::string> trouble, bool reads);

  // Constant after construction.
  const Options options_;
  Clock& clock_;
  const Wants wants_;
  const Take take_;

  Mailbox<bool> stopping_{1};  // closed: to stop
  std::atomic<Duration> close_within_ = Duration(std::chrono::seconds(2));

  // The thread's own.
  std::unique_ptr<KafkaConsumer> consumer_;
  bool assigned_ = false;
  std::set<TopicPartition> afresh_;  // their place is no more: from the beginning
  Duration next_look_{}, next_telling_{};
  uint64_t commits_failed_ = 0;

  mutable std::mutex mutex_;
  Partitions partitions_;               // guarded by mutex_
  std::optional<std::string> trouble_;  // guarded by mutex_
  bool reads_ = false;                  // guarded by mutex_

  bool clean_ = true;  // written by the thread, read when it is over
  Thread thread_;
};

}  // namespace kedge
