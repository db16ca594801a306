#include "match/number.h"

#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>

#include "base/eight_bytes.h"

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

// How many digits, of which each byte has the value, stand before anything else.
unsigned count_digits(uint64_t values) {
  const uint64_t others = (((values & 0x7F7F7F7F7F7F7F7FULL) + 0x7676767676767676ULL) | values) & 0x8080808080808080ULL;
  return static_cast<unsigned>(std::countr_zero(others)) / 8;
}

// What eight digits mean, of which each byte has the value.
uint64_t number_of(uint64_t values) {
  values = values * 10 + (values >> 8U);
  return (((values & 0x000000FF000000FFULL) * 0x000F424000000064ULL) +
          (((values >> 16U) & 0x000000FF000000FFULL) * 0x0000271000000001ULL)) >>
         32U;
}

// Appends the digits that begin at `at`, and returns where they end. Of more than 19 in all only that is told.
// (Inlined, the decimal stands in registers.)
[[gnu::always_inline]] inline const char* read_digits(const char* at, const char* end, Decimal& decimal) {
  if constexpr (std::endian::native == std::endian::little) {
    while (at != end && decimal.digits < kPowers[11]) {
      const uint64_t values = first_eight(at, static_cast<size_t>(end - at)) ^ 0x3030303030303030ULL;
      const unsigned count = count_digits(values);
      if (count == 0) return at;
      decimal.digits = decimal.digits * kPowers[count] + number_of(values << (8 - count) * 8);
      at += count;
      if (count < 8) return at;
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

[[gnu::always_inline]] inline Decimal read_decimal(std::string_view text) {
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
  for (; (decimal.digits & 1U) == 0 && decimal.digits % 10 == 0; decimal.digits /= 10) ++decimal.exponent;
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

// A power of ten: bits * 2^exponent, and the highest bit is set. Of a negative power that is a little less than it is:
// what has no room in 64 bits is cut off.
struct PowerOfTen {
  uint64_t bits;
  int exponent;
};
__extension__ using Wide = unsigned __int128;

constexpr int kPowerMax = 27;  // 5^27 still has room in 64 bits

constexpr PowerOfTen power_of_ten(int power) {
  uint64_t five = 1;
  for (int i = 0; i < (power < 0 ? -power : power); ++i) five *= 5;
  const auto width = static_cast<int>(std::bit_width(five));
  if (power >= 0) return {five << (64 - width), power - (64 - width)};
  return {static_cast<uint64_t>((Wide{1} << (63 + width)) / five), power - (63 + width)};
}

constexpr auto kPowersOfTen = [] {
  std::array<PowerOfTen, 2 * kPowerMax + 1> powers{};
  for (int power = -kPowerMax; power <= kPowerMax; ++power) powers[power + kPowerMax] = power_of_ten(power);
  return powers;
}();

// Digits times a power of ten, as the upper 64 bits of the product, of which the first is set. They are less than three
// below the exact ones.
struct LongProduct {
  uint64_t bits;
  int exponent;
  uint64_t unit;  // what the last digit counts for in them; 0: that is not said

  static constexpr uint64_t kUlp = 1U << 11U;  // a double has room for the upper 53 of them

  // The nearest double lies here in units of a kUlp; what is left is how far the product lies above it, or below.
  uint64_t upper() const { return (bits >> 11U) + (behind() > kUlp / 2 ? 1 : 0); }
  int64_t above() const { return static_cast<int64_t>(bits) - static_cast<int64_t>(upper() << 11U); }
  uint64_t behind() const { return bits & (kUlp - 1); }
};

std::optional<LongProduct> long_product(const Decimal& decimal) {
  if (std::labs(decimal.exponent) > kPowerMax) return std::nullopt;
  const PowerOfTen& power = kPowersOfTen[decimal.exponent + kPowerMax];
  const int zeros = std::countl_zero(decimal.digits);
  const Wide product = Wide{decimal.digits << zeros} * power.bits;
  const int is_short = product >> 127U == 0 ? 1 : 0;
  const int shift = 64 - zeros - is_short;
  return LongProduct{static_cast<uint64_t>(product << is_short >> 64U), power.exponent - zeros - is_short + 64,
                     shift >= 48 && shift < 64 ? power.bits >> shift : 0};
}

// None: the middle between two doubles lies too near.
std::optional<double> nearest_double(const LongProduct& product) {
  if (product.behind() >= LongProduct::kUlp / 2 - 2 && product.behind() <= LongProduct::kUlp / 2) return std::nullopt;
  return static_cast<double>(product.upper()) *
         std::bit_cast<double>(static_cast<uint64_t>(product.exponent + 11 + 1023) << 52U);
}

// Whether no shorter decimal is read as the same double, and none of the same length lies nearer to it; false where
// that is not certain. Shorter ones end in a zero where this one has its last digit.
bool is_surely_shortest(const LongProduct& product, uint64_t last_digit) {
  constexpr int64_t kUnsure = 16;  // more than the product and ten units are wrong by
  constexpr int64_t kReach = LongProduct::kUlp / 2 + kUnsure;
  if (product.unit == 0 || std::has_single_bit(product.upper())) return false;  // below a power of two they lie closer
  const auto unit = static_cast<int64_t>(product.unit);
  const auto last = static_cast<int64_t>(last_digit);
  const int64_t above = product.above();
  return 2 * (std::abs(above) + kUnsure) < unit && above - last * unit < -kReach && above + (10 - last) * unit > kReach;
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
  if (const auto product = long_product(exact)) {
    if (const auto value = nearest_double(*product)) {
      return {text.starts_with('-') ? -*value : *value, is_surely_shortest(*product, exact.digits % 10)
                                                            ? NearestNumber::State::comparable
                                                            : NearestNumber::State::unsure};
    }
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
