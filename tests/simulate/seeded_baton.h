// SeededBaton: one thread at a time, the next by the dice, and a clock that moves when all wait.
#pragma once

#include <array>
#include <semaphore>
#include <vector>

#include "base/baton.h"
#include "base/random.h"
#include "tests/support/fake_clock.h"

namespace kedge {

// The thread that makes it has the first seat, and the baton. One seed, the same turns. All threads stay on one core:
// handing the baton to another one costs three times as much.
class SeededBaton final : public Baton {
 public:
  SeededBaton(FakeClock& clock, uint64_t seed);
  // By the same thread, when all others have left.
  ~SeededBaton() override;

  void pass() override;
  void wait(const void* place, Duration timeout) override;
  void wake(const void* place) override;
  Duration elapsed() override { return clock_.elapsed(); }
  int add_seat() override;
  void take_seat(int seat) override;
  void leave_seat() override;

  // Time in which the calling thread does nothing, and others may.
  void sleep(Duration);

  uint64_t turns() const { return turns_; }

 private:
  struct Seat {
    enum class State { ready, waiting, left };
    State state = State::left;
    const void* place = nullptr;
    Duration due{};
    std::binary_semaphore turn{0};
  };
  Seat& seat() { return seats_[static_cast<size_t>(holder_)]; }
  int next();
  void wake_due();
  void hand_to(int next);

  FakeClock& clock_;
  Random dice_;
  // Never moved: who waits for the turn is inside of one.
  static constexpr size_t kSeats = 32;
  std::array<Seat, kSeats> seats_;
  int holder_ = 0;
  uint64_t turns_ = 0;
};

}  // namespace kedge
