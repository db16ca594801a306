#include "trail/index_follower.h"

#include <spdlog/spdlog.h>

namespace kedge {

IndexFollower::IndexFollower(std::string directory, RecordSource& records, Options options)
    : directory_(std::move(directory)), records_(records), options_(options) {}

IndexFollower::~IndexFollower() { stop(); }

void IndexFollower::start() {
  thread_ = Thread("kedge-index", [this] { run(); });
}

void IndexFollower::stop() {
  stopping_.close();
  if (thread_.joinable()) thread_.join();
}

void IndexFollower::run() {
  while (!stopping_.closed()) {
    pulse_.works();
    const Duration wait = turn();
    pulse_.waits();
    stopping_.take(wait);
  }
  builder_.reset();
}

Duration IndexFollower::turn() {
  if (!builder_) {
    auto opened = RecordIndexBuilder::open(directory_);
    if (!opened) return failed(opened.error());
    builder_ = *std::move(opened);
  }
  const auto progress = builder_->advance(records_, options_.at_once);
  if (!progress) return failed(progress.error());
  last_failure_.clear();
  return progress->complete ? options_.rest : options_.breath;
}

Duration IndexFollower::failed(const Error& error) {
  if (error.message != last_failure_) spdlog::warn("the index over the records stands still: {}", error.message);
  last_failure_ = error.message;
  return options_.try_again;
}

}  // namespace kedge
