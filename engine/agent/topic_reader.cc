#include "agent/topic_reader.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace kedge {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration kFirstPause = seconds(1);
constexpr Duration kLongestPause = seconds(15);
constexpr Duration kPoll = milliseconds(100);
constexpr Duration kTelling = seconds(1);
constexpr int kAtOnce = 1'000;  // records, before it is looked at anything else

}  // namespace

TopicReader::TopicReader(Options options, Clock& clock, Wants wants, Take take)
    : options_(std::move(options)), clock_(clock), wants_(std::move(wants)), take_(std::move(take)) {}

TopicReader::~TopicReader() { stop(seconds(2)); }

void TopicReader::start() {
  thread_ = Thread("topic-reader", [this] { run(); });
}

bool TopicReader::stop(Duration deadline) {
  if (!thread_.joinable()) return clean_;
  close_within_ = deadline;
  stopping_.close();
  thread_.join();
  return clean_;
}

bool TopicReader::reads() const {
  const std::lock_guard lock(mutex_);
  return reads_;
}

std::optional<std::string> TopicReader::trouble() const {
  const std::lock_guard lock(mutex_);
  return trouble_;
}

void TopicReader::note(std::optional<std::string> trouble, bool reads) {
  const std::lock_guard lock(mutex_);
  const std::string& topic = options_.kafka.topics.front();
  if (trouble && !trouble_) spdlog::warn("topic {} is not read: {}", topic, *trouble);
  if (trouble && trouble_ && trouble != trouble_) spdlog::debug("topic {} is not read: {}", topic, *trouble);
  if (!trouble && trouble_) spdlog::info("topic {} is read again", topic);
  trouble_ = std::move(trouble);
  reads_ = reads;
}

void TopicReader::run() {
  Duration pause = kFirstPause;
  while (!stopping_.closed()) {
    if (turn()) {
      pause = kFirstPause;
      continue;
    }
    stopping_.wait_closed(pause);
    pause = std::min(pause * 2, kLongestPause);
  }
  if (consumer_ != nullptr) {
    if (options_.keeps_its_place) {
      const auto told = consumer_->commit_now(untold(), close_within_.load() / 2);
      if (!told) spdlog::info("some commands may come again: {}", told.error().message);
    }
    clean_ = consumer_->close(close_within_.load() / 2);
  }
}

bool TopicReader::turn() {
  if (consumer_ == nullptr) {
    auto consumer = KafkaConsumer::look(options_.kafka);
    if (!consumer) return note(consumer.error().message, false), false;
    consumer_ = *std::move(consumer);
  }
  if (!assigned_ || clock_.elapsed() >= next_look_) {
    if (auto done = assign(); !done) {
      note(done.error().message, assigned_);
      if (!assigned_) return read(), false;  // what the client has to tell
      next_look_ = clock_.elapsed() + kLongestPause;
    }
  }
  read();
  tell_places();
  return true;
}

// Of partitions that are read already the place is known.
Result<void> TopicReader::assign() {
  const auto counts = consumer_->partition_counts(options_.question_timeout);
  if (!counts) return counts.error();
  const std::string& topic = options_.kafka.topics.front();
  const auto count = counts->find(topic);
  if (count == counts->end()) return Error{ErrorCode::not_found, "it is not there: create it, or mend its name"};
  Partitions partitions;
  std::vector<TopicPartition> fresh;
  {
    const std::lock_guard lock(mutex_);
    for (int i = 0; i < count->second; ++i) {
      const TopicPartition where{topic, i};
      const auto known = partitions_.find(where);
      if (known != partitions_.end() && !afresh_.contains(where)) {
        partitions.insert(*known);
      } else {
        fresh.push_back(where);
      }
    }
    const bool nothing_new = assigned_ && fresh.empty() && partitions.size() == partitions_.size();
    if (nothing_new) {
      next_look_ = clock_.elapsed() + options_.look_again;
      return {};
    }
  }
  std::vector<std::optional<PartitionOffset>> committed(fresh.size());
  if (options_.keeps_its_place && !fresh.empty()) {
    auto asked = consumer_->committed(fresh, options_.question_timeout);
    if (!asked) return asked.error();
    committed = *std::move(asked);
  }
  for (size_t i = 0; i < fresh.size(); ++i) {
    const auto place = afresh_.contains(fresh[i]) ? first_of(fresh[i]) : place_of(fresh[i], committed[i]);
    if (!place) return place.error();
    partitions[fresh[i]].next = *place;
  }
  const std::lock_guard lock(mutex_);
  std::vector<PartitionOffset> places;
  for (auto& [where, partition] : partitions) {
    // What was done with meanwhile is known to the old one alone.
    if (const auto known = partitions_.find(where); known != partitions_.end() && !afresh_.contains(where)) {
      partition = known->second;
    }
    places.push_back({where, partition.next, ""});
  }
  if (auto done = consumer_->assign(places); !done) return done;
  partitions_ = std::move(partitions);
  afresh_.clear();
  assigned_ = true;
  next_look_ = clock_.elapsed() + options_.look_again;
  reads_ = true;
  if (trouble_) spdlog::info("topic {} is read again", topic);
  trouble_.reset();
  return {};
}

