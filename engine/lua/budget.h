// Budget: what the call that is running may still use. It is Lua's allocator and its count hook.
#pragma once

#include <lua.hpp>

#include "lua/limits.h"

namespace kedge::lua {

// One for each state, at a fixed address for as long as the state lives.
class Budget {
 public:
  enum class Exceeded { nothing, instructions, memory };

  // The allocator to give to lua_newstate, with the Budget as its data.
  static void* allocate(void* self, void* block, size_t old_bytes, size_t new_bytes);

  // Between start and stop limits hold; outside of them Lua may use what it needs.
  void start(lua_State* state, const Limits& limits);
  void stop(lua_State* state);

  // Counts work done in C. Raises a Lua error when too much has been done.
  void charge(lua_State* state, size_t instructions);
  void charge_bytes(lua_State* state, size_t bytes) { charge(state, 1 + bytes / 8); }

  // What ended the last call.
  Exceeded exceeded() const { return exceeded_; }
  size_t used_bytes() const { return used_bytes_; }

  // Memory above this belongs to the call.
  size_t baseline_bytes() const { return baseline_bytes_; }
  // What is in use now belongs to nobody's call.
  void set_baseline() { baseline_bytes_ = used_bytes_; }

  // While one lives, no limits hold, and what is allocated belongs to nobody's call: compiling a file for the first
  // time must not make a difference to the call that happens to be the first.
  class Shared {
   public:
    explicit Shared(Budget& budget) : budget_(budget), was_running_(budget.running_), before_(budget.used_bytes_) {
      budget.running_ = false;
    }
    ~Shared() {
      budget_.running_ = was_running_;
      if (budget_.used_bytes_ > before_) budget_.baseline_bytes_ += budget_.used_bytes_ - before_;
    }
    Shared(const Shared&) = delete;
    Shared& operator=(const Shared&) = delete;

   private:
    Budget& budget_;
    bool was_running_;
    size_t before_;
  };

 private:
  static void on_count(lua_State* state, lua_Debug*);
  [[noreturn]] void raise(lua_State* state, int level);
  bool spend(int64_t instructions);
  bool admits(void* block, size_t old_bytes, size_t new_bytes);

  bool running_ = false;
  Exceeded exceeded_ = Exceeded::nothing;
  Limits limits_;
  int64_t instructions_left_ = 0;
  int count_interval_ = 0;
  size_t used_bytes_ = 0;
  size_t baseline_bytes_ = 0;
};

// The budget of the state that a C function was called with.
Budget& budget_of(lua_State* state);

}  // namespace kedge::lua
