// Whether the brokers of a source can be reached, for whoever sets it up. Nothing is joined and nothing is read.
#include "source/kafka_reach.h"

#include <algorithm>
#include <utility>

#include "source/kafka_loop.h"
#include "source/topic_settings.h"

namespace kedge {
namespace {

Error no_topic(const std::string& topic, const std::string& brokers) {
  return {ErrorCode::not_found, "there is no topic " + topic + " at " + brokers +
                                    ", or we may not see it: create it, or give us DESCRIBE on it"};
}

// What there is to say of how a topic is set up. What the broker cannot say is not amiss; what it will not say is. One
// that has answered other questions answers this one soon, or never.
std::vector<std::string> settings_of(const KafkaConsumer& consumer, const std::string& topic, Duration seen_for,
                                     Duration timeout) {
  constexpr Duration kTimeoutMax = std::chrono::seconds(3);
  const auto settings = consumer.topic_settings(topic, std::min(timeout, kTimeoutMax));
  const std::string unseen = "how long topic " + topic + " keeps its records, and whether it compacts, ";
  if (!settings) {
    return {"warning: " + unseen + "cannot be seen (" + settings.error().message +
            "); DESCRIBE_CONFIGS on it lets us see"};
  }
  if (!*settings) return {unseen + "the broker does not say"};
  std::vector<std::string> warnings = amiss_with(topic, **settings, seen_for);
  for (std::string& warning : warnings) warning.insert(0, "warning: ");
  return warnings;
}

}  // namespace

// The client knows more than the answer of a question that failed says: a refused log-in, a broker that hangs up. It
// tells of brokers that are down first, and of why they are afterwards.
Error why_unanswered(KafkaConsumer& consumer, Error error) {
  for (int looks = 0; looks < 20; ++looks) {
    const Polled polled = consumer.poll(std::chrono::milliseconds(50));
    const auto* problem = std::get_if<KafkaProblem>(&polled);
    if (problem == nullptr) continue;
    error = to_error(*problem);
    if (problem->kind != KafkaProblem::Kind::unreachable) break;
  }
  return error;
}

Result<std::vector<std::string>> KafkaSource::reach(const Options& options, Duration seen_for, Duration timeout) {
  const auto consumer = KafkaConsumer::look(consumer_options(options));
  if (!consumer) return consumer.error();
  const auto counts = (*consumer)->partition_counts(timeout);
  if (!counts) return why_unanswered(**consumer, counts.error());
  for (const std::string& topic : options.topics) {
    if (!topic.starts_with('^') && !counts->contains(topic)) return no_topic(topic, options.brokers);
  }
  std::vector<TopicPartition> partitions;
  for (const auto& [topic, count] : *counts) partitions.push_back({topic, 0});
  if (const auto group = (*consumer)->committed(partitions, timeout); !group) return group.error();

  const auto cluster = (*consumer)->cluster_id(timeout);
  std::vector<std::string> found = {"cluster " + (cluster ? *cluster : "without an id") + " at " + options.brokers};
  for (const auto& [topic, count] : *counts) {
    found.push_back("topic " + topic + ", " + std::to_string(count) + " partitions");
    for (std::string& line : settings_of(**consumer, topic, seen_for, timeout)) found.push_back(std::move(line));
  }
  return found;
}

}  // namespace kedge
