// KafkaConsumer: one member of a consumer group, inside the fence that the library's known defects demand.
//
//   defect (librdkafka 2.0.2)                                what this class does about it
//   batch reads with pause in another thread lose records    one message a poll; one owner thread for all that changes
//   cooperative-sticky aborts, loops, loses partitions       assignor `range`, always
//   a partition revoked while paused comes back paused       what we paused is resumed before every (un)assign
//   resuming what is not paused reads records again          resume() touches only what pause() paused
//   close and destroy may hang                               close() has a deadline, and abandons the client after it
//   a topic made anew is read on at the old offset           a partition that is gone comes as a problem
//   asking for watermarks may ignore its timeout             questions may be asked from any thread
//   a message may come with a rebalance that revokes it      the rebalance is returned first
//   a full queue is looked at again only after a second      poll wakes the client (queue_waker.h)
//   a request stuck at one broker keeps it from the group    whoever owns it makes a new one (source/kafka_loop.cc)
//
// Ownership: owns the client and its threads. Threads: poll, assign, release, pause, resume, commit, statistics and
// close belong to one thread, the owner; the questions may be asked from any thread until close. Failure: nothing here
// ends the process; what is wrong comes as a KafkaProblem from poll, again and again while it lasts (the client keeps
// trying) or once with `fatal`.
#pragma once

#include <compare>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "kafka/handle.h"
#include "kafka/problem.h"
#include "kafka/properties.h"
#include "kafka/statistics.h"
#include "kafka/subscription.h"

namespace kedge {

struct TopicPartition {
  std::string topic;
  int32_t partition = 0;

  auto operator<=>(const TopicPartition&) const = default;
};

struct PartitionOffset {
  TopicPartition where;
  int64_t offset = 0;
  std::string metadata;  // of a commit: text, without zero bytes

  bool operator==(const PartitionOffset&) const = default;
};

// The records that are there now: low <= offset < high.
struct Watermarks {
  int64_t low = 0;
  int64_t high = 0;

  bool operator==(const Watermarks&) const = default;
};

struct GroupMember {
  std::string id;
  std::string client;
  std::string host;

  bool operator==(const GroupMember&) const = default;
};

// One message. It pins the whole fetch that it came in: copy what is wanted and let it go.
class KafkaMessage {
 public:
  explicit KafkaMessage(KafkaRawMessage raw) : raw_(std::move(raw)) {}

  std::string_view topic() const { return rd_kafka_topic_name(raw_->rkt); }
  int32_t partition() const { return raw_->partition; }
  int64_t offset() const { return raw_->offset; }
  Time timestamp() const;  // the start of the epoch when it has none
  bool has_key() const { return raw_->key != nullptr; }
  std::string_view key() const { return {static_cast<const char*>(raw_->key), raw_->key_len}; }
  bool has_value() const { return raw_->payload != nullptr; }
  std::string_view value() const { return {static_cast<const char*>(raw_->payload), raw_->len}; }

