#include "app/alarm_queue.h"

#include <spdlog/spdlog.h>

namespace kedge {

// One that the ledger refuses would be refused again.
void AlarmQueue::hand_in() {
  if (answer_) {
    const auto answer = answer_->get(Duration{0});
    if (!answer) return;
    answer_.reset();
    if (!answer->done() && answer->outcome != Outcome::refused) return;
    if (!answer->done()) spdlog::error("an alarm is not on record: {}", answer->error.message);
    alarms_.pop_front();
  }
  if (!alarms_.empty()) answer_ = committer_.submit(alarms_.front());
}

}  // namespace kedge
