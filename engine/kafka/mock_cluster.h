// MockCluster: the client library's imitation of a Kafka cluster, on loopback, for unit tests and for trying kedge out.
// It is no broker. In five ways it does not tell the truth:
//
//   1. It keeps at most 5 MiB and 100,000 batches of each partition and drops the oldest without a word; nothing is
//      written to a disk.
//   2. It has no transactions: aborted records are read, and a second producer with the same id is not fenced.
//   3. Every rebalance but the first takes the session timeout less a second, since it does not know static members
//      (give clients session.timeout.ms=6000), and commits during one are refused.
//   4. It listens on 127.0.0.1 only, on a port of its own choice, without TLS or SASL, and answers an idle fetch only
//   when
//      fetch.wait.max.ms has passed (give clients fetch.wait.max.ms=10).
//   5. On what it did not expect it ends its own process by an assertion. So it must not share one with the daemon.
//
// It owns its thread. Any thread may call.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"

typedef struct rd_kafka_mock_cluster_s rd_kafka_mock_cluster_t;

namespace kedge {

class MockCluster {
 public:
  struct Topic {
    std::string name;
    int partitions = 4;
  };

  static Result<std::unique_ptr<MockCluster>> start(const std::vector<Topic>&);
  ~MockCluster();
  MockCluster(const MockCluster&) = delete;
  MockCluster& operator=(const MockCluster&) = delete;

  std::string bootstrap_servers() const;

  Result<void> create_topic(const Topic&);

  // For tests of errors: the library's own interface (rdkafka_mock.h).
  rd_kafka_mock_cluster_t* handle() { return cluster_; }

 private:
  MockCluster() = default;

  struct Host;  // the client that the library wants for its book-keeping
  std::unique_ptr<Host> host_;
  rd_kafka_mock_cluster_t* cluster_ = nullptr;
};

}  // namespace kedge
