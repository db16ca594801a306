#include "trail/index_text.h"

#include <algorithm>
#include <cstring>

#include "trail/kept_numbers.h"

namespace kedge {
namespace {

constexpr size_t kSequence = 5;
constexpr size_t kPlacesMost = 24;  // of one text: more of them would cost more than they rule out

uint32_t place_of(const char* sequence) {
  uint32_t first = 0;
  std::memcpy(&first, sequence, sizeof first);
  const uint64_t whole = uint64_t{first} << 8U | static_cast<unsigned char>(sequence[4]);
  return static_cast<uint32_t>(whole * 0x9E3779B97F4A7C15ULL >> 46U);
}
static_assert(kTextPlaces == 1U << (64U - 46U) && kSequence == 5);

}  // namespace

std::vector<uint32_t> text_places(std::string_view text) {
  std::vector<uint32_t> places;
  if (text.size() < kSequence) return places;
  const size_t sequences = text.size() - kSequence + 1;
  const size_t taken = std::min(sequences, kPlacesMost);
  for (size_t i = 0; i < taken; ++i) places.push_back(place_of(text.data() + i * sequences / taken));
  std::sort(places.begin(), places.end());
  places.erase(std::unique(places.begin(), places.end()), places.end());
  return places;
}

void TextBlock::add(std::string_view bytes) {
  for (size_t i = 0; i + kSequence <= bytes.size(); ++i) {
    const uint32_t place = place_of(bytes.data() + i);
    words_[place / 64] |= uint64_t{1} << place % 64;
  }
}

std::string TextBlock::kept() const { return kedge::kept(words_); }

Result<TextBlock> TextBlock::of(std::string_view kept) {
  auto words = numbers_of<uint64_t>(kept);
  if (!words) return words.error();
  TextBlock block;
  if (words->size() != block.words_.size()) return Error{ErrorCode::corrupt, "a block's texts are not whole"};
  block.words_ = *std::move(words);
  return block;
}

StretchBlocks StretchBlocks::all() {
  StretchBlocks blocks;
  blocks.words.fill(~uint64_t{0});
  return blocks;
}

void TextStretch::add(size_t block, const TextBlock& places) {
  for (size_t i = 0; i < places.words_.size(); ++i) {
    for (uint64_t left = places.words_[i]; left != 0; left &= left - 1) {
      rows_[i * 64 + static_cast<size_t>(__builtin_ctzll(left))].set(block);
    }
  }
}

std::string TextStretch::kept_leaf(uint32_t leaf) const {
  std::vector<uint64_t> words;
  const uint32_t end = std::min(kTextPlaces, (leaf + 1) * kLeafPlaces);
  for (uint32_t place = leaf * kLeafPlaces; place < end; ++place) {
    words.insert(words.end(), rows_[place].words.begin(), rows_[place].words.end());
  }
  return kedge::kept(words);
}

Result<StretchBlocks> TextStretch::narrowed(std::string_view kept_leaf, uint32_t place, StretchBlocks blocks) {
  const auto words = numbers_of<uint64_t>(kept_leaf);
  if (!words) return words.error();
  const size_t begin = place % kLeafPlaces * blocks.words.size();
  if (words->size() < begin + blocks.words.size()) return Error{ErrorCode::corrupt, "a leaf of texts is not whole"};
  for (size_t i = 0; i < blocks.words.size(); ++i) blocks.words[i] &= (*words)[begin + i];
  return blocks;
}

}  // namespace kedge
