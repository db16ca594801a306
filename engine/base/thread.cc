#include "base/thread.h"

#include <chrono>
#include <utility>

#include "base/thread_name.h"

namespace kedge {

Thread::Thread(const char* name, std::function<void()> body) {
  Baton* const baton = Baton::mine();
  if (baton == nullptr) {
    thread_ = std::thread([name, body = std::move(body)] {
      name_thread(name);
      body();
    });
    return;
  }
  over_ = std::make_shared<Mailbox<bool>>(1);
  thread_ = std::thread([baton, seat = baton->add_seat(), over = over_, body = std::move(body)] {
    baton->take_seat(seat);
    body();
    over->close();
    baton->leave_seat();
  });
}

void Thread::join() {
  while (over_ != nullptr && Baton::mine() != nullptr && !over_->wait_closed(std::chrono::hours(1))) {
  }
  thread_.join();
}

}  // namespace kedge
