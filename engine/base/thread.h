// A thread of a loop.
#pragma once

#include <functional>
#include <memory>
#include <thread>

#include "base/baton.h"
#include "base/waiting.h"

namespace kedge {

// It must be joined before it is destroyed. Where the thread that starts it takes turns, it does so too.
class Thread {
 public:
  Thread() = default;
  // `name`: as `top -H` and a debugger show it, at most 15 characters.
  Thread(const char* name, std::function<void()> body);

  bool joinable() const { return thread_.joinable(); }
  void join();

 private:
  std::shared_ptr<Mailbox<bool>> over_;  // closed at its end, where turns are taken
  std::thread thread_;
};

}  // namespace kedge
