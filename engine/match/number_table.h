// From a number of 64 bits to one of 32, in one probe.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace kedge {

// Filled by one thread, then asked by any number. Not for tables that strangers fill.
class NumberTable {
 public:
  static constexpr uint32_t kNone = UINT32_MAX;

  NumberTable() = default;
  explicit NumberTable(size_t keys) : slots_(std::bit_ceil(std::max<size_t>(keys * 2, 8))) {}  // with room for as many

  // The value of `key`, which becomes `fresh` (< kNone) if it had none.
  uint32_t add(uint64_t key, uint32_t fresh) {
    if ((count_ + 1) * 2 > slots_.size()) grow();
    Slot& slot = slots_[slot_of(key)];
    if (slot.value == kNone) {
      slot = {key, fresh};
      ++count_;
    }
    return slot.value;
  }

  uint32_t find(uint64_t key) const { return slots_.empty() ? kNone : slots_[slot_of(key)].value; }
  bool empty() const { return count_ == 0; }

 private:
  struct Slot {
    uint64_t key = 0;
    uint32_t value = kNone;
  };

  size_t slot_of(uint64_t key) const {
    const size_t mask = slots_.size() - 1;
    uint64_t hash = key * 0x9E3779B97F4A7C15ULL;
    hash ^= hash >> 32U;
    size_t i = hash & mask;
    while (slots_[i].value != kNone && slots_[i].key != key) i = (i + 1) & mask;
    return i;
  }

  void grow() {
    const std::vector<Slot> old = std::move(slots_);
    slots_.assign(old.empty() ? 8 : old.size() * 2, Slot{});
    for (const Slot& slot : old) {
      if (slot.value != kNone) slots_[slot_of(slot.key)] = slot;
    }
  }

  std::vector<Slot> slots_;  // at most half full; its size is a power of two
  size_t count_ = 0;
};

}  // namespace kedge