Result<int64_t> TopicReader::place_of(const TopicPartition& where, const std::optional<PartitionOffset>& committed) {
  if (committed) return committed->offset;
  // The end is asked for first: what is written meanwhile is read.
  const auto log = consumer_->watermarks(where, options_.question_timeout);
  if (!log) return log.error();
  const auto at = consumer_->offset_at(where, options_.from, options_.question_timeout);
  if (!at) return at.error();
  return at->value_or(log->high);
}

Result<int64_t> TopicReader::first_of(const TopicPartition& where) {
  const auto log = consumer_->watermarks(where, options_.question_timeout);
  if (!log) return log.error();
  return log->low;
}

void TopicReader::read() {
  Duration timeout = kPoll;
  for (int i = 0; i < kAtOnce && !stopping_.closed(); ++i) {
    const Polled polled = consumer_->poll(timeout);
    timeout = Duration{0};
    if (const auto* message = std::get_if<KafkaMessage>(&polled)) {
      on(*message);
    } else if (const auto* problem = std::get_if<KafkaProblem>(&polled)) {
      on(*problem);
    } else {
      return;
    }
  }
}

void TopicReader::on(const KafkaMessage& message) {
  Record record{{{std::string(message.topic()), message.partition()}, message.offset(), ""}, "", ""};
  const bool wanted = message.has_value() && wants_(message.key(), message.value());
  {
    const std::lock_guard lock(mutex_);
    const auto found = partitions_.find(record.place.where);
    if (found == partitions_.end() || message.offset() < found->second.next) return;
    found->second.next = message.offset() + 1;
    if (wanted && options_.keeps_its_place) found->second.outstanding.insert(message.offset());
    if (trouble_) spdlog::info("topic {} is read again", message.topic());
    trouble_.reset();
  }
  if (!wanted) return;
  record.key = message.key();
  record.value = message.value();
  take_(std::move(record));
}

void TopicReader::on(const KafkaProblem& problem) {
  const bool lost_its_place = problem.partition >= 0 && (problem.kind == KafkaProblem::Kind::out_of_range ||
                                                         problem.kind == KafkaProblem::Kind::no_topic);
  if (lost_its_place) {
    afresh_.insert({problem.topic, problem.partition});
    assigned_ = false;
  }
  note(problem.text, assigned_);
  if (!problem.fatal) return;
  clean_ = consumer_->close(close_within_.load()) && clean_;
  consumer_.reset();
  assigned_ = false;
}

void TopicReader::done(const PartitionOffset& place) {
  const std::lock_guard lock(mutex_);
  const auto found = partitions_.find(place.where);
  if (found != partitions_.end()) found->second.outstanding.erase(place.offset);
}

std::vector<PartitionOffset> TopicReader::untold() {
  const std::lock_guard lock(mutex_);
  std::vector<PartitionOffset> places;
  for (auto& [where, partition] : partitions_) {
    if (partition.told == partition.place()) continue;
    partition.told = partition.place();
    places.push_back({where, partition.told, ""});
  }
  return places;
}

void TopicReader::tell_places() {
  if (!options_.keeps_its_place || consumer_ == nullptr || clock_.elapsed() < next_telling_) return;
  next_telling_ = clock_.elapsed() + kTelling;
  const uint64_t failed = consumer_->commits_failed();
  if (failed != commits_failed_) {
    commits_failed_ = failed;
    const std::lock_guard lock(mutex_);
    for (auto& [where, partition] : partitions_) partition.told = -1;
  }
  consumer_->commit(untold());
}

}  // namespace kedge
