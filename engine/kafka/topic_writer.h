// TopicWriter: writes single records to one topic, each of them acknowledged by all replicas in sync before it returns.
//
// For what is written seldom: no two are under way at once.
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "kafka/writer_properties.h"

namespace kedge {

// Owns the client and its threads, from the first call on. One thread at a time.
class TopicWriter {
 public:
  struct Record {
    std::string key;
    std::string value;
    std::vector<std::pair<std::string, std::string>> headers;
  };

  explicit TopicWriter(WriterOptions options);
  ~TopicWriter();
  TopicWriter(const TopicWriter&) = delete;
  TopicWriter& operator=(const TopicWriter&) = delete;

  // Blocks until the record is acknowledged, refused, `timeout` is over or it is stopped; then the record is not sent
  // any more, but it may have been written. Errors say what is wrong and what mends it, without secrets.
  Result<void> write(const Record& record, Duration timeout, std::stop_token stop);

  // Whether brokers answer and the topic is there; the number of its partitions. Nothing is written, nor created.
  Result<int> partitions(Duration timeout);

 private:
  struct Client;
  friend struct WriterCallbacks;

  Result<void> open();
  Result<void> try_to_write(const Record& record, Duration timeout, std::stop_token stop);
  Error failure(int code, std::string_view reason) const;

  const WriterOptions options_;
  std::unique_ptr<Client> client_;  // none: the next call opens it
};

}  // namespace kedge
