#include "match/value_index.h"

#include <algorithm>
#include <cstring>

namespace kedge {
namespace {

double number_of(std::string_view key) {
  double number = 0;
  std::memcpy(&number, key.data(), sizeof number);
  return number;
}

uint32_t add_to(KeyTable& table, std::string_view text, uint32_t fresh) {
  const uint32_t number = table.find(text);
  if (number != KeyTable::kNone) return number;
  table.add(text, fresh);
  return fresh;
}

std::string bytes_of(const InRange& range) {
  return std::string(key_of(range.lower)) + std::string(key_of(range.upper)) + (range.lower_included ? '[' : '(') +
         (range.upper_included ? ']' : ')');
}

}  // namespace

std::string ValueKey::bytes() const { return static_cast<char>(kind) + (kind == Kind::range ? bytes_of(range) : text); }

std::string key_of(const Network& network) {
  return std::string(key_of(network.first)) + static_cast<char>(network.bits) + (network.ipv4 ? '4' : '6');
}

uint32_t AffixTable::add(std::string_view text, uint32_t fresh) {
  if (text.empty()) {
    if (every_ == KeyTable::kNone) every_ = fresh;
    return every_;
  }
  sizes_[byte_of(text)] |= uint64_t{1} << std::min(text.size() - 1, kLong);
  if (text.size() > kLong) {
    const auto size = static_cast<uint32_t>(text.size());
    const auto place = std::lower_bound(long_sizes_.begin(), long_sizes_.end(), size);
    if (place == long_sizes_.end() || *place != size) long_sizes_.insert(place, size);
  }
  return add_to(table_, text, fresh);
}

ValueIndex::ValueIndex(const ValueIndex& other)
    : strings_(other.strings_),
      numbers_(other.numbers_),
      number_texts_(other.number_texts_),
      words_(other.words_),
      addresses_(other.addresses_),
      networks_(other.networks_),
      network_bits_(other.network_bits_),
      ranges_(other.ranges_),
      line_(other.line_),
      texts_(other.texts_ ? std::make_unique<Texts>(*other.texts_) : nullptr),
      any_(other.any_) {}

uint32_t ValueIndex::add(const ValueKey& key, uint32_t fresh) {
  switch (key.kind) {
    case ValueKey::Kind::string:
      return add_to(strings_, key.text, fresh);
    case ValueKey::Kind::number:
      line_.add(number_of(key.text));
      return add_to(numbers_, key.text, fresh);
    case ValueKey::Kind::number_text:
      return add_to(number_texts_, key.text, fresh);
    case ValueKey::Kind::word:
      return add_to(words_, key.text, fresh);
    case ValueKey::Kind::address:
      return add_to(addresses_, key.text, fresh);
    case ValueKey::Kind::starts:
      return texts().starts.add(key.text, fresh);
    case ValueKey::Kind::ends:
      return texts().ends.add(key.text, fresh);
    case ValueKey::Kind::folded:
      texts().has_folded = true;
      return add_to(texts().folded, key.text, fresh);
    case ValueKey::Kind::folded_starts:
      texts().has_folded = true;
      return texts().folded_starts.add(key.text, fresh);
    case ValueKey::Kind::folded_ends:
      texts().has_folded = true;
      return texts().folded_ends.add(key.text, fresh);
    case ValueKey::Kind::contains:
      texts().first_bytes.set(static_cast<unsigned char>(key.text[0]));
      texts().part_sizes |= 1U << key.text.size();
      return add_to(texts().parts, key.text, fresh);
    case ValueKey::Kind::range: {
      const uint32_t number = add_to(known_ranges_, bytes_of(key.range), fresh);
      if (number == fresh) ranges_.add(key.range, number);
      line_.add(key.range.lower);
      line_.add(key.range.upper);
      return number;
    }
    case ValueKey::Kind::network: {
      const auto bits = static_cast<uint8_t>(key.text[sizeof(Address)]);
      if (std::find(network_bits_.begin(), network_bits_.end(), bits) == network_bits_.end()) {
        network_bits_.push_back(bits);
      }
      return add_to(networks_, key.text, fresh);
    }
    case ValueKey::Kind::any:
      if (any_ == KeyTable::kNone) any_ = fresh;
      return any_;
  }
  return fresh;
}

// A range that is added later again gets a number of its own, which is found beside the first.
void ValueIndex::finish() {
  ranges_.finish();
  known_ranges_ = {};
}

}  // namespace kedge
