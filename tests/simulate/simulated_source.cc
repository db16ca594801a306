#include "tests/simulate/simulated_source.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace kedge {

using std::chrono::milliseconds;

Result<void> SimulatedSource::start() {
  thread_ = Thread("source", [this] { run(); });
  return {};
}

bool SimulatedSource::stop(Duration) {
  ending_.close();
  world_.baton.wake(&world_.log);
  if (thread_.joinable()) thread_.join();
  return true;
}

void SimulatedSource::reconsider(std::string_view, int32_t, Permission) {
  ask_again_ = true;
  world_.baton.wake(&world_.log);
}

void SimulatedSource::rebalance(bool lane_hears) {
  if (assignment_ != nullptr && lane_hears) assignment_->revoked = true;
  reconsider("", 0, Permission::none);
}

// False: it ends.
bool SimulatedSource::rest(Duration span) { return !ending_.wait_closed(span) && world_.step(life_); }

void SimulatedSource::run() {
  while (rest(milliseconds(1 + world_.dice.below(40)))) {
    if (!ask_again_) world_.await_records(held_ ? SIZE_MAX : static_cast<size_t>(next_), std::chrono::minutes(1));
    if (ask_again_ && !claim()) {
      if (!rest(std::chrono::seconds(1))) return;
      continue;
    }
    if (!held_ && !read_on()) return;
  }
}

bool SimulatedSource::claim() {
  const PartitionId partition{"trail", "events", 0};
  const auto found = positions_.find({&partition, 1});
  if (!found) return false;
  PositionClaim claim{partition, found->at(0), found->at(0).value_or(Position{"cluster", 0, 0, std::nullopt}),
                      std::nullopt};
  if (world_.plant == Plant::record_skipped && found->at(0)) {
    const auto end = static_cast<int64_t>(world_.log.size());
    claim.wanted.next = std::min(claim.wanted.next + 1, end);
  }
  const auto epochs = positions_.claim({&claim, 1});
  if (!epochs) return false;
  assignment_ = std::make_shared<Assignment>();
  assignment_->partition = partition;
  assignment_->cluster = "cluster";
  assignment_->epoch = epochs->at(0);
  next_ = claim.wanted.next;
  ask_again_ = held_ = false;
  return true;
}

// A few records at once. False: it ends.
bool SimulatedSource::read_on() {
  const auto end = static_cast<int64_t>(world_.log.size());
  if (next_ >= end) return true;
  Batch batch(this, assignment_, next_);
  const int64_t behind = std::min(end, next_ + 1 + static_cast<int64_t>(world_.dice.below(4)));
  for (int64_t offset = next_; offset < behind; ++offset) {
    const LogRecord& record = world_.log[static_cast<size_t>(offset)];
    SourceMessage message;
    message.offset = offset;
    message.timestamp = record.timestamp;
    message.value = record.value;
    batch.append(message);
  }
  batch.seal(world_.durable().time_of_day());
  const size_t bytes = batch.bytes();
  while (!lane_.try_put(std::move(batch), bytes)) {
    if (!rest(milliseconds(100))) return false;
  }
  next_ = behind;
  return true;
}

}  // namespace kedge
