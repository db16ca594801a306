// Which of many things that patterns ask of one path a given value may be: each is a key with a number, and the keys of
// a value are found by hashing its parts, whatever their number.
//
//   string, number, word, address   one probe each
//   starts, ends                    one probe for each size that some key has, and that begins (ends) with that byte
//   folded ones                     the same, on the value's folded form (case_forms.h)
//   contains                        one probe at each place of the value and for each size that some key has (1 to 4,
//   8) range                           RangeIndex network                         one probe for each number of bits
//   that some network has
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "event/key_table.h"
#include "match/address.h"
#include "match/case_forms.h"
#include "match/fields.h"
#include "match/number_line.h"
#include "match/range_index.h"

namespace kedge {

struct ValueKey {
  enum class Kind : uint8_t {
    string,
    number,
    number_text,
    word,
    address,
    starts,
    ends,
    folded,
    folded_starts,
    folded_ends,
    contains,
    range,
    network,
    any  // every value
  };
  Kind kind;
  std::string text;  // of all but `range` and `any`; of numbers, addresses and networks their bytes
  InRange range{};

  // Whether a value that this key is found for is all that the key says. Otherwise it may be: foldings are coarser than
  // what they stand for, and a part is not the whole.
  bool is_exact() const {
    return kind < Kind::folded || kind == Kind::range || kind == Kind::network || kind == Kind::any;
  }
  std::string bytes() const;  // the same for the same key
};

// The bytes of a number, an address and a network in a key.
inline std::string_view key_of(const double& number) { return {reinterpret_cast<const char*>(&number), sizeof number}; }
inline std::string_view key_of(const Address& address) {
  return {reinterpret_cast<const char*>(address.data()), address.size()};
}
std::string key_of(const Network& network);

// Texts of which one must be the beginning (the end) of a value's.
class AffixTable {
 public:
  explicit AffixTable(bool at_end) : at_end_(at_end) {}
  uint32_t add(std::string_view text, uint32_t fresh);
  bool empty() const { return table_.empty(); }

  template <class Hit>
  void find(std::string_view value, const Hit& hit) const {
    if (every_ != KeyTable::kNone) hit(every_);
    if (value.empty()) return;
    uint64_t sizes = sizes_[byte_of(value)];
    for (; sizes != 0; sizes &= sizes - 1) {
      const auto bit = static_cast<size_t>(__builtin_ctzll(sizes));
      if (bit == kLong) return find_long(value, hit);
      if (bit + 1 > value.size()) return;
      probe(value, bit + 1, hit);
    }
  }

 private:
  static constexpr size_t kLong = 63;  // this bit stands for all sizes above

  unsigned char byte_of(std::string_view text) const {
    return static_cast<unsigned char>(at_end_ ? text.back() : text.front());
  }
  std::string_view part(std::string_view value, size_t size) const {
    return at_end_ ? value.substr(value.size() - size) : value.substr(0, size);
  }
  template <class Hit>
  void probe(std::string_view value, size_t size, const Hit& hit) const {
    const uint32_t number = table_.find(part(value, size));
    if (number != KeyTable::kNone) hit(number);
  }
  template <class Hit>
  void find_long(std::string_view value, const Hit& hit) const {
    for (const uint32_t size : long_sizes_) {
      if (size > value.size()) return;
      probe(value, size, hit);
    }
  }

  bool at_end_;
  KeyTable table_;
  std::array<uint64_t, 256> sizes_{};  // by the byte at that end: bit n, a key of n + 1 bytes
  std::vector<uint32_t> long_sizes_;   // ascending, above kLong
  uint32_t every_ = KeyTable::kNone;   // of the empty text
};

// Filled by add(), made ready by finish(), and so on; then asked by any number of threads.
class ValueIndex {
 public:
  ValueIndex() = default;
  ValueIndex(const ValueIndex&);
  ValueIndex& operator=(const ValueIndex&) = delete;
  ValueIndex(ValueIndex&&) noexcept = default;
  ValueIndex& operator=(ValueIndex&&) noexcept = default;

  // The number of a key, which becomes `fresh` if it had none.
  uint32_t add(const ValueKey& key, uint32_t fresh);
  void finish();

