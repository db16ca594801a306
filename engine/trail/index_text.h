// What the derived index knows of the records' bytes: for each block of records, a set of places for the sequences of
// five bytes that stand in it. A block that lacks the place of one of a text's sequences does not hold the text; one
// that has all of them may. Texts below five bytes are not helped.
//
// A stretch that is complete is turned over: for each place, which of its 256 blocks have it (32 bytes), many places to
// a row (a leaf). So a text of any length is looked for by few short reads a stretch.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "trail/index_layout.h"

namespace kedge {

inline constexpr uint32_t kTextPlaces = 1U << 18U;  // 32 KiB a block: 128 bytes a record
inline constexpr uint32_t kLeafPlaces = 250;        // 8,000 bytes
inline constexpr uint32_t kLeaves = (kTextPlaces + kLeafPlaces - 1) / kLeafPlaces;

// The places of the text's sequences, in order, each once; of a long text a selection. Empty: the text is too short.
std::vector<uint32_t> text_places(std::string_view text);

// The places that one block has.
class TextBlock {
 public:
  TextBlock() : words_(kTextPlaces / 64, 0) {}

  void add(std::string_view bytes);
  bool has(uint32_t place) const { return (words_[place / 64] >> place % 64 & 1U) != 0; }

  std::string kept() const;
  static Result<TextBlock> of(std::string_view kept);

 private:
  friend class TextStretch;
  std::vector<uint64_t> words_;
};

// Blocks of one stretch, each wanted or not.
struct StretchBlocks {
  std::array<uint64_t, kStretchBlocks / 64> words{};

  static StretchBlocks all();
  void set(size_t block) { words[block / 64] |= uint64_t{1} << block % 64; }
  bool has(size_t block) const { return (words[block / 64] >> block % 64 & 1U) != 0; }
  bool empty() const { return words == decltype(words){}; }
};

// A stretch, turned over.
class TextStretch {
 public:
  TextStretch() : rows_(kTextPlaces) {}

  void add(size_t block, const TextBlock& places);
  std::string kept_leaf(uint32_t leaf) const;
  // The blocks in `blocks` that have the place too, which is one of this leaf.
  static Result<StretchBlocks> narrowed(std::string_view kept_leaf, uint32_t place, StretchBlocks blocks);

 private:
  std::vector<StretchBlocks> rows_;
};

}  // namespace kedge
