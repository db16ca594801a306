#include "trail/kept_numbers.h"

#include <algorithm>
#include <array>

namespace kedge {
namespace {

uint64_t checksum(std::string_view bytes) {
  std::array<uint64_t, 4> sums = {1, 2, 3, bytes.size()};  // apart, so that the machine works on them at once
  const auto take = [&](uint64_t& sum, const char* at) {
    uint64_t word = 0;
    std::memcpy(&word, at, sizeof word);
    sum = (sum ^ word) * 0x9E3779B97F4A7C15ULL;
    sum ^= sum >> 32U;
  };
  constexpr size_t kWord = sizeof(uint64_t);
  for (; bytes.size() >= sums.size() * kWord; bytes.remove_prefix(sums.size() * kWord)) {
    for (size_t i = 0; i < sums.size(); ++i) take(sums[i], bytes.data() + i * kWord);
  }
  std::array<char, sizeof sums> rest{};
  std::copy(bytes.begin(), bytes.end(), rest.begin());
  for (size_t i = 0; i < sums.size(); ++i) take(sums[i], rest.data() + i * kWord);
  uint64_t whole = 0;
  for (const uint64_t sum : sums) whole = (whole ^ sum) * 0x9E3779B97F4A7C15ULL + (whole >> 32U);
  return whole;
}

}  // namespace

std::string with_checksum(std::string bytes) {
  const uint64_t sum = checksum(bytes);
  bytes.append(reinterpret_cast<const char*>(&sum), sizeof sum);
  return bytes;
}

Result<std::string_view> without_checksum(std::string_view bytes) {
  uint64_t sum = 0;
  if (bytes.size() >= sizeof sum) {
    std::memcpy(&sum, bytes.data() + bytes.size() - sizeof sum, sizeof sum);
    bytes.remove_suffix(sizeof sum);
    if (checksum(bytes) == sum) return bytes;
  }
  return Error{ErrorCode::corrupt, "bytes are not those that were kept"};
}

}  // namespace kedge
