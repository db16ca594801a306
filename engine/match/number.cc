#include "match/number.h"

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>

namespace kedge {
namespace {

// A longer number is comparable only if most of its digits are zeros, and nobody writes those.
constexpr size_t kBytesMax = 400;

// A decimal as its significant digits without zeros at either end, and the power of ten of the first one. At most
// `kDigitsMax` digits are kept: a double's shortest decimal has at most 17.
struct Decimal {
  static constexpr int kDigitsMax = 20;
  char digits[kDigitsMax];
  int count = 0;
  long exponent = 0;
  bool too_long = false;

  bool operator==(const Decimal& other) const {
    return count == other.count &&
           std::string_view(digits, static_cast<size_t>(count)) ==
               std::string_view(other.digits, static_cast<size_t>(other.count)) &&
           (count == 0 || exponent == other.exponent) && !too_long && !other.too_long;
  }
};

Decimal read_decimal(std::string_view text) {
  Decimal decimal;
  long before_point = 0;  // digits before the point, leading zeros of the number not counted
  long zeros = 0;         // zeros seen since the last digit that was kept
  bool in_fraction = false;
  size_t at = text.starts_with('-') ? 1 : 0;
  for (; at < text.size() && text[at] != 'e' && text[at] != 'E'; ++at) {
    if (text[at] == '.') {
      in_fraction = true;
      continue;
    }
    if (decimal.count == 0 && text[at] == '0') {
      if (in_fraction) --before_point;
      continue;
    }
    if (!in_fraction) ++before_point;
    if (text[at] == '0') {
      ++zeros;
      continue;
    }
    for (; zeros > 0 && decimal.count < Decimal::kDigitsMax; --zeros) decimal.digits[decimal.count++] = '0';
    if (decimal.count == Decimal::kDigitsMax) {
      decimal.too_long = true;
    } else {
      decimal.digits[decimal.count++] = text[at];
    }
  }
  long exponent = 0;
  if (at < text.size()) {
    ++at;
    if (text[at] == '+') ++at;
    const auto read = std::from_chars(text.data() + at, text.data() + text.size(), exponent);
    if (read.ec != std::errc() || std::labs(exponent) > 100'000) decimal.too_long = decimal.count > 0;
  }
  decimal.exponent = before_point + exponent;
  return decimal;
}

// The shortest decimal that is read as `value`. Of the smallest double Java writes one digit more, and event-ruler with
// it.
Decimal shortest_decimal(double value) {
  if (std::abs(value) == std::numeric_limits<double>::denorm_min()) return read_decimal("4.9e-324");
  char buffer[40];
  const auto written = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific);
  return read_decimal({buffer, written.ptr});
}

// Digits alone, too few to lose any.
std::optional<double> small_integer(std::string_view text) {
  const bool negative = text.starts_with('-');
  const std::string_view digits = text.substr(negative ? 1 : 0);
  if (digits.size() > 15) return std::nullopt;
  int64_t value = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return static_cast<double>(negative ? -value : value);
}

}  // namespace

std::optional<double> comparable_number(std::string_view text) {
  if (const auto integer = small_integer(text)) return integer;
  if (text.size() > kBytesMax) return std::nullopt;
  const Decimal exact = read_decimal(text);
  if (exact.too_long) return std::nullopt;
  if (exact.count == 0) return 0.0;
  double value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc() || !std::isfinite(value) || value == 0) return std::nullopt;
  if (!(exact == shortest_decimal(value))) return std::nullopt;
  return value;
}

}  // namespace kedge
