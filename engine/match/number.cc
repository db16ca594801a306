#include "match/number.h"

#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>

namespace kedge {
namespace {

// A longer number is comparable only if most of its digits are zeros, and nobody writes those.
constexpr size_t kBytesMax = 400;

// A decimal: digits * 10^exponent, without zeros at the end of the digits. At most 19 digits are kept: a double's
// shortest decimal has at most 17.
struct Decimal {
  uint64_t digits = 0;
  long exponent = 0;
  bool is_too_long = false;

  bool operator==(const Decimal&) const = default;
};

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

// Eight digits at once, and how many of eight bytes are digits.
uint64_t load_eight(const char* at) {
  uint64_t bytes = 0;
  std::memcpy(&bytes, at, 8);
  return bytes;
}

bool are_eight_digits(uint64_t bytes) {
  return ((bytes & 0xF0F0F0F0F0F0F0F0ULL) | (((bytes + 0x0606060606060606ULL) & 0xF0F0F0F0F0F0F0F0ULL) >> 4U)) ==
         0x3333333333333333ULL;
}

uint64_t eight_digits(uint64_t bytes) {
  bytes -= 0x3030303030303030ULL;
  bytes = bytes * 10 + (bytes >> 8U);
  return (((bytes & 0x000000FF000000FFULL) * 0x000F424000000064ULL) +
          (((bytes >> 16U) & 0x000000FF000000FFULL) * 0x0000271000000001ULL)) >>
         32U;
}

// Appends the digits that begin at `at`, and returns where they end. Of more than 19 in all only that is told.
const char* read_digits(const char* at, const char* end, Decimal& decimal) {
  if constexpr (std::endian::native == std::endian::little) {
    while (end - at >= 8 && decimal.digits < kPowers[11] && are_eight_digits(load_eight(at))) {
      decimal.digits = decimal.digits * kPowers[8] + eight_digits(load_eight(at));
      at += 8;
    }
  }
  for (; at != end && static_cast<unsigned>(*at - '0') <= 9; ++at) {
    if (decimal.digits >= kPowers[18]) {
      decimal.is_too_long = decimal.is_too_long || *at != '0';
      ++decimal.exponent;
      continue;
    }
    decimal.digits = decimal.digits * 10 + static_cast<unsigned>(*at - '0');
  }
  return at;
}

Decimal read_decimal(std::string_view text) {
  Decimal decimal;
  const char* at = text.data();
  const char* const end = at + text.size();
  if (at != end && *at == '-') ++at;
  at = read_digits(at, end, decimal);
  if (at != end && *at == '.') {
    const char* const begin = ++at;
    at = read_digits(at, end, decimal);
    decimal.exponent -= at - begin;
  }
  if (decimal.digits == 0) return {};
  if (at != end) {  // an e
    long exponent = 0;
    ++at;
    if (*at == '+') ++at;
    const auto read = std::from_chars(at, end, exponent);
    if (read.ec != std::errc() || std::labs(exponent) > 100'000) decimal.is_too_long = true;
    decimal.exponent += exponent;
  }
  for (; decimal.digits % 10 == 0; decimal.digits /= 10) ++decimal.exponent;
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
std::optional<double> short_quotient(const Decimal& decimal) {
  static constexpr double kTens[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                     1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  if (decimal.digits >= kPowers[15] || std::labs(decimal.exponent) > 22) return std::nullopt;
  const auto digits = static_cast<double>(decimal.digits);
  return decimal.exponent < 0 ? digits / kTens[-decimal.exponent] : digits * kTens[decimal.exponent];
}

// All 19 digits and larger powers of ten are numbers of x87's 64 bits, and so their quotient or product is off by half
// of its last bit at most: rounded again it is the nearest double, unless it lies in the middle between two.
std::optional<double> long_quotient(const Decimal& decimal) {
  if constexpr (std::numeric_limits<long double>::digits == 64 && std::endian::native == std::endian::little) {
    static constexpr long double kTens[] = {1e0L,  1e1L,  1e2L,  1e3L,  1e4L,  1e5L,  1e6L,  1e7L,  1e8L,  1e9L,
                                            1e10L, 1e11L, 1e12L, 1e13L, 1e14L, 1e15L, 1e16L, 1e17L, 1e18L, 1e19L,
                                            1e20L, 1e21L, 1e22L, 1e23L, 1e24L, 1e25L, 1e26L, 1e27L};
    if (std::labs(decimal.exponent) > 27) return std::nullopt;
    const auto digits = static_cast<long double>(decimal.digits);
    const long double value =
        decimal.exponent < 0 ? digits / kTens[-decimal.exponent] : digits * kTens[decimal.exponent];
    uint64_t bits = 0;
    std::memcpy(&bits, &value, sizeof bits);
    const uint64_t behind = bits & 0x7FFU;  // what a double has no room for; its middle is 0x400
    if (behind >= 0x3FF && behind <= 0x401) return std::nullopt;
    return static_cast<double>(value);
  }
  return std::nullopt;
}

}  // namespace

NearestNumber nearest_number(std::string_view text) {
  if (text.size() > kBytesMax) return {};
  const Decimal exact = read_decimal(text);
  if (exact.is_too_long) return {};
  if (exact.digits == 0) return {0, NearestNumber::State::comparable};
  // A decimal of up to 15 digits is the shortest one of its double.
  if (const auto value = short_quotient(exact)) {
    return {text.starts_with('-') ? -*value : *value, NearestNumber::State::comparable};
  }
  if (const auto value = long_quotient(exact)) {
    return {text.starts_with('-') ? -*value : *value, NearestNumber::State::unsure};
  }
  double value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc() || !std::isfinite(value) || value == 0) return {};
  return {value, NearestNumber::State::unsure};
}

bool confirm_number(std::string_view text, double nearest) { return read_decimal(text) == shortest_decimal(nearest); }

std::optional<double> comparable_number(std::string_view text) {
  const NearestNumber number = nearest_number(text);
  if (number.state == NearestNumber::State::incomparable) return std::nullopt;
  if (number.state == NearestNumber::State::unsure && !confirm_number(text, number.value)) return std::nullopt;
  return number.value;
}

}  // namespace kedge
