#include "source/read_span.h"

#include <algorithm>
#include <utility>

#include "base/hash.h"
#include "source/kafka_loop.h"
#include "source/kafka_reach.h"

namespace kedge {
namespace {

// Producers' clocks differ: a record with a timestamp of the span may stand so much behind its end.
constexpr Duration kDisorder = std::chrono::minutes(10);

std::string to_text(const TopicPartition& where) { return where.topic + "[" + std::to_string(where.partition) + "]"; }

Stretch all_gone(std::string why, Time until = Time::max()) {
  Stretch stretch;
  stretch.kept_since = until;
  stretch.missing = std::move(why);
  return stretch;
}

// One reading of one source.
class SpanReading {
 public:
  SpanReading(KafkaConsumer& consumer, const TimeSpan& span, Clock& clock, Duration patience,
              const VisitRecordOfSpan& visit)
      : consumer_(consumer), span_(span), clock_(clock), patience_(patience), visit_(visit) {}

  Result<std::vector<PartitionRead>> read(const std::vector<HandledPartition>& handled) {
    if (auto looked = look(handled); !looked) return looked.error();
    if (auto assigned = assign(); !assigned) return assigned.error();
    Duration last = clock_.elapsed();
    Error error{ErrorCode::timeout, "the brokers gave no record in time"};
    while (std::any_of(parts_.begin(), parts_.end(), [](const Part& part) { return !part.done; })) {
      const Polled polled = consumer_.poll(std::chrono::milliseconds(100));
      if (const auto* message = std::get_if<KafkaMessage>(&polled)) {
        if (auto done = take(*message); !done) return done.error();
        last = clock_.elapsed();
      } else if (const auto* end = std::get_if<PartitionEnd>(&polled)) {
        if (Part* const part = find(end->where)) finish(*part);
      } else if (const auto* problem = std::get_if<KafkaProblem>(&polled)) {
        error = to_error(*problem);
        if (problem->fatal) return error;
        if (problem->kind == KafkaProblem::Kind::out_of_range) {
          if (auto done = go_on_at_the_beginning({problem->topic, problem->partition}); !done) return done.error();
        }
      }
      if (clock_.elapsed() - last > patience_) return error;
    }
    std::vector<PartitionRead> read;
    for (Part& part : parts_) read.push_back(std::move(part.read));
    return read;
  }

 private:
  struct Part {
    HandledPartition handled;
    Stretch stretch;
    PartitionRead read;
    bool done = false;
  };

  Result<void> look(const std::vector<HandledPartition>& handled) {
    constexpr Duration kFirstWord = std::chrono::seconds(5);  // of a broker that is there
    const auto cluster = consumer_.cluster_id(std::min(patience_, kFirstWord));
    if (!cluster) return why_unanswered(consumer_, cluster.error());
    const auto counts = consumer_.partition_counts(patience_);
    if (!counts) return why_unanswered(consumer_, counts.error());
    for (const HandledPartition& one : handled) {
      const auto count = counts->find(one.where.topic);
      Stretch stretch;
      if (count == counts->end() || one.where.partition >= count->second) {
        stretch = all_gone(to_text(one.where) + " is not there any more, or not ours to read");
      } else {
        const auto facts = ask(one, *cluster);
        if (!facts) return why_unanswered(consumer_, facts.error());
        stretch = stretch_to_read(one, span_, *facts);
      }
      PartitionRead read{one.where, 0, stretch.kept_since, stretch.missing};
      parts_.push_back({one, stretch, std::move(read), stretch.empty()});
    }
    return {};
  }

  Result<SpanFacts> ask(const HandledPartition& one, const std::string& cluster) {
    const auto log = consumer_.watermarks(one.where, patience_);
    if (!log) return log.error();
    const auto at_from = consumer_.offset_at(one.where, span_.from, patience_);
    if (!at_from) return at_from.error();
    const auto at_end = consumer_.offset_at(one.where, span_.to + kDisorder, patience_);
    if (!at_end) return at_end.error();
    return SpanFacts{cluster, *log, *at_from, *at_end};
  }

  Result<void> assign() {
    std::vector<PartitionOffset> from;
    for (const Part& part : parts_) {
      if (!part.done) from.push_back({part.handled.where, part.stretch.begin, ""});
    }
    return from.empty() ? Result<void>() : consumer_.assign(from);
  }

  Part* find(const TopicPartition& where) {
    const auto found = std::find_if(parts_.begin(), parts_.end(),
                                    [&](const Part& part) { return part.handled.where == where && !part.done; });
    return found == parts_.end() ? nullptr : &*found;
  }

  void finish(Part& part) {
    part.done = true;
    consumer_.pause({&part.handled.where, 1});
  }

