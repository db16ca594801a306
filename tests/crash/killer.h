// Kills the engine at moments that a seed chooses: after a while, or just when one of its calls comes by.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>

#include "base/random.h"
#include "tests/crash/fault_proxy.h"
#include "tests/e2e/engine.h"

namespace kedge {

// Is the proxy's witness as long as it lives, which is for one run. One thread at a time.
class Killer {
 public:
  enum class When { after_a_while, as_it_reads, before_a_write, after_a_write };  // as the proxy sees its calls

  Killer(Engine&, FaultProxy&, uint64_t seed);
  ~Killer();
  Killer(const Killer&) = delete;
  Killer& operator=(const Killer&) = delete;

  // Waits for the moment, kills the engine that runs, and starts it again at once.
  When kill_once();

 private:
  void saw(const Call&, FaultProxy::Moment);

  Engine& engine_;
  FaultProxy& proxy_;
  Random random_;

  std::mutex mutex_;
  std::condition_variable changed_;
  bool armed_ = false;               // guarded by mutex_
  When when_ = When::after_a_while;  // guarded by mutex_
  uint64_t calls_left_ = 0;          // before the one at which it is killed; guarded by mutex_
};

}  // namespace kedge