  // Numbers of one stretch, if comparable, are found for the same keys. None: the value is no such number, or there is
  // more to compare it with than a few values and ranges.
  std::optional<uint32_t> stretch_of(const FieldValue& value) const {
    if (!value.is_number() || !line_.is_short() || !number_texts_.empty()) return std::nullopt;
    const auto nearest = value.nearest();
    if (!nearest) return std::nullopt;
    return line_.stretch_of(*nearest);
  }

  bool finds_each_once() const { return !texts_ || texts_->part_sizes == 0; }

  // Calls hit(number, if_comparable) for each key that the value may be, each once, but for `contains`: that may come
  // again, where finds_each_once() is false. `if_comparable`: only where the value is_comparable(), which is left to
  // the caller to find out. `folded` is memory to work in, which `given` must leave alone.
  template <class Hit>
  void find(const FieldValue& value, std::string& folded, const Hit& given) const {
    const auto hit = [&given](uint32_t number) {
      if (number != KeyTable::kNone) given(number, false);
    };
    hit(any_);
    if (value.is_string()) return find_string(value.text, folded, hit);
    if (!value.is_number()) return hit(words_.find(value.text));
    if (!number_texts_.empty()) hit(number_texts_.find(value.text));
    if (numbers_.empty() && ranges_.empty()) return;
    const auto nearest = value.nearest();
    if (!nearest) return;
    const auto hit_number = [&given](uint32_t number) {
      if (number != KeyTable::kNone) given(number, true);
    };
    hit_number(numbers_.find(key_of(*nearest)));
    if (!ranges_.empty()) ranges_.find(*nearest, hit_number);
  }

 private:
  // What only some paths have.
  struct Texts {
    AffixTable starts{false};
    AffixTable ends{true};
    KeyTable folded;
    AffixTable folded_starts{false};
    AffixTable folded_ends{true};
    bool has_folded = false;
    KeyTable parts;
    std::bitset<256> first_bytes;  // of parts
    uint32_t part_sizes = 0;       // bit n: a part of n bytes
  };

  template <class Hit>
  void find_string(std::string_view text, std::string& folded, const Hit& hit) const {
    hit(strings_.find(text));
    if (texts_) find_texts(*texts_, text, folded, hit);
    if (addresses_.empty() && networks_.empty()) return;
    if (const auto address = parse_address(text)) find_address(*address, hit);
  }

  template <class Hit>
  static void find_texts(const Texts& texts, std::string_view text, std::string& folded, const Hit& hit) {
    texts.starts.find(text, hit);
    texts.ends.find(text, hit);
    if (texts.has_folded) {
      folded.clear();
      append_folded(text, folded);
      hit(texts.folded.find(folded));
      texts.folded_starts.find(folded, hit);
      texts.folded_ends.find(folded, hit);
    }
    if (texts.part_sizes == 0) return;
    for (size_t at = 0; at < text.size(); ++at) {
      if (!texts.first_bytes[static_cast<unsigned char>(text[at])]) continue;
      for (uint32_t sizes = texts.part_sizes; sizes != 0; sizes &= sizes - 1) {
        const auto size = static_cast<size_t>(__builtin_ctz(sizes));
        if (at + size > text.size()) break;
        hit(texts.parts.find(text.substr(at, size)));
      }
    }
  }

  template <class Hit>
  void find_address(const Address& address, const Hit& hit) const {
    hit(addresses_.find(key_of(address)));
    const bool ipv4 = is_ipv4(address);
    for (const uint8_t bits : network_bits_) {
      if (!ipv4 || bits >= 96) hit(networks_.find(key_of(Network{masked(address, bits), bits, ipv4})));
    }
  }

  Texts& texts() {
    if (!texts_) texts_ = std::make_unique<Texts>();
    return *texts_;
  }

  KeyTable strings_;
  KeyTable numbers_;
  KeyTable number_texts_;
  KeyTable words_;
  KeyTable addresses_;
  KeyTable networks_;
  std::vector<uint8_t> network_bits_;  // each once
  RangeIndex ranges_;
  KeyTable known_ranges_;  // only between two calls of finish()
  NumberLine line_;        // of numbers_, and of the bounds of ranges_
  std::unique_ptr<Texts> texts_;
  uint32_t any_ = KeyTable::kNone;
};

}  // namespace kedge
