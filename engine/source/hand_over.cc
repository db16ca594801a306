#include "source/hand_over.h"

#include <utility>

namespace kedge {

HandOver::HandOver(const Lanes& lanes) : queues_(lanes.size()) {
  for (size_t lane = 0; lane < lanes.size(); ++lane) queues_[lane].mailbox = lanes[lane];
}

void HandOver::give(Batch batch) {
  const size_t lane = batch.assignment().lane;
  queues_[lane].waiting.push_back(std::move(batch));
  offer(lane);
}

bool HandOver::offer(size_t lane) {
  Queue& queue = queues_[lane];
  while (!queue.waiting.empty()) {
    Batch& first = queue.waiting.front();
    const size_t weight = first.bytes();
    if (!queue.mailbox->try_put(std::move(first), weight)) {
      if (queue.mailbox->closed()) queue.waiting.clear();
      return queue.waiting.empty();
    }
    queue.waiting.pop_front();
  }
  return true;
}

bool HandOver::has_room_again(size_t lane) const {
  const Queue& queue = queues_[lane];
  return queue.waiting.empty() && queue.mailbox->weight() <= queue.mailbox->weight_max() / 2;
}

void HandOver::drop(const Assignment& assignment) {
  std::deque<Batch>& waiting = queues_[assignment.lane].waiting;
  std::erase_if(waiting, [&](const Batch& batch) { return &batch.assignment() == &assignment; });
}

}  // namespace kedge
