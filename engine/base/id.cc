#include "base/id.h"

#include <charconv>

#include "base/bytes.h"

namespace kedge {

std::string make_uuid7(Time time, Random& random) {
  std::string raw = random.bytes(16);
  const auto millis =
      static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count());
  for (size_t i = 0; i < 6; ++i) raw[i] = static_cast<char>(millis >> (40 - 8 * i));
  raw[6] = static_cast<char>(0x70 | (raw[6] & 0x0F));
  raw[8] = static_cast<char>(0x80 | (raw[8] & 0x3F));
  const std::string hex = to_hex(raw);
  return hex.substr(0, 8) + "-" + hex.substr(8, 4) + "-" + hex.substr(12, 4) + "-" + hex.substr(16, 4) + "-" +
         hex.substr(20);
}

std::optional<Time> time_of_uuid7(std::string_view text) {
  if (!is_uuid(text) || text[14] != '7') return std::nullopt;
  const std::string hex = std::string(text.substr(0, 8)) + std::string(text.substr(9, 4));
  int64_t millis = 0;
  std::from_chars(hex.data(), hex.data() + hex.size(), millis, 16);
  return Time(std::chrono::milliseconds(millis));
}

bool is_uuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    const bool digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    if (dash ? c != '-' : !digit) return false;
  }
  return true;
}

}  // namespace kedge
