// The values that an event has at the paths that patterns want, with their places in arrays.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "event/event.h"
#include "event/text_arena.h"
#include "match/number.h"
#include "match/path_tree.h"

namespace kedge {

// One scalar of an event. Its text lives as long as the event and the Fields it stands in.
struct FieldValue {
  static constexpr uint32_t kNowhere = UINT32_MAX;
  enum class Kind : uint8_t { string, number, true_word, false_word, null_word };

  Kind kind;
  uint32_t path;          // its number in the tree
  uint32_t element;       // the innermost array element that it stands in; kNowhere: in none
  std::string_view text;  // a string with its escapes resolved, a number as it came

  bool is_string() const { return kind == Kind::string; }
  bool is_number() const { return kind == Kind::number; }

  // Of a number: the nearest double, none where it cannot be comparable (number.h); and whether it is. Both are found
  // out when they are first asked for.
  std::optional<double> nearest() const {
    if (!is_read) {
      number = nearest_number(text);
      is_read = true;
    }
    if (number.state == NearestNumber::State::incomparable) return std::nullopt;
    return number.value;
  }
  bool is_comparable() const {
    if (nearest() && number.state == NearestNumber::State::unsure) {
      const bool is = confirm_number(text, number.value);
      number.state = is ? NearestNumber::State::comparable : NearestNumber::State::incomparable;
    }
    return number.state == NearestNumber::State::comparable;
  }

  mutable bool is_read = false;
  mutable NearestNumber number{};
};

// A range of values, by their order in the event.
struct ValueRange {
  uint32_t begin = 0;
  uint32_t end = 0;
  bool operator==(const ValueRange&) const = default;
};

// An element (an object or array) of an array. Scalars that stand directly in an array belong to no element of it, and
// can be combined with any.
struct ArrayElement {
  uint32_t array;
  uint32_t parent;    // the element that the array itself stands in, or kNowhere
  ValueRange values;  // those inside it
};

// Collected once for each event; the memory is used again. Not thread-safe.
class Fields {
 public:
  void collect(const PathTree&, const Event&, JsonValue detail, JsonValue resources);
  void collect(const PathTree&, JsonValue document);

  // The same by hand, for what reads an event in another way: what walk() does with values, arrays and their elements.
  void clear(const PathTree&);
  void add(uint32_t node, FieldValue::Kind, std::string_view text);
  std::string_view resolve(std::string_view raw_string) { return texts_.resolve(raw_string); }
  bool is_below_empty_name(uint32_t node, std::string_view key) const { return key.empty() && node == empty_name_; }
  uint32_t open_array();
  void close_array(uint32_t array);
  uint32_t open_element(uint32_t array);
  void close_element(uint32_t element);

  std::span<const FieldValue> values() const { return values_; }
  // The values of a path, as places in values(), ascending.
  std::span<const uint32_t> values_of(uint32_t path) const { return of_path_[path]; }

  // Whether any value stands in an array element, so that values may not always be combined.
  bool has_elements() const { return !elements_.empty(); }
  const ArrayElement& element(uint32_t element) const { return elements_[element]; }
  // Where the values begin again that may be combined with `one`, when the one at `place` may not, because it stands in
  // another element of some array; 0 when it may.
  uint32_t end_of_conflict(const FieldValue& one, uint32_t place) const;
  // Values of an event are held against each other so often, and no more: an event may have a hundred thousand of each.
  static constexpr uint32_t kComparisonsMax = 10'000'000;  // some tens of milliseconds
  bool compared_too_often() const { return comparisons_ > kComparisonsMax; }
  ValueRange array_values(uint32_t array) const { return arrays_[array]; }

 private:
  uint32_t place() const { return static_cast<uint32_t>(values_.size()); }
  void add_string(uint32_t node, std::string_view text);
  void walk(uint32_t node, JsonValue);
  void walk_object(uint32_t node, JsonValue);
  void walk_array(uint32_t node, JsonValue);

  const PathTree* tree_ = nullptr;
  uint32_t empty_name_ = PathTree::kNone;  // the node of the path that is one empty name
  TextArena texts_;
  std::vector<FieldValue> values_;
  std::vector<std::vector<uint32_t>> of_path_;  // by path; only those of `touched_` are not empty
  std::vector<uint32_t> touched_;
  std::vector<ArrayElement> elements_;
  std::vector<ValueRange> arrays_;
  uint32_t element_ = FieldValue::kNowhere;  // the innermost one around the current place
  mutable uint32_t comparisons_ = 0;
};

}  // namespace kedge
