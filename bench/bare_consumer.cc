// The floor: a bare librdkafka consumer with the settings that kedge uses. It touches every byte and does nothing else.
//
//   bench_bare_consumer throughput BROKERS TOPIC COUNT     reads COUNT records of partition 0 from its start
//   bench_bare_consumer latency BROKERS TOPIC COUNT        from the end: microseconds from the broker's append to here
//
// Prints one JSON object.
#include <librdkafka/rdkafka.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

int64_t wall_micros() {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

void set(rd_kafka_conf_t* conf, const char* name, const char* value) {
  char error[512];
  if (rd_kafka_conf_set(conf, name, value, error, sizeof error) != RD_KAFKA_CONF_OK) {
    std::fprintf(stderr, "bench_bare_consumer: %s\n", error);
    std::exit(2);
  }
}

rd_kafka_t* open_consumer(const char* brokers) {
  rd_kafka_conf_t* const conf = rd_kafka_conf_new();
  set(conf, "bootstrap.servers", brokers);
  set(conf, "group.id", "bench-bare");
  set(conf, "enable.auto.commit", "false");
  set(conf, "enable.auto.offset.store", "false");
  set(conf, "auto.offset.reset", "error");
  set(conf, "check.crcs", "true");
  set(conf, "isolation.level", "read_committed");
  set(conf, "fetch.max.bytes", "2000000");
  set(conf, "fetch.message.max.bytes", "1048576");
  set(conf, "fetch.wait.max.ms", "100");
  set(conf, "queued.min.messages", "10000000");
  set(conf, "queued.max.messages.kbytes", "200000");
  set(conf, "socket.nagle.disable", "true");
  char error[512];
  rd_kafka_t* const consumer = rd_kafka_new(RD_KAFKA_CONSUMER, conf, error, sizeof error);
  if (consumer == nullptr) {
    std::fprintf(stderr, "bench_bare_consumer: %s\n", error);
    std::exit(3);
  }
  rd_kafka_poll_set_consumer(consumer);
  return consumer;
}

void assign(rd_kafka_t* consumer, const char* topic, int64_t offset) {
  rd_kafka_topic_partition_list_t* const list = rd_kafka_topic_partition_list_new(1);
  rd_kafka_topic_partition_list_add(list, topic, 0)->offset = offset;
  rd_kafka_assign(consumer, list);
  rd_kafka_topic_partition_list_destroy(list);
}

uint64_t touch(const void* bytes, size_t size) {
  uint64_t sum = 0;
  for (size_t i = 0; i + 8 <= size; i += 8) {
    uint64_t word = 0;
    std::memcpy(&word, static_cast<const char*>(bytes) + i, 8);
    sum += word;
  }
  return sum;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5) {
    std::fprintf(stderr, "bench_bare_consumer throughput|latency BROKERS TOPIC COUNT\n");
    return 2;
  }
  const bool latency = std::strcmp(argv[1], "latency") == 0;
  const int64_t count = std::atoll(argv[4]);
  rd_kafka_t* const consumer = open_consumer(argv[2]);
  assign(consumer, argv[3], latency ? RD_KAFKA_OFFSET_END : RD_KAFKA_OFFSET_BEGINNING);
  if (latency) {
    std::printf("ready\n");
    std::fflush(stdout);
  }
  std::vector<int64_t> delays;
  int64_t messages = 0;
  int64_t bytes = 0;
  uint64_t sum = 0;
  Clock::time_point first;
  double cpu_before = cpu_seconds();
  const auto give_up = Clock::now() + std::chrono::seconds(300);
  while (messages < count && Clock::now() < give_up) {
    rd_kafka_message_t* const message = rd_kafka_consumer_poll(consumer, 100);
    if (message == nullptr) continue;
    if (message->err == 0) {
      if (messages == 0) first = Clock::now();
      rd_kafka_timestamp_type_t type;
      if (latency) delays.push_back(wall_micros() - rd_kafka_message_timestamp(message, &type) * 1000);
      ++messages;
      bytes += static_cast<int64_t>(message->len);
      sum += touch(message->payload, message->len);
    }
    rd_kafka_message_destroy(message);
  }
  const double seconds = std::chrono::duration<double>(Clock::now() - first).count();
  std::sort(delays.begin(), delays.end());
  const auto at = [&](double share) {
    return delays.empty() ? 0 : delays[static_cast<size_t>(share * static_cast<double>(delays.size() - 1))];
  };
  std::printf(
      R"({"messages":%lld,"bytes":%lld,"seconds":%.6f,"cpu_seconds":%.6f,"p50_us":%lld,"p99_us":%lld,"sum":%llu})"
      "\n",
      static_cast<long long>(messages), static_cast<long long>(bytes), seconds, cpu_seconds() - cpu_before,
      static_cast<long long>(at(0.5)), static_cast<long long>(at(0.99)), static_cast<unsigned long long>(sum));
  rd_kafka_destroy(consumer);
  return messages == count ? 0 : 1;
}
