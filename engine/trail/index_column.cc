#include "trail/index_column.h"

#include <algorithm>

#include "trail/kept_numbers.h"

namespace kedge {
namespace {

// Of a list of so many values.
bool fits_a_byte(size_t values) { return values <= UINT8_MAX; }

template <class Code>
Result<PieceBits> matching(std::string_view kept_codes, const std::vector<uint8_t>& wanted) {
  const auto codes = numbers_of<Code>(kept_codes);
  if (!codes) return codes.error();
  if (codes->size() > kPieceRecords) return Error{ErrorCode::corrupt, "a column is longer than its piece"};
  PieceBits bits;
  for (size_t place = 0; place < codes->size(); ++place) {
    const Code code = (*codes)[place];
    if (code >= wanted.size()) return Error{ErrorCode::corrupt, "a column has a code without a value"};
    if (wanted[code] != 0) bits.set(place);
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
