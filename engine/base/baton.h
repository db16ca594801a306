// Baton: threads that take turns.
//
// In a simulation only one thread runs at a time: the one that has the baton. It hands it on where it waits, and at
// edges of the world; who gets it, and what time it is, is for the simulation to say. Outside of one there is no
// baton, and nothing here does anything.
#pragma once

#include "base/time.h"

namespace kedge {

// Implemented by the simulation; outlives the threads that take turns. Each method but add_seat and take_seat is called
// by the thread that has the baton.
class Baton {
 public:
  virtual ~Baton() = default;

  // The baton of the calling thread; null where threads run as they like.
  static Baton* mine() { return of_thread(); }
  // Whoever has the baton may hand it on here.
  static void offer() {
    if (Baton* const baton = mine()) baton->pass();
  }

  virtual void pass() = 0;
  // Returns when somebody wakes those who wait at this place, or `timeout` is over; perhaps earlier.
  virtual void wait(const void* place, Duration timeout) = 0;
  virtual void wake(const void* place) = 0;
  virtual Duration elapsed() = 0;  // of the clock by which timeouts end

  // A thread that takes turns is given a seat by the one that starts it, takes it itself, and leaves it at its end.
  virtual int add_seat() = 0;
  virtual void take_seat(int seat) = 0;
  virtual void leave_seat() = 0;

 protected:
  static void set_mine(Baton* baton) { of_thread() = baton; }

 private:
  static Baton*& of_thread() {
    static thread_local Baton* baton = nullptr;
    return baton;
  }
};

}  // namespace kedge
