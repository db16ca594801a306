// The owner's loop of a KafkaSource, and what it knows of each partition. Private to source/.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/waiting.h"
#include "kafka/consumer.h"
#include "source/hand_over.h"
#include "source/kafka_problems.h"
#include "source/kafka_source.h"
#include "source/kafka_surveyor.h"
#include "source/renewal_timer.h"
#include "source/thread_watch.h"

namespace kedge {

ConsumerOptions consumer_options(const KafkaSource::Options&);

class KafkaSource::Loop : public std::enable_shared_from_this<Loop> {
 public:
  struct Committed {
    std::shared_ptr<const Assignment> assignment;
    int64_t next = 0;
  };
  struct Hold {
    std::shared_ptr<const Assignment> assignment;
    std::string why;
  };
  struct Reconsider {
    TopicPartition where;
    Permission permission = Permission::none;
  };
  struct Stop {
    Duration deadline{};
  };
  using Command = std::variant<Committed, Hold, Reconsider, SurveyorAnswer, Stop>;

  Loop(Options, const Lanes&, Positions&, Clock&);

  // From any thread.
  const std::string& name() const { return options_.name; }
  Result<void> start(Source*);
  bool stop(Duration deadline);
  void tell(Command command) { commands_.put(std::move(command)); }
  SourceStatus status() const;
  std::optional<std::string> not_alone() const;
  std::optional<std::string> ledger_in_doubt() const;

 private:
  struct Partition {
    TopicPartition where;
    PartitionStatus::State state = PartitionStatus::State::asking;
    std::string problem;
    size_t lane = 0;
    uint64_t question = 0;                     // the number of the question that is open or was last answered
    std::optional<Duration> ask_again;         // when, at the earliest
    bool drain_first = false;                  // and not before all that was handed over is committed
    Permission permission = Permission::none;  // a person's, until the question that carries it is answered
    bool log_differs = false;                  // stopped because of it: may be accepted

    // Of the current assignment; none before the first claim.
    std::shared_ptr<Assignment> assignment;
    std::optional<Bookmark> check;  // the next record must be this one
    int64_t read = 0;               // the next offset to read
    int64_t handed = 0;             // everything below was handed over, or was behind us at the claim
    int64_t committed = 0;          // by the ledger
    int64_t told = -1;              // by us to the group
    std::optional<Batch> open;
    Batch::Room expected;  // what the last one held: the next one may hold as much
    uint64_t messages = 0;
    uint64_t bytes = 0;
    uint64_t tombstones = 0;
  };

  // kafka_loop.cc: the turns, and reading.
  void run();
  void turn();
  void serve_commands();
  void read();
  Duration poll_timeout() const;
  void on(const KafkaMessage&);
  bool passes_check(Partition&, const KafkaMessage&);
  void append(Partition&, const KafkaMessage&);
  void hand_over(Partition&);
  void hand_over_all();
  void wait_for_room(size_t lane);
  void resume_lanes();
  void tell_group();
  std::vector<PartitionOffset> take_untold();
  void survey();
  void renew_client();
  void compare_heads();
  std::string describe_doubt() const;
  void publish();
  SourceStatus describe(Duration now);
  PartitionStatus describe(const Partition&) const;
  bool finish(Duration deadline);

  // kafka_assignment.cc: what changes which partitions are read, and from where.
  void on(const PartitionsAssigned&);
  void on(const PartitionsRevoked&);
  void on(const KafkaProblem&);
  void on(const Committed&);
  void on(const Hold&);
  void on(const Reconsider&);
  void on(SurveyorAnswer&);
  void on(const Stop&);
  bool on(const StartAnswer&);
  void on(const SurveyAnswer&);
  void on(const HeadsAnswer&);
  void on(const LetGo&);
  void replace_client();
  void ask(const std::vector<Partition*>&);
  void ask_later(Partition&, const Error&);
  void look_again(Partition&, std::string why);
  void ask_again();
  void begin(Partition&, const Started&);
  void stop_reading(Partition&, std::string why);
  void disown(Partition&);
  void forget_assignment();
  void apply_assignment();
  std::vector<TopicPartition> read_on(size_t lane) const;
  Partition* find(std::string_view topic, int32_t partition);

  // Constant after construction.
  const Options options_;
  Positions& positions_;
  Clock& clock_;
  Source* source_ = nullptr;

  // Thread-safe.
  Mailbox<Command> commands_;
  std::atomic<Duration::rep> last_turn_;
  Reply<bool> ended_;

  // Of whoever starts and stops.
  std::thread owner_;
  std::thread surveying_;
  bool stopped_ = false;

  // The owner's.
  std::unique_ptr<KafkaConsumer> consumer_;
  std::unique_ptr<KafkaSurveyor> surveyor_;
  Reply<bool> surveyor_ended_;
  HandOver hand_over_;
  std::vector<std::optional<Duration>> paused_;  // by lane: since when
  std::map<TopicPartition, Partition> partitions_;
  Partition* last_ = nullptr;  // of the last message
  uint64_t questions_ = 0;
  std::vector<MessageHeader> headers_;  // reused
  std::vector<Command> deferred_;       // came while a lane was waited for
  std::string ledger_;
  std::optional<Duration> stopping_;  // with this deadline
  KafkaProblems problems_;
  std::optional<std::vector<GroupMember>> members_;
  std::string own_member_;
  size_t partitions_total_ = 0;
  // Of the comparison of the ledger with the group (contracts §6). Kept over rebalances.
  bool heads_compared_ = false;
  std::optional<Duration> compare_again_;              // when, after it could not be found out
  std::string heads_problem_;                          // why it could not
  std::map<TopicPartition, std::string> group_ahead_;  // where the ledger is the older one, in words

  Duration incomplete_since_{};
  Duration next_survey_{};
  bool surveying_now_ = false;  // asked, and not answered yet
  bool joined_ = false;         // the group gave us partitions (none, perhaps) and did not take them back
  bool no_topics_ = false;      // by the last survey none of our topics is there
  RenewalTimer renewal_;        // of a client that is kept from its group without a reason
  bool letting_go_ = false;     // the surveyor was asked to let go of the client
  bool all_closed_ = true;      // of the clients that were given up
  ThreadWatch threads_;
  Duration next_commit_{};
  Duration next_publication_{};
  uint64_t commits_failed_ = 0;  // so many failures we have answered by telling the group again
  SourceStatus counters_;

  // Guarded by status_mutex_.
  mutable std::mutex status_mutex_;
  SourceStatus status_;
  std::string doubt_;
};

}  // namespace kedge
