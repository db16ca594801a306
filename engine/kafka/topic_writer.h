// TopicWriter: writes single records to one topic, each of them acknowledged by all replicas in sync before it returns.
//
// For what is written seldom, one by one; and for what has gathered, many at once.
#pragma once

#include <memory>
#include <optional>
#include <span>
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

  // How much of a batch is there.
  struct Written {
    size_t records = 0;          // the first so many are acknowledged; of those behind them, some may be there
    std::optional<Error> error;  // why not the next; none: all are
  };

  // What became of one record.
  struct Fate {
    std::optional<Error> error;  // none: it is acknowledged
    bool perhaps = false;        // with an error: it may be there, now or later; else it surely is not
  };

  // The same for many that are under way together, each by itself.
  std::vector<Fate> write_each(std::span<const Record> records, Duration timeout, std::stop_token stop);

  // And as a whole. Those with one key come to its partition in their order, unless a
  // broker fails in the middle.
  Written write_all(std::span<const Record> records, Duration timeout, std::stop_token stop);

  // Ends the client, its connections and its threads, which all cost something while nothing is written. The next call
  // opens another.
  void close();

  // Whether brokers answer and the topic is there; the number of its partitions. Nothing is written, nor created.
  Result<int> partitions(Duration timeout);

 private:
  struct Client;
  friend struct WriterCallbacks;

  Result<void> open();
  void find_topic(Duration timeout);
  void write_and_wait(std::span<const Record> records, Duration timeout, const std::stop_token& stop);
  Result<void> hand_over(const Record& record);
  Error failure(int code, std::string_view reason) const;

  const WriterOptions options_;
  std::unique_ptr<Client> client_;  // none: the next call opens it
};

}  // namespace kedge
