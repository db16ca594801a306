// What is wrong with a Kafka client now: kept while it lasts, logged once, forgotten on evidence that it is over.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "kafka/problem.h"

namespace kedge {

// Belongs to one thread. `now` is Clock::elapsed().
class KafkaProblems {
 public:
  explicit KafkaProblems(std::string source) : source_(std::move(source)) {}

  void add(const KafkaProblem&, Duration now);

  // Evidence: a broker answered; the group gave us partitions; these topics are there and may be read.
  void cluster_answered();
  void group_joined();
  void topics_seen(const std::map<std::string, int>& partition_counts);

  // What has no such evidence is forgotten when it was not repeated for a minute.
  void forget_old(Duration now);

  std::vector<std::string> texts() const;
  bool fatal() const;
  bool kept_out() const;                     // somebody refuses us: another client would fare no better
  uint64_t count() const { return count_; }  // of all reports so far

 private:
  struct Entry {
    KafkaProblem problem;
    Duration last{};
  };
  std::string source_;
  std::map<std::pair<KafkaProblem::Kind, std::string>, Entry> entries_;  // by kind and topic
  uint64_t count_ = 0;
};

}  // namespace kedge
