// IndexColumn: one field of one piece of the trail, or its records' shapes (index_shapes.h), as the derived index keeps
// them. The piece has a list of the values that occur in it (by their numbers, index_values.h), and each record a code:
// which of them is its own, counted from 1; 0 is none. So a piece in which a value does not occur is passed over by its
// list alone, and one in which it does costs the same whatever is asked.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "trail/index_layout.h"

namespace kedge {

// A piece's records, each wanted or not.
class PieceBits {
 public:
  // 64 records at once.
  void set_word(size_t word, uint64_t bits) { words_.at(word) = bits; }
  void set_block(size_t block) {
    constexpr size_t kWords = kBlockRecords / 64;
    std::fill_n(words_.begin() + block * kWords, kWords, ~uint64_t{0});
  }
  bool has(size_t place) const { return (words_[place / 64] >> place % 64 & 1U) != 0; }
  bool empty() const;
  PieceBits& operator&=(const PieceBits& other);
  PieceBits& operator|=(const PieceBits& other);

 private:
  std::array<uint64_t, kPieceRecords / 64> words_{};
};

class IndexColumn {
 public:
  // `place` is behind all places before.
  void append(size_t place, uint32_t value);

  std::string kept_values() const;
  std::string kept_codes() const;  // up to the last record that has a value
  // corrupt: they do not belong together.
  static Result<IndexColumn> of(std::string_view kept_values, std::string_view kept_codes);

 private:
  std::vector<uint32_t> values_;
  std::unordered_map<uint32_t, uint16_t> codes_by_value_;
  std::vector<uint16_t> codes_;
};

// The records whose code is wanted: 1, and 0 where it is not, as code 0 is not.
Result<PieceBits> records_with(std::string_view kept_codes, const std::vector<uint8_t>& wanted);

}  // namespace kedge
