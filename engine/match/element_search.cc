#include "match/element_search.h"

#include <algorithm>

#include "event/key_table.h"

namespace kedge {
namespace {

std::string_view as_text(std::span<const uint32_t> list) {
  return {reinterpret_cast<const char*>(list.data()), list.size_bytes()};
}

// A search that nothing stands in the way of takes fewer steps than this for each value.
constexpr uint64_t kStepsOfValue = 64;

bool is_inside(uint32_t value, ValueRange range) { return value >= range.begin && value < range.end; }

// The place in an ascending list of the first number that is not below `bound`.
size_t place_of(std::span<const uint32_t> list, uint32_t bound) {
  return static_cast<size_t>(std::lower_bound(list.begin(), list.end(), bound) - list.begin());
}

}  // namespace

void ListSet::clear() {
  if (count_ > 0) std::fill(slots_.begin(), slots_.end(), 0);
  numbers_.clear();
  count_ = 0;
}

size_t ListSet::slot_of(std::span<const uint32_t> list) const {
  const size_t mask = slots_.size() - 1;
  for (size_t i = hash_text(as_text(list)) & mask;; i = (i + 1) & mask) {
    if (slots_[i] == 0) return i;
    const uint32_t* place = numbers_.data() + slots_[i] - 1;
    if (std::equal(list.begin(), list.end(), place + 1, place + 1 + *place)) return i;
  }
}

bool ListSet::contains(std::span<const uint32_t> list) const { return slots_[slot_of(list)] != 0; }

void ListSet::insert(std::span<const uint32_t> list) {
  const size_t slot = slot_of(list);
  if (slots_[slot] != 0) return;
  slots_[slot] = static_cast<uint32_t>(numbers_.size() + 1);
  numbers_.push_back(static_cast<uint32_t>(list.size()));
  numbers_.insert(numbers_.end(), list.begin(), list.end());
  if (++count_ * 2 > slots_.size()) grow();
}

void ListSet::grow() {
  slots_.assign(slots_.size() * 2, 0);
  for (size_t place = 0; place < numbers_.size(); place += numbers_[place] + 1) {
    slots_[slot_of({numbers_.data() + place + 1, numbers_[place]})] = static_cast<uint32_t>(place + 1);
  }
}

ElementSearch::Answer ElementSearch::find(const Fields& fields, std::span<const WantedField> wanted) {
  fields_ = &fields;
  wanted_ = wanted;
  chosen_.clear();
  failed_.clear();
  steps_ = 0;
  uint64_t usual = 0;
  for (const WantedField& field : wanted) usual += kStepsOfValue * (field.candidates.size() + field.all.size());
  steps_max_ = usual + kStepsMax - extra_steps_;
  const bool found = choose(0);
  if (steps_ > steps_max_) return Answer::too_many;
  extra_steps_ += steps_ - std::min(steps_, usual);
  return found ? Answer::found : Answer::none;
}

// Decides `field` and all behind it, given what was chosen.
bool ElementSearch::choose(size_t field) {
  if (steps_ > steps_max_) return false;
  if (field == wanted_.size()) return true;
  steps_ += chosen_.size();
  if (failed_.contains(key_of_choice(field))) return false;
  const WantedField& wanted = wanted_[field];
  if (wanted.absence && next_consistent(wanted.all, 0) == wanted.all.size() && choose(field + 1)) return true;
  for (size_t at = next_consistent(wanted.candidates, 0); at < wanted.candidates.size();
       at = next_consistent(wanted.candidates, at + 1)) {
    if (choose_value(field, wanted.candidates[at])) return true;
  }
  if (steps_ <= steps_max_) failed_.insert(key_of_choice(field));
  return false;
}

bool ElementSearch::choose_value(size_t field, uint32_t value) {
  const size_t before = chosen_.size();
  for (uint32_t element = fields_->values()[value].element; element != FieldValue::kNowhere;
       element = fields_->element(element).parent) {
    if (std::find(chosen_.begin(), chosen_.end(), element) == chosen_.end()) chosen_.push_back(element);
  }
  if (choose(field + 1)) return true;
  chosen_.resize(before);
  return false;
}

// The place of the first value, from `at` on, that stands in no other element of an array than the chosen one.
size_t ElementSearch::next_consistent(std::span<const uint32_t> list, size_t at) {
  while (at < list.size()) {
    if (++steps_ > steps_max_) return list.size();
    const uint32_t behind = end_of_conflict(list[at]);
    if (behind == 0) return at;
    at = place_of(list, behind);
  }
  return at;
}

// Where the values begin again that may be consistent, when `value` is not; 0 when it is. All values of its path in
// that array stand in elements of it: scalars directly in an array have the array's own path, which is decided before
// the paths inside.
uint32_t ElementSearch::end_of_conflict(uint32_t value) {
  for (uint32_t number = fields_->values()[value].element; number != FieldValue::kNowhere;) {
    const ArrayElement& element = fields_->element(number);
    steps_ += chosen_.size();
    for (const uint32_t other : chosen_) {
      const ArrayElement& chosen = fields_->element(other);
      if (other == number || chosen.array != element.array) continue;
      return value < chosen.values.begin ? chosen.values.begin : fields_->array_values(element.array).end;
    }
    number = element.parent;
  }
  return 0;
}

// Whether any field from `field` on has a value in the array of this element.
bool ElementSearch::matters(uint32_t element, size_t field) const {
  const ValueRange range = fields_->array_values(fields_->element(element).array);
  for (size_t i = field; i < wanted_.size(); ++i) {
    const auto list = wanted_[i].absence ? wanted_[i].all : wanted_[i].candidates;
    const size_t place = place_of(list, range.begin);
    if (place < list.size() && is_inside(list[place], range)) return true;
  }
  return false;
}

std::span<const uint32_t> ElementSearch::key_of_choice(size_t field) {
  key_.assign(1, static_cast<uint32_t>(field));
  for (const uint32_t element : chosen_) {
    if (matters(element, field)) key_.push_back(element);
  }
  std::sort(key_.begin() + 1, key_.end());
  return key_;
}

}  // namespace kedge
