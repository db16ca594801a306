#include "tests/simulate/seeded_baton.h"

#include <sched.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>

namespace kedge {
namespace {

void stay_on_this_core() {
  cpu_set_t core;
  CPU_ZERO(&core);
  CPU_SET(sched_getcpu(), &core);
  sched_setaffinity(0, sizeof core, &core);
}

}  // namespace

SeededBaton::SeededBaton(FakeClock& clock, uint64_t seed) : clock_(clock), dice_(seed) {
  stay_on_this_core();
  seat().state = Seat::State::ready;
  set_mine(this);
}

SeededBaton::~SeededBaton() { set_mine(nullptr); }

// Work takes time, too: some microseconds.
void SeededBaton::pass() {
  if (dice_.below(3) != 0) return;
  clock_.advance(Duration(dice_.below(50)));
  hand_to(next());
}

void SeededBaton::wait(const void* place, Duration timeout) {
  Seat& mine = seat();
  mine.state = Seat::State::waiting;
  mine.place = place;
  mine.due = clock_.elapsed() + timeout;
  hand_to(next());
}

void SeededBaton::sleep(Duration span) {
  const Duration end = clock_.elapsed() + span;
  while (clock_.elapsed() < end) wait(nullptr, end - clock_.elapsed());
}

void SeededBaton::wake(const void* place) {
  for (Seat& one : seats_) {
    if (one.state == Seat::State::waiting && one.place == place) one.state = Seat::State::ready;
  }
}

void SeededBaton::wake_due() {
  const Duration now = clock_.elapsed();
  for (Seat& one : seats_) {
    if (one.state == Seat::State::waiting && one.due <= now) one.state = Seat::State::ready;
  }
}

// Who goes on. Where all wait, time passes until somebody need not.
int SeededBaton::next() {
  for (;;) {
    wake_due();
    size_t ready = 0;
    Duration due = Duration::max();
    for (const Seat& one : seats_) {
      if (one.state == Seat::State::ready) ++ready;
      if (one.state == Seat::State::waiting) due = std::min(due, one.due);
    }
    if (ready == 0) {
      clock_.advance(due - clock_.elapsed());
      continue;
    }
    uint64_t chosen = ready == 1 ? 0 : dice_.below(ready);
    for (size_t i = 0;; ++i) {
      if (seats_[i].state == Seat::State::ready && chosen-- == 0) return static_cast<int>(i);
    }
  }
}

void SeededBaton::hand_to(int next) {
  if (next == holder_) return;
  ++turns_;
  Seat& mine = seat();
  holder_ = next;
  seat().turn.release();
  mine.turn.acquire();
}

int SeededBaton::add_seat() {
  for (size_t i = 0; i < kSeats; ++i) {
    if (seats_[i].state != Seat::State::left) continue;
    seats_[i].state = Seat::State::ready;
    return static_cast<int>(i);
  }
  std::abort();  // an engine has some ten threads
}

void SeededBaton::take_seat(int seat) {
  set_mine(this);
  seats_[static_cast<size_t>(seat)].turn.acquire();
}

void SeededBaton::leave_seat() {
  seat().state = Seat::State::left;
  set_mine(nullptr);
  ++turns_;
  holder_ = next();
  seat().turn.release();
}

}  // namespace kedge
