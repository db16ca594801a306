#include "pipeline/checkpoint_publisher.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace kedge {
namespace {

// How soon it is looked again where the log shows none yet: after a start there will be one soon.
constexpr Duration kFirstLook = std::chrono::seconds(1);
constexpr Duration kLettingGo = std::chrono::milliseconds(2500);  // an HTTP client sees a stop within a second

}  // namespace

CheckpointPublisher::CheckpointPublisher(std::unique_ptr<CheckpointPlace> place, Newest newest, Clock& clock,
                                         Random& random, Options options)
    : newest_(std::move(newest)),
      clock_(clock),
      random_(random),
      options_(std::move(options)),
      place_(std::move(place)) {}

CheckpointPublisher::~CheckpointPublisher() {
  ask_to_stop();
  cancel_.request_stop();
  if (thread_.joinable()) thread_.join();
}

void CheckpointPublisher::start() {
  thread_ = Thread("kedge-outside", [this] { run(); });
}

bool CheckpointPublisher::stop(Duration patience) {
  ask_to_stop();
  if (!thread_.joinable()) return true;
  if (!ended_.wait_closed(patience)) {
    cancel_.request_stop();
    if (!ended_.wait_closed(kLettingGo)) return false;
  }
  thread_.join();
  return true;
}

void CheckpointPublisher::run() {
  Duration rest{};
  do {
    rest = turn();
  } while (!stopping_.wait_closed(rest));
  const auto newest = newest_();
  if (newest && newest->note != published_ && !cancel_.stop_requested()) publish(*newest);
  place_.reset();  // its client ends here, where nobody waits for it for longer than stop() says
  ended_.close();
}

Duration CheckpointPublisher::turn() {
  const auto newest = newest_();
  const Duration now = clock_.elapsed();
  if (!newest) return std::min(options_.every, kFirstLook);
  if (!is_due(*newest, now)) return options_.every;
  if (now >= not_before_) publish(*newest);
  return failing_ == 0 ? options_.every
                       : std::max<Duration>(not_before_ - clock_.elapsed(), std::chrono::milliseconds(1));
}

bool CheckpointPublisher::is_due(const PublishedCheckpoint& newest, Duration now) {
  if (newest.note == published_) return now - published_elapsed_ >= options_.repeat_after;
  const std::lock_guard lock(mutex_);
  if (!behind_since_) behind_since_ = now;
  return true;
}

void CheckpointPublisher::publish(const PublishedCheckpoint& newest) {
  const Delivery delivery = place_->publish(newest, clock_.now(), cancel_.get_token());
  const Duration now = clock_.elapsed();
  if (delivery.kind == Delivery::Kind::delivered) {
    if (failing_ > 0) spdlog::info("the checkpoint place '{}' has the newest checkpoint again", options_.name);
    failing_ = 0;
    published_ = newest.note;
    published_elapsed_ = now;
  } else {
    if (failing_ == 0) {
      spdlog::warn("the checkpoint place '{}' did not take the newest checkpoint, and is tried again: {}",
                   options_.name, delivery.error);
    }
    ++failing_;
    not_before_ = now + wait_before_retry(options_.schedule, failing_, delivery.retry_after, random_);
  }
  note(newest, delivery);
}

void CheckpointPublisher::note(const PublishedCheckpoint& checkpoint, const Delivery& delivery) {
  const Time wall = clock_.now();
  const std::lock_guard lock(mutex_);
  status_.trouble = delivery.error;
  if (delivery.kind != Delivery::Kind::delivered) {
    ++status_.failures;
    return;
  }
  ++status_.publications;
  status_.size = checkpoint.size;
  status_.published_at = wall;
  behind_since_.reset();
}

CheckpointPublisher::Status CheckpointPublisher::status() const {
  const std::lock_guard lock(mutex_);
  Status status = status_;
  if (behind_since_) status.behind_for = clock_.elapsed() - *behind_since_;
  return status;
}

}  // namespace kedge
