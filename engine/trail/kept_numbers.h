// Lists of numbers as the derived index keeps them: their bytes as they lie in this machine's memory, and a checksum,
// since SQLite has none, and a bit that flipped must not make a record vanish.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/result.h"

namespace kedge {

std::string with_checksum(std::string bytes);
// The bytes before it. corrupt: they are not those that were kept.
Result<std::string_view> without_checksum(std::string_view bytes);

template <class Number>
std::string kept(const std::vector<Number>& numbers) {
  static_assert(std::is_integral_v<Number>);
  std::string bytes(numbers.size() * sizeof(Number), '\0');
  if (!numbers.empty()) std::memcpy(bytes.data(), numbers.data(), bytes.size());
  return with_checksum(std::move(bytes));
}

template <class Number>
Result<std::vector<Number>> numbers_of(std::string_view kept_bytes) {
  static_assert(std::is_integral_v<Number>);
  const auto bytes = without_checksum(kept_bytes);
  if (!bytes) return bytes.error();
  if (bytes->size() % sizeof(Number) != 0) return Error{ErrorCode::corrupt, "a list of numbers has no whole number"};
  std::vector<Number> numbers(bytes->size() / sizeof(Number));
  if (!numbers.empty()) std::memcpy(numbers.data(), bytes->data(), bytes->size());
  return numbers;
}

}  // namespace kedge
