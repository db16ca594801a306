#include "match/number.h"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>

namespace kedge {
namespace {

// A longer number is comparable only if most of its digits are zeros, and nobody writes those.
constexpr size_t kBytesMax = 400;

// A decimal: digits * 10^exponent, without zeros at the end of the digits. At most 19 digits are kept: a double's
// shortest decimal has at most 17.
struct Decimal {
  uint64_t digits = 0;
  int count = 0;  // of digits
  long exponent = 0;
  bool is_too_long = false;

  bool operator==(const Decimal&) const = default;
};

constexpr int kDigitsMax = 19;
constexpr uint64_t kPowers[] = {1,
                                10,
                                100,
                                1'000,
                                10'000,
                                100'000,
                                1'000'000,
                                10'000'000,
                                100'000'000,
                                1'000'000'000,
                                10'000'000'000,
                                100'000'000'000,
                                1'000'000'000'000,
                                10'000'000'000'000,
                                100'000'000'000'000,
                                1'000'000'000'000'000,
                                10'000'000'000'000'000,
                                100'000'000'000'000'000,
                                1'000'000'000'000'000'000};

Decimal read_decimal(std::string_view text) {
  Decimal decimal;
  const char* at = text.data();
  const char* const end = at + text.size();
  if (at != end && *at == '-') ++at;
  long zeros = 0;  // seen since the last digit that was kept
  long behind_point = 0;
  bool in_fraction = false;
  for (; at != end; ++at) {
    const auto digit = static_cast<unsigned>(*at - '0');
    if (digit > 9) {
      if (*at != '.') break;
      in_fraction = true;
      continue;
    }
    behind_point += in_fraction ? 1 : 0;
    if (digit == 0) {
      zeros += decimal.count > 0 ? 1 : 0;
      continue;
    }
    if (decimal.count + zeros >= kDigitsMax) {
      decimal.is_too_long = true;
      break;
    }
    decimal.digits = decimal.digits * kPowers[zeros] * 10 + digit;
    decimal.count += static_cast<int>(zeros) + 1;
    zeros = 0;
  }
  if (decimal.count == 0) return decimal;
  decimal.exponent = zeros - behind_point;
  if (at != end && (*at == 'e' || *at == 'E')) {
    long exponent = 0;
    ++at;
    if (*at == '+') ++at;
    const auto read = std::from_chars(at, end, exponent);
    if (read.ec != std::errc() || std::labs(exponent) > 100'000) decimal.is_too_long = true;
    decimal.exponent += exponent;
  }
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

// Few digits and a small power of ten are doubles themselves, and so their quotient or product is the nearest one.
std::optional<double> exact_quotient(const Decimal& decimal) {
  static constexpr double kTens[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                     1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  if (decimal.count > 15 || std::labs(decimal.exponent) > 22) return std::nullopt;
  const auto digits = static_cast<double>(decimal.digits);
  return decimal.exponent < 0 ? digits / kTens[-decimal.exponent] : digits * kTens[decimal.exponent];
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
  if (exact.is_too_long) return std::nullopt;
  if (exact.count == 0) return 0.0;
  // A decimal of up to 15 digits is the shortest one of its double.
  if (const auto value = exact_quotient(exact)) return text.starts_with('-') ? -*value : *value;
  double value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc() || !std::isfinite(value) || value == 0) return std::nullopt;
  if (!(exact == shortest_decimal(value))) return std::nullopt;
  return value;
}

}  // namespace kedge
