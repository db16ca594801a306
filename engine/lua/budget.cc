#include "lua/budget.h"

#include <algorithm>
#include <cstdlib>

#include "lua/machine.h"

namespace kedge::lua {
namespace {

constexpr int kCountInterval = 1000;        // instructions between two looks at the budget
constexpr size_t kSmallString = 1U << 10U;  // bytes; joining strings up to this is what an instruction costs anyway

}  // namespace

Budget& budget_of(lua_State* state) { return machine_of(state).budget; }

void* Budget::allocate(void* self, void* block, size_t old_bytes, size_t new_bytes) {
  auto& budget = *static_cast<Budget*>(self);
  const size_t held = block == nullptr ? 0 : old_bytes;
  if (new_bytes == 0) {
    std::free(block);
    budget.used_bytes_ -= held;
    return nullptr;
  }
  if (!budget.admits(block, old_bytes, new_bytes)) return nullptr;
  void* const result = std::realloc(block, new_bytes);
  if (result != nullptr) budget.used_bytes_ += new_bytes - held;
  return result;
}

// Refusing is how Lua learns of it: it collects garbage, asks once more, then raises "not enough memory". Shrinking is
// never refused.
bool Budget::admits(void* block, size_t old_bytes, size_t new_bytes) {
  const size_t held = block == nullptr ? 0 : old_bytes;
  if (!running_ || new_bytes <= held) return true;
  // Joining strings copies any number of bytes in one instruction: they are counted here. (For a new object,
  // `old_bytes` says of what type it is.)
  const bool is_string = block == nullptr && old_bytes == LUA_TSTRING;
  if (is_string && new_bytes > kSmallString && !spend(static_cast<int64_t>(new_bytes / 8))) return false;
  if (used_bytes_ + new_bytes - held <= baseline_bytes_ + limits_.memory_bytes) return true;
  exceeded_ = Exceeded::memory;
  return false;
}

bool Budget::spend(int64_t instructions) {
  instructions_left_ -= std::min(instructions, std::max<int64_t>(instructions_left_, 0) + 1);
  if (instructions_left_ >= 0) return true;
  exceeded_ = Exceeded::instructions;
  return false;
}

void Budget::start(lua_State* state, const Limits& limits) {
  limits_ = limits;
  instructions_left_ = limits.instructions;
  exceeded_ = Exceeded::nothing;
  running_ = true;
  count_interval_ = static_cast<int>(std::clamp<int64_t>(limits.instructions, 1, kCountInterval));
  lua_sethook(state, on_count, LUA_MASKCOUNT, count_interval_);
}

void Budget::stop(lua_State* state) {
  lua_sethook(state, nullptr, 0, 0);
  running_ = false;
}

void Budget::charge(lua_State* state, size_t instructions) {
  constexpr size_t kMost = INT64_MAX;
  if (running_ && !spend(static_cast<int64_t>(std::min(instructions, kMost)))) raise(state, 1);
}

void Budget::on_count(lua_State* state, lua_Debug*) {
  Budget& budget = budget_of(state);
  if (!budget.spend(budget.count_interval_)) budget.raise(state, 0);
}

// From now on every instruction asks again: whatever would catch this error is stopped at its next step.
void Budget::raise(lua_State* state, int level) {
  count_interval_ = 1;
  lua_sethook(state, on_count, LUA_MASKCOUNT, 1);
  luaL_where(state, level);
  lua_pushliteral(state, "over the limit");
  lua_concat(state, 2);
  lua_error(state);
  std::abort();  // lua_error does not come back
}

}  // namespace kedge::lua
