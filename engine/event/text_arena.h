// Memory for the few strings that cannot be views into a message, because an escape had to be resolved or a prefix
// added.
#pragma once

#include <algorithm>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include "event/json_text.h"

namespace kedge {

// What it hands out stays where it is until clear(), which keeps the memory for the next time. Not thread-safe.
class TextArena {
 public:
  void clear() {
    block_ = 0;
    used_ = 0;
  }

  // Room for `size` bytes.
  char* reserve(size_t size) {
    while (block_ < blocks_.size() && used_ + size > blocks_[block_].size) {
      ++block_;
      used_ = 0;
    }
    if (block_ == blocks_.size()) {
      const size_t room = std::max(size, kBlockBytes);
      blocks_.push_back({std::unique_ptr<char[]>(new char[room]), room});
    }
    char* const place = blocks_[block_].bytes.get() + used_;
    used_ += size;
    return place;
  }

  // The parts, one behind the other.
  template <class... Parts>
  std::string_view join(Parts... parts) {
    const size_t size = (std::string_view(parts).size() + ...);
    char* const place = reserve(size);
    char* at = place;
    const auto add = [&at](std::string_view part) { at = std::copy(part.begin(), part.end(), at); };
    (add(parts), ...);
    return {place, size};
  }

  // What a JSON string says: a view into its text where it holds no escapes.
  std::string_view resolve(JsonValue string) {
    const std::string_view raw = string.raw_string();
    return string.text().escapes_in(raw) ? resolve(raw) : raw;
  }

  // The same of what stands between the quotes of a valid one, which holds escapes.
  std::string_view resolve(std::string_view raw) {
    char* const place = reserve(raw.size());
    const size_t size = unescape_json(raw, place);
    used_ -= raw.size() - size;
    return {place, size};
  }

 private:
  static constexpr size_t kBlockBytes = 16U << 10U;
  struct Block {
    std::unique_ptr<char[]> bytes;
    size_t size;
  };
  std::vector<Block> blocks_;
  size_t block_ = 0;  // the one being filled
  size_t used_ = 0;   // how much of it
};

}  // namespace kedge
