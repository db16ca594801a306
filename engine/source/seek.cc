#include "source/seek.h"

#include <charconv>
#include <map>
#include <utility>
#include <vector>

#include "base/nearest.h"
#include "source/kafka_loop.h"
#include "source/kafka_reach.h"

namespace kedge {
namespace {

std::string to_text(const TopicPartition& where) { return where.topic + "[" + std::to_string(where.partition) + "]"; }

Error not_read(const std::string& source, const TopicPartition& where, const std::map<std::string, int>& counts) {
  const auto found = counts.find(where.topic);
  if (found != counts.end()) {
    return {ErrorCode::not_found, "topic " + where.topic + " has the partitions 0 to " +
                                      std::to_string(found->second - 1) + ", and no " +
                                      std::to_string(where.partition)};
  }
  std::vector<std::string_view> known;
  for (const auto& [topic, count] : counts) known.push_back(topic);
  return {ErrorCode::not_found,
          "source " + source + " reads no topic '" + where.topic + "'" + did_you_mean(where.topic, known)};
}

}  // namespace

Result<SeekTo> parse_seek_to(std::string_view text) {
  if (text == "beginning") return SeekTo{.kind = SeekTo::Kind::beginning};
  if (text == "end") return SeekTo{.kind = SeekTo::Kind::end};
  int64_t offset = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), offset);
  if (error == std::errc() && end == text.data() + text.size() && offset >= 0) {
    return SeekTo{.kind = SeekTo::Kind::offset, .offset = offset};
  }
  if (const auto time = parse_time(text)) return SeekTo{.kind = SeekTo::Kind::time, .time = *time};
  return Error{ErrorCode::invalid, "'" + std::string(text) +
                                       "' is no place to read from: give an offset, `beginning`, `end`, or a time like "
                                       "2026-11-28T10:00:00Z"};
}

Result<SeekFacts> look_where_to_seek(const KafkaSource::Options& options, const TopicPartition& where, const SeekTo& to,
                                     Duration timeout) {
  const auto consumer = KafkaConsumer::look(consumer_options(options));
  if (!consumer) return consumer.error();
  const auto counts = (*consumer)->partition_counts(timeout);
  if (!counts) return why_unanswered(**consumer, counts.error());
  const auto count = counts->find(where.topic);
  const bool there = count != counts->end() && where.partition >= 0 && where.partition < count->second;
  if (!there) return not_read(options.name, where, *counts);

  auto cluster = (*consumer)->cluster_id(timeout);
  if (!cluster) return cluster.error();
  auto group = (*consumer)->committed({&where, 1}, timeout);
  if (!group) return group.error();
  const auto log = (*consumer)->watermarks(where, timeout);
  if (!log) return log.error();
  SeekFacts facts{*std::move(cluster), group->front(), *log, std::nullopt};
  if (to.kind == SeekTo::Kind::time) {
    const auto at_time = (*consumer)->offset_at(where, to.time, timeout);
    if (!at_time) return at_time.error();
    facts.at_time = *at_time;
  }
  return facts;
}

Result<int64_t> offset_to_seek(const TopicPartition& where, const SeekTo& to, const SeekFacts& facts) {
  const std::string low = std::to_string(facts.log.low);
  const std::string high = std::to_string(facts.log.high);
  switch (to.kind) {
    case SeekTo::Kind::beginning:
      return facts.log.low;
    case SeekTo::Kind::end:
      return facts.log.high;
    case SeekTo::Kind::time:
      if (facts.at_time) return *facts.at_time;
      return Error{ErrorCode::invalid, "no record of " + to_text(where) + " is from " + format_time(to.time) +
                                           " or later (its records end before offset " + high +
                                           "): `--to end` reads only what comes"};
    case SeekTo::Kind::offset:
      break;
  }
  if (to.offset >= facts.log.low && to.offset <= facts.log.high) return to.offset;
  return Error{ErrorCode::invalid,
               "offset " + std::to_string(to.offset) + " is not in " + to_text(where) +
                   (facts.log.low == facts.log.high ? ", which has no record; its end is " + high
                                                    : ": its records begin at " + low + " and end before " + high)};
}

}  // namespace kedge
