// Whether values for several fields can be taken so that no two stand in different elements of one array.
//
// The fields are decided in order, each by one of its values, or by absence. What was chosen rules out the other
// elements of the arrays concerned, which are jumped over. Where a choice fails, what of it matters for the fields that
// are left (the elements of arrays in which they have values at all) is remembered, and not tried again; so with arrays
// that nest, as they do unless a key is repeated, the work grows with the number of elements and not with its powers.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "match/fields.h"

namespace kedge {

// One field, with places in Fields::values(), ascending.
struct WantedField {
  std::span<const uint32_t> candidates;  // the values that will do
  bool absence = false;                  // having no value beside what was chosen will do too
  std::span<const uint32_t> all;         // all values that the field has
};

// A set of short lists of numbers.
class ListSet {
 public:
  void clear();
  bool contains(std::span<const uint32_t> list) const;
  void insert(std::span<const uint32_t> list);

 private:
  size_t slot_of(std::span<const uint32_t> list) const;
  void grow();

  std::vector<uint32_t> numbers_;                               // the lists, one behind the other, each behind its size
  std::vector<uint32_t> slots_ = std::vector<uint32_t>(64, 0);  // places in numbers_, plus 1; 0: free
  size_t count_ = 0;
};

// Its memory is used again. Not thread-safe.
class ElementSearch {
 public:
  enum class Answer { found, none, too_many };

  // To be called before the first find() of an event.
  void begin_event() { extra_steps_ = 0; }

  // `fields` and `wanted` must stay as they are during the call. `too_many`: given up, since all that was looked for in
  // this event has taken kStepsMax steps beyond those that grow with its values.
  Answer find(const Fields& fields, std::span<const WantedField> wanted);

  static constexpr uint64_t kStepsMax = 10'000'000;  // some tens of milliseconds

 private:
  bool choose(size_t field);
  bool choose_value(size_t field, uint32_t value);
  size_t next_consistent(std::span<const uint32_t> list, size_t at);
  uint32_t end_of_conflict(uint32_t value);
  bool matters(uint32_t element, size_t field) const;
  std::span<const uint32_t> key_of_choice(size_t field);

  const Fields* fields_ = nullptr;
  std::span<const WantedField> wanted_;
  std::vector<uint32_t> chosen_;  // the chosen elements, in the order of choice
  std::vector<uint32_t> key_;
  ListSet failed_;
  uint64_t steps_ = 0;      // comparisons of elements in this search
  uint64_t steps_max_ = 0;  // given up beyond
  uint64_t extra_steps_ = 0;
};

}  // namespace kedge
