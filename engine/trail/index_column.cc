#include "trail/index_column.h"

#include "trail/kept_numbers.h"

namespace kedge {
namespace {

// Of a list of so many values.
bool fits_a_byte(size_t values) { return values <= UINT8_MAX; }

// A bit for each byte, which is 0 or 1. Without branches: which records are wanted cannot be predicted.
uint64_t packed(const std::array<uint8_t, 64>& bytes) {
  uint64_t word = 0;
  for (size_t i = 0; i < bytes.size(); i += 8) {
    uint64_t eight = 0;
    for (size_t j = 0; j < 8; ++j) eight |= uint64_t{bytes[i + j]} << 8 * j;
    word |= (eight * 0x0102040810204080ULL >> 56U) << i;
  }
  return word;
}

template <class Code>
Result<PieceBits> matching(std::string_view kept_codes, const std::vector<uint8_t>& wanted) {
  const auto codes = numbers_of<Code>(kept_codes);
  if (!codes) return codes.error();
  if (codes->size() > kPieceRecords) return Error{ErrorCode::corrupt, "a column is longer than its piece"};
  if (!codes->empty() && *std::max_element(codes->begin(), codes->end()) >= wanted.size()) {
    return Error{ErrorCode::corrupt, "a column has a code without a value"};
  }
  PieceBits bits;
  for (size_t begin = 0; begin < codes->size(); begin += 64) {
    std::array<uint8_t, 64> each{};
    const size_t count = std::min(each.size(), codes->size() - begin);
    for (size_t i = 0; i < count; ++i) each[i] = wanted[(*codes)[begin + i]];
    bits.set_word(begin / 64, packed(each));
  }
  return bits;
}

}  // namespace

bool PieceBits::empty() const {
  return std::all_of(words_.begin(), words_.end(), [](uint64_t word) { return word == 0; });
}

PieceBits& PieceBits::operator&=(const PieceBits& other) {
  for (size_t i = 0; i < words_.size(); ++i) words_[i] &= other.words_[i];
  return *this;
}

PieceBits& PieceBits::operator|=(const PieceBits& other) {
  for (size_t i = 0; i < words_.size(); ++i) words_[i] |= other.words_[i];
  return *this;
}

void IndexColumn::append(size_t place, uint32_t value) {
  const auto [known, is_new] = codes_by_value_.try_emplace(value, static_cast<uint16_t>(values_.size() + 1));
  if (is_new) values_.push_back(value);
  codes_.resize(place, 0);
  codes_.push_back(known->second);
}

std::string IndexColumn::kept_values() const { return kept(values_); }

std::string IndexColumn::kept_codes() const {
  if (!fits_a_byte(values_.size())) return kept(codes_);
  return kept(std::vector<uint8_t>(codes_.begin(), codes_.end()));
}

Result<IndexColumn> IndexColumn::of(std::string_view kept_values, std::string_view kept_codes) {
  IndexColumn column;
  auto values = numbers_of<uint32_t>(kept_values);
  if (!values) return values.error();
  column.values_ = *std::move(values);
  for (size_t i = 0; i < column.values_.size(); ++i) {
    column.codes_by_value_[column.values_[i]] = static_cast<uint16_t>(i + 1);
  }
  if (fits_a_byte(column.values_.size())) {
    const auto codes = numbers_of<uint8_t>(kept_codes);
    if (!codes) return codes.error();
    column.codes_.assign(codes->begin(), codes->end());
  } else {
    auto codes = numbers_of<uint16_t>(kept_codes);
    if (!codes) return codes.error();
    column.codes_ = *std::move(codes);
  }
  return column;
}

Result<PieceBits> records_with(std::string_view kept_codes, const std::vector<uint8_t>& wanted) {
  return fits_a_byte(wanted.size() - 1) ? matching<uint8_t>(kept_codes, wanted)
                                        : matching<uint16_t>(kept_codes, wanted);
}

}  // namespace kedge
