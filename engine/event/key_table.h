// From a short text to a number, in one probe: which member of an event is this, does anybody want it?
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace kedge {

// A fast hash of bytes, the same on every machine of one byte order. Not for tables that strangers fill: the tables it
// serves are filled from rules and constants, and events only ask them.
inline uint64_t hash_text(std::string_view text) {
  const auto load = [](const char* from, size_t size) {
    uint64_t word = 0;
    std::memcpy(&word, from, size);
    return word;
  };
  // Two words at once: their products do not wait for each other.
  const auto mix = [](uint64_t hash, uint64_t a, uint64_t b) {
    hash = (hash ^ a) * 0x9E3779B97F4A7C15ULL ^ std::rotl(b * 0xD6E8FEB86659FD93ULL, 32);
    return hash ^ hash >> 32U;
  };
  uint64_t hash = text.size() * 0x9FB21C651E98DF25ULL;
  const char* at = text.data();
  size_t left = text.size();
  for (; left > 16; left -= 16, at += 16) hash = mix(hash, load(at, 8), load(at + 8, 8)) * 0x9E3779B97F4A7C15ULL;
  if (left >= 8) return mix(hash, load(at, 8), load(at + left - 8, 8));
  if (left >= 4) return mix(hash, load(at, 4), load(at + left - 4, 4));
  if (left == 0) return mix(hash, 0, 0);
  return mix(hash, load(at, 1) << 8U | load(at + left / 2, 1), load(at + left - 1, 1));
}

// Filled once, then asked by any number of threads. It owns its keys.
class KeyTable {
 public:
  static constexpr uint32_t kNone = UINT32_MAX;

  KeyTable() = default;
  // Each name gets its place in the list.
  KeyTable(std::initializer_list<std::string_view> names) {
    uint32_t number = 0;
    for (const std::string_view name : names) add(name, number++);
  }

  // `number` < kNone. A key that is there already keeps its first number.
  void add(std::string_view key, uint32_t number) {
    if (find(key) != kNone) return;
    keys_.emplace_back(key, number);
    if (keys_.size() * 2 > slots_.size()) {
      slots_.assign(slots_.empty() ? 8 : slots_.size() * 2, Slot{});
      for (uint32_t i = 0; i < keys_.size(); ++i) place(i);
    } else {
      place(static_cast<uint32_t>(keys_.size() - 1));
    }
    if (key.size() < 64)
      lengths_ |= uint64_t{1} << key.size();
    else
      has_long_key_ = true;
  }

  uint32_t find(std::string_view key) const {
    if (key.size() < 64 ? (lengths_ >> key.size() & 1U) == 0 : !has_long_key_) return kNone;
    const uint64_t hash = hash_text(key);
    const size_t mask = slots_.size() - 1;
    for (size_t i = hash & mask; slots_[i].key != kNone; i = (i + 1) & mask) {
      if (slots_[i].tag != static_cast<uint32_t>(hash >> 32U)) continue;
      const auto& [name, number] = keys_[slots_[i].key];
      if (equal(name, key)) return number;
    }
    return kNone;
  }

  // Without a call for keys of the usual lengths.
  static bool equal(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    const auto differ = [&a, &b](size_t at, auto word) {
      auto other = word;
      std::memcpy(&word, a.data() + at, sizeof word);
      std::memcpy(&other, b.data() + at, sizeof other);
      return word ^ other;
    };
    if (a.size() < 4 || a.size() > 16) return a == b;
    if (a.size() < 8) return (differ(0, uint32_t{0}) | differ(a.size() - 4, uint32_t{0})) == 0;
    return (differ(0, uint64_t{0}) | differ(a.size() - 8, uint64_t{0})) == 0;
  }

  bool empty() const { return keys_.empty(); }
  size_t size() const { return keys_.size(); }

 private:
  struct Slot {
    uint32_t tag = 0;      // the upper half of the hash
    uint32_t key = kNone;  // its place in keys_
  };

  void place(uint32_t index) {
    const uint64_t hash = hash_text(keys_[index].first);
    const size_t mask = slots_.size() - 1;
    size_t i = hash & mask;
    while (slots_[i].key != kNone) i = (i + 1) & mask;
    slots_[i] = {static_cast<uint32_t>(hash >> 32U), index};
  }

  std::vector<std::pair<std::string, uint32_t>> keys_;
  std::vector<Slot> slots_;  // at most half full; its size is a power of two
  uint64_t lengths_ = 0;     // bit n: a key of n bytes is there
  bool has_long_key_ = false;
};

}  // namespace kedge
