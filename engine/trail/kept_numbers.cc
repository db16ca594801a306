#include "trail/kept_numbers.h"

namespace kedge {
namespace {

uint64_t checksum(std::string_view bytes) {
  uint64_t sum = 0x6b65646765ULL + bytes.size();
  const auto take = [&](uint64_t word) {
    sum = (sum ^ word) * 0x9E3779B97F4A7C15ULL;
    sum ^= sum >> 32U;
  };
  while (bytes.size() >= sizeof(uint64_t)) {
    uint64_t word = 0;
    std::memcpy(&word, bytes.data(), sizeof word);
    take(word);
    bytes.remove_prefix(sizeof word);
  }
  for (const char rest : bytes) take(static_cast<unsigned char>(rest));
  return sum;
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