  // Calls visit(name, value) for each header, in order; a null value is an empty one.
  template <class Visit>
  void for_each_header(Visit&& visit) const {
    rd_kafka_headers_t* headers = nullptr;
    if (rd_kafka_message_headers(raw_.get(), &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return;
    const char* name = nullptr;
    const void* value = nullptr;
    size_t size = 0;
    for (size_t i = 0; rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR; ++i) {
      visit(std::string_view(name), std::string_view(static_cast<const char*>(value), value == nullptr ? 0 : size));
    }
  }

 private:
  KafkaRawMessage raw_;
};

// The group gave us these partitions: all that we have, since `range` moves everything at each rebalance. They are not
// read until assign().
struct PartitionsAssigned {
  std::vector<TopicPartition> partitions;
};

// The group takes everything back, and waits for release(). `lost`: somebody else may have them already, so commit
// nothing.
struct PartitionsRevoked {
  bool lost = false;
};

// A partition was read to the end that its log had then. Told where ConsumerOptions::tells_ends asks for it.
struct PartitionEnd {
  TopicPartition where;
};

using Polled =
    std::variant<std::monostate, KafkaMessage, PartitionsAssigned, PartitionsRevoked, KafkaProblem, PartitionEnd>;

class KafkaConsumer {
 public:
  // Joins the group; what comes of it is told by poll.
  static Result<std::unique_ptr<KafkaConsumer>> create(const ConsumerOptions&);
  // Joins nothing, and so disturbs nobody: the questions can be asked, and poll tells why they are not answered.
  static Result<std::unique_ptr<KafkaConsumer>> look(const ConsumerOptions&);
  // What create() does after look(). Once.
  Result<void> join();

  // Closes, if close() was not called, with a deadline of five seconds.
  ~KafkaConsumer();
  KafkaConsumer(const KafkaConsumer&) = delete;
  KafkaConsumer& operator=(const KafkaConsumer&) = delete;

  // The owner's.

  // The next thing that happened; none within `timeout`: monostate.
  Polled poll(Duration timeout);

  // Reads exactly these from now on, each from its offset; what the group gave us and is not named is not read. May be
  // called again at any time while the partitions are ours.
  Result<void> assign(std::span<const PartitionOffset>);

  // Answers a revocation: nothing is read any more.
  void release();

  void pause(std::span<const TopicPartition>);
  void resume(std::span<const TopicPartition>);  // those that are not paused are left alone

  // Tells the group; the results come by commits_failed(). Never waits.
  void commit(std::span<const PartitionOffset>);
  // Tells the group and waits for its answer, and for those of earlier commits.
  Result<void> commit_now(std::span<const PartitionOffset>, Duration deadline);
  uint64_t commits_failed();

  const KafkaStatistics& statistics() const;  // as of the last interval

  // The end of a partition's log as the last fetch told it, without asking.
  std::optional<int64_t> known_end(const TopicPartition&) const;

  // Leaves the group (a static member stays one until its session ends) and frees the client. False when the deadline
  // came first: the client is abandoned, and the process should end by _exit. (While no coordinator can be reached, the
  // library keeps a commit that is on its way for as long as a session.)
  bool close(Duration deadline);

  // Questions, from any thread. Each may take longer than its timeout (see above).

  Result<std::string> cluster_id(Duration timeout) const;
  Result<Watermarks> watermarks(const TopicPartition&, Duration timeout) const;
  // The first record whose timestamp is not before `time`; none: no record is that young.
  Result<std::optional<int64_t>> offset_at(const TopicPartition&, Time time, Duration timeout) const;
  // The group's offsets, in order; none where the group has none.
  Result<std::vector<std::optional<PartitionOffset>>> committed(std::span<const TopicPartition>,
                                                                Duration timeout) const;
  // How many partitions each topic of the subscription has. A named topic that is not there is left out.
  Result<std::map<std::string, int>> partition_counts(Duration timeout) const;
  // How a topic is set up ("retention.ms": "604800000"). None: the broker does not say (it does not know the request,
  // or never answers it).
  Result<std::optional<std::map<std::string, std::string>>> topic_settings(const std::string& topic,
                                                                           Duration timeout) const;
  // The members of the group. None: the broker cannot say (it does not know the request).
  Result<std::optional<std::vector<GroupMember>>> members(Duration timeout) const;
  std::string member_id() const;  // empty: not in the group now

  Duration session_timeout() const { return session_timeout_; }  // constant

 private:
  struct Client;  // the library's handle and what its callbacks use
  KafkaConsumer(std::unique_ptr<Client>, Subscription);

  friend struct KafkaCallbacks;

  Polled polled(KafkaRawMessage) const;
  KafkaProblem partition_problem(const rd_kafka_message_t&) const;
  void tell_of_vanished();
  void resume_all();
  void take_commit_results(Duration timeout);
  void leave_group(Duration deadline);
  Error failure(rd_kafka_resp_err_t, std::string_view doing) const;

  std::unique_ptr<Client> client_;
  Subscription subscription_;
  Duration session_timeout_{};

  // The owner's.
  std::set<TopicPartition> paused_;
  size_t commits_waiting_ = 0;
  uint64_t commits_failed_ = 0;
  std::string last_commit_error_;
};

}  // namespace kedge
