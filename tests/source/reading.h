// A source under test with one lane that commits to FakePositions, as the pipeline's lanes do to the ledger.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "source/kafka_source.h"
#include "tests/source/fake_positions.h"

namespace kedge {

struct Reading {
  Reading(KafkaSource::Options options, FakePositions& ledger, size_t queue_bytes = 64U << 20U)
      : positions(ledger), mailbox(queue_bytes) {
    auto made = KafkaSource::create(std::move(options), {&mailbox}, positions, clock);
    if (!made) throw std::runtime_error(made.error().message);
    source = *std::move(made);
    const auto started = source->start();
    if (!started) throw std::runtime_error(started.error().message);
  }

  // Takes what is there, commits it, and tells the source. Returns how many messages were committed.
  size_t take(Duration timeout = std::chrono::milliseconds(20)) {
    size_t count = 0;
    for (const Batch& batch : mailbox.take_all(timeout)) {
      if (batch.assignment().revoked) continue;
      if (!positions.move(batch)) {
        ++refused;
        source->reconsider(batch.assignment().partition.topic, batch.assignment().partition.partition,
                           Permission::none);
        continue;
      }
      for (const SourceMessage& message : batch.messages()) {
        values[batch.assignment().partition.partition].emplace_back(message.value);
      }
      count += batch.messages().size();
      source->committed(batch.shared_assignment(), batch.next());
    }
    read += count;
    return count;
  }

  // Takes until `done`; throws after a minute.
  void take_until(const std::function<bool()>& done) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    while (!done()) {
      if (std::chrono::steady_clock::now() > end) throw std::runtime_error("what was waited for did not come");
      take();
    }
  }
  void take_messages(size_t count) {
    take_until([&] { return read >= count; });
  }

  // Waits for a status without taking anything.
  SourceStatus status_when(const std::function<bool(const SourceStatus&)>& done) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    Mailbox<int> nothing(1);
    while (std::chrono::steady_clock::now() < end) {
      const SourceStatus status = source->status();
      if (done(status)) return status;
      nothing.take(std::chrono::milliseconds(10));
    }
    throw std::runtime_error("the status that was waited for did not come");
  }

  FakePositions& positions;
  SystemClock clock;
  Mailbox<Batch> mailbox;
  std::unique_ptr<KafkaSource> source;
  std::map<int32_t, std::vector<std::string>> values;  // committed, by partition
  size_t read = 0;
  size_t refused = 0;
};

inline bool all_in(const SourceStatus& status, PartitionStatus::State state) {
  for (const PartitionStatus& each : status.partitions) {
    if (each.state != state) return false;
  }
  return !status.partitions.empty();
}

// "first", "first + 1", ... as text.
inline std::vector<std::string> numbers(int first, int count) {
  std::vector<std::string> texts;
  for (int i = first; i < first + count; ++i) texts.push_back(std::to_string(i));
  return texts;
}

}  // namespace kedge
