#include "audit/bundle.h"

namespace kedge {
namespace {

constexpr size_t kLengthBytes = 2;

unsigned byte_at(std::string_view bytes, size_t at) { return static_cast<unsigned char>(bytes[at]); }

Error ends_too_soon(std::string_view bundle, unsigned entry, unsigned count) {
  return {ErrorCode::corrupt, "it ends at byte " + std::to_string(bundle.size()) + ", inside of entry " +
                                  std::to_string(entry) + " of its " + std::to_string(count)};
}

}  // namespace

Result<void> append_entry(std::string& bundle, std::string_view entry) {
  if (entry.size() > kEntryBytesMax) {
    return Error{ErrorCode::limit, "an entry of " + std::to_string(entry.size()) + " bytes: a bundle takes " +
                                       std::to_string(kEntryBytesMax) + " at most"};
  }
  bundle += static_cast<char>(entry.size() >> 8U);
  bundle += static_cast<char>(entry.size() & 0xFFU);
  bundle += entry;
  return {};
}

Result<std::vector<std::string_view>> parse_bundle(std::string_view bundle, unsigned count, AfterEntries after) {
  std::vector<std::string_view> entries;
  entries.reserve(count);
  size_t at = 0;
  for (unsigned entry = 0; entry < count; ++entry) {
    if (bundle.size() - at < kLengthBytes) return ends_too_soon(bundle, entry, count);
    const size_t length = byte_at(bundle, at) << 8U | byte_at(bundle, at + 1);
    at += kLengthBytes;
    if (bundle.size() - at < length) return ends_too_soon(bundle, entry, count);
    entries.push_back(bundle.substr(at, length));
    at += length;
  }
  if (after == AfterEntries::nothing && at != bundle.size()) {
    return Error{ErrorCode::corrupt, "its " + std::to_string(count) + " entries end at byte " + std::to_string(at) +
                                         ", but it has " + std::to_string(bundle.size())};
  }
  return entries;
}

}  // namespace kedge
