// Load: somebody who makes targets drift all the time, really, and tells of it.
#pragma once

#include <atomic>
#include <chrono>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/random.h"
#include "tests/crash/evidence.h"
#include "tests/e2e/cloud.h"
#include "tests/support/kafka_client.h"

namespace kedge {

// Buckets, security groups and trails of one cloud, which only the load's thread uses while it runs; all else may be
// called before and after. The same targets drift again and again, also while they are being put right. Of the events
// some come raw, some from EventBridge, some twice; between them stands what is no event.
class Load {
 public:
  struct Options {
    uint64_t seed = 1;
    int buckets = 30;
    int groups = 10;
    int trails = 3;
    std::chrono::milliseconds pause{200};  // between two drifts
  };
  Load(Cloud&, KafkaProducer&, std::string topic, Options);  // makes the targets
  ~Load();
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  void start();
  void stop();

  void drift_all();                                     // every target once
  void tell_again(const std::vector<std::string>& of);  // of all that these targets ever drifted by, as if it were now

  const std::vector<Drift>& drifts() const { return drifts_; }
  size_t poison() const { return poison_; }      // messages that are no events
  size_t messages() const { return messages_; }  // all that were produced

  std::vector<std::string> not_right();  // targets that are not as they should be

 private:
  enum class Kind { bucket, group, trail };
  struct Target {
    Kind kind;
    std::string name;
  };

  void drift(const Target&);
  void tell(const Json& event);
  Json make_drift(const Target&);
  bool is_right(const Target&);
  void produce(const std::string& value);

  Cloud& cloud_;
  KafkaProducer& producer_;
  const std::string topic_;
  const Options options_;
  Random random_;
  std::vector<Target> targets_;
  std::vector<Drift> drifts_;
  std::vector<Json> events_;  // of the drifts
  int port_ = 1000;           // of the last rule in a security group: each has its own
  size_t poison_ = 0;
  size_t messages_ = 0;

  std::atomic<bool> running_ = false;
  std::thread thread_;
};

}  // namespace kedge