  Result<void> take(const KafkaMessage& message) {
    Part* const part = find({std::string(message.topic()), message.partition()});
    if (part == nullptr || message.offset() < part->stretch.begin) return {};
    if (std::exchange(part->stretch.cut_before, false) && message.timestamp() > span_.from) {
      tell_since(*part, message.timestamp());
    }
    if (message.offset() >= part->stretch.end) return finish(*part), Result<void>();
    part->stretch.begin = message.offset() + 1;
    if (is_another(message, part->handled.position)) {
      part->read.kept_since = Time::max();
      part->read.missing = to_text(part->handled.where) + ": record " + std::to_string(message.offset()) +
                           " is not the one that was handled: this is another log";
    }
    if (message.timestamp() >= span_.from && message.timestamp() < span_.to) {
      ++part->read.records;
      if (auto done = show(*part, message); !done) return done;
    }
    if (part->stretch.empty()) finish(*part);
    return {};
  }

  static void tell_since(Part& part, Time first) {
    part.read.kept_since = std::max(part.read.kept_since, first);
    part.read.missing = to_text(part.handled.where) + " keeps records since " + format_time(first);
  }

  static bool is_another(const KafkaMessage& message, const Position& position) {
    return position.bookmark && position.bookmark->offset == message.offset() &&
           position.bookmark->digest != sha256(message.value());
  }

  Result<void> show(const Part& part, const KafkaMessage& message) {
    headers_.clear();
    message.for_each_header([&](std::string_view name, std::string_view value) { headers_.push_back({name, value}); });
    return visit_(part.handled.where, {.offset = message.offset(),
                                       .timestamp = message.timestamp(),
                                       .key = message.key(),
                                       .value = message.value(),
                                       .headers = headers_,
                                       .has_key = message.has_key(),
                                       .tombstone = !message.has_value()});
  }

  // Retention was faster than we are.
  Result<void> go_on_at_the_beginning(const TopicPartition& where) {
    Part* const part = find(where);
    if (part == nullptr) return {};
    const auto log = consumer_.watermarks(where, patience_);
    if (!log) return log.error();
    part->stretch.begin = std::max(part->stretch.begin, log->low);
    part->stretch.cut_before = true;
    if (part->stretch.empty()) {
      part->read.kept_since = Time::max();
      part->read.missing = to_text(where) + ": its records went while they were read";
      part->done = true;
    }
    return assign();
  }

  KafkaConsumer& consumer_;
  const TimeSpan span_;
  Clock& clock_;
  const Duration patience_;
  const VisitRecordOfSpan& visit_;
  std::vector<Part> parts_;
  std::vector<MessageHeader> headers_;
};

}  // namespace

Stretch stretch_to_read(const HandledPartition& handled, const TimeSpan& span, const SpanFacts& facts) {
  const Position& position = handled.position;
  const std::string where = to_text(handled.where);
  if (position.cluster != facts.cluster) {
    return all_gone(where + " was read on cluster " + position.cluster + ", and the brokers are cluster " +
                    facts.cluster);
  }
  if (facts.log.high < position.next) {
    return all_gone(where + " ends at offset " + std::to_string(facts.log.high) + ", and was read up to " +
                    std::to_string(position.next) + ": this is another log");
  }
  // Of the handled ones none is there. The bookmark is the last of them.
  if (facts.log.low > 0 && facts.log.low >= position.next) {
    const Time last = position.bookmark ? position.bookmark->timestamp + Duration(1) : Time::max();
    if (last <= span.from) return {};
    return all_gone(where + " keeps no record of what was handled", last);
  }
  // A broker that knows no times gives none, though there are records that young.
  const bool knows_times = facts.at_from || !position.bookmark || position.bookmark->timestamp < span.from;
  Stretch stretch;
  stretch.end = std::min(position.next, facts.at_end.value_or(facts.log.high));
  stretch.begin = knows_times ? facts.at_from.value_or(stretch.end) : facts.log.low;
  stretch.cut_before = facts.log.low > 0 && stretch.begin <= facts.log.low;
  if (stretch.cut_before && stretch.empty()) return all_gone(where + " keeps no record of this time");
  return stretch;
}

Result<std::vector<PartitionRead>> read_span(const KafkaSource::Options& options,
                                             const std::vector<HandledPartition>& handled, const TimeSpan& span,
                                             Clock& clock, Duration patience, const VisitRecordOfSpan& visit) {
  ConsumerOptions client = consumer_options(options);
  client.tells_ends = true;
  const auto consumer = KafkaConsumer::look(client);
  if (!consumer) return consumer.error();
  return SpanReading(**consumer, span, clock, patience, visit).read(handled);
}

}  // namespace kedge
