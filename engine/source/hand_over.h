// HandOver: the way of batches into the lanes' mailboxes, without ever waiting there.
//
// What a full mailbox does not take is kept here, in order, and offered again. It belongs to one thread, the source's.
#pragma once

#include <cstddef>
#include <deque>
#include <vector>

#include "source/batch.h"
#include "source/source.h"

namespace kedge {

class HandOver {
 public:
  explicit HandOver(const Lanes& lanes);

  size_t lanes() const { return queues_.size(); }

  // Gives a batch to its lane, behind what waits for that lane.
  void give(Batch);

  // Offers again what waits for a lane. True when nothing waits any more.
  bool offer(size_t lane);

  bool waits(size_t lane) const { return !queues_[lane].waiting.empty(); }

  // True when nothing waits for a lane that was full and its mailbox, which others may fill too, is half empty.
  bool has_room_again(size_t lane) const;

  // Forgets what waits of one assignment.
  void drop(const Assignment&);

 private:
  struct Queue {
    Mailbox<Batch>* mailbox = nullptr;
    std::deque<Batch> waiting;
  };
  std::vector<Queue> queues_;
};

}  // namespace kedge
