#include "tests/crash/killer.h"

#include <csignal>

namespace kedge {

using std::chrono::milliseconds;

namespace {

// What does not call so often by then is killed all the same.
constexpr auto kPatience = milliseconds(8'000);
constexpr uint64_t kWhileMsMax = 5'000;  // longer than the engine waits for an attempt that it does not know of
constexpr uint64_t kReadsMax = 60;
constexpr uint64_t kWritesMax = 8;

}  // namespace

Killer::Killer(Engine& engine, FaultProxy& proxy, uint64_t seed) : engine_(engine), proxy_(proxy), random_(seed) {
  proxy_.tell([this](const Call& call, FaultProxy::Moment moment) { saw(call, moment); });
}

Killer::~Killer() { proxy_.tell(nullptr); }

Killer::When Killer::kill_once() {
  milliseconds patience = kPatience;
  When when;
  {
    std::unique_lock lock(mutex_);
    when = when_ = static_cast<When>(random_.below(4));
    if (when == When::after_a_while) patience = milliseconds(random_.below(kWhileMsMax));
    calls_left_ = random_.below(when == When::as_it_reads ? kReadsMax : kWritesMax);
    armed_ = true;
    changed_.wait_for(lock, patience, [&] { return !armed_; });
    armed_ = false;
  }
  engine_.kill();
  engine_.start_unawaited();
  return when;
}

// On the thread of the call, which goes on only when the engine is dead.
void Killer::saw(const Call& call, FaultProxy::Moment moment) {
  const std::lock_guard lock(mutex_);
  if (!armed_ || when_ == When::after_a_while) return;
  const bool is_of_interest = call.changes == (when_ != When::as_it_reads) &&
                              (moment == FaultProxy::Moment::delivered) == (when_ == When::after_a_write);
  if (!is_of_interest || calls_left_-- > 0) return;
  engine_.process().signal(SIGKILL);
  armed_ = false;
  changed_.notify_all();
}

}  // namespace kedge
