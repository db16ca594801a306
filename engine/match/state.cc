#include "match/state.h"

#include <algorithm>
#include <bit>

#include "match/test.h"

namespace kedge {

void MatchState::make_room(const MatchProgram& program) {
  const auto grow = [](auto& list, size_t size) {
    if (list.size() < size) list.resize(size);
  };
  grow(needs_, program.needs.size());
  grow(keys_, program.keys.size());
  grow(stretches_, program.keys.size());
  grow(seen_, program.places.size());
  grow(matching_, program.indices.size());
  if (!fields.has_elements()) return;
  grow(candidates_, program.needs.size());
  grow(tried_, program.conjunctions.size());
}

bool MatchState::run(const MatchProgram& program) {
  program_ = &program;
  ++event_;
  gave_up_ = false;
  search_.begin_event();
  matched_.clear();
  make_room(program);
  for (const FieldValue& value : fields.values()) {
    if (gave_up_) break;
    if (const ValueIndex* const index = program.anchors[value.path]) try_value(*index, value);
  }
  for (const uint32_t conjunction : program.always) try_conjunction(conjunction);
  return !gave_up_ && !fields.compared_too_often();
}

void MatchState::try_value(const ValueIndex& index, const FieldValue& value) {
  const bool has_others = fields.values_of(value.path).size() > 1;
  const auto stretch = has_others ? index.stretch_of(value) : std::nullopt;
  Stretches& stretches = stretches_[value.path];
  if (stretch) {
    if (stretches.event != event_) stretches = {event_, 0};
    if ((stretches.met >> *stretch & 1U) != 0) return;
  }
  bool is_complete = true;
  const bool once = !has_others && index.finds_each_once();
  index.find(value, folded_, [&](uint32_t place, bool if_comparable) {
    if (!once && seen_[place] == event_) return;
    if (!if_comparable || value.is_comparable())
      try_place(place, has_others ? nullptr : &value, once);
    else
      is_complete = false;
  });
  if (stretch && is_complete) stretches.met |= uint64_t{1} << *stretch;
}

void MatchState::try_place(uint32_t number, const FieldValue* only, bool once) {
  if (!once) {
    if (seen_[number] == event_) return;
    seen_[number] = event_;
  }
  const Place& place = program_->places[number];
  for (uint32_t next = place.first; next != MatchProgram::kNone;) {
    const Waiting& one = program_->waiting[next];
    try_waiting(one, only);
    next = one.next;
  }
  if (place.branch == MatchProgram::kNone) return;
  for (const uint32_t path : program_->branches[place.branch]) {
    const Keys& keys = keys_at(path);
    for (const uint32_t key : keys.numbers) {
      const uint32_t behind = program_->leads.find(uint64_t{number} << 32U | key);
      if (behind != NumberTable::kNone) try_place(behind, nullptr, once && keys.each_once);
    }
  }
}

// The numbers of the keys that the values of a path may be.
const MatchState::Keys& MatchState::keys_at(uint32_t path) {
  Keys& keys = keys_[path];
  if (keys.event == event_) return keys;
  keys.event = event_;
  keys.numbers.clear();
  const auto values = fields.values_of(path);
  keys.each_once = values.size() == 1 && program_->keys[path]->finds_each_once();
  for (const uint32_t place : values) {
    const FieldValue& value = fields.values()[place];
    program_->keys[path]->find(value, folded_other_, [&](uint32_t number, bool if_comparable) {
      if (!if_comparable || value.is_comparable()) keys.numbers.push_back(number);
    });
  }
  return keys;
}

// Most strings of an anything-but.
inline bool MatchState::is_not_excluded(const Need& need, const FieldValue& value) {
  return value.is_string() && !need.excluded.may_be(value.text);
}

inline void MatchState::try_waiting(const Waiting& one, const FieldValue* only) {
  if (one.sure != 0 && (one.alone != 0 || !fields.has_elements())) return add_match(one.pattern);
  if (one.alone == 0 || only == nullptr) return try_conjunction(one.conjunction);
  const Conjunction& conjunction = program_->conjunctions[one.conjunction];
  const Need& need = program_->needs[program_->need_lists[conjunction.first_need]];
  if (holds(need, *only)) add_match(one.pattern);
}

inline void MatchState::add_match(uint32_t pattern) {
  if (matching_[pattern] == event_ || program_->indices[pattern] == MatchProgram::kNone) return;
  matching_[pattern] = event_;
  matched_.push_back(pattern);
}

// Many indices that lie close together are put into a set of bits, and read from it again.
void MatchState::sort(std::vector<uint32_t>& indices) {
  if (indices.size() < 2) return;
  const size_t words = *std::max_element(indices.begin(), indices.end()) / 64 + 1;
  if (words > indices.size()) {
    std::sort(indices.begin(), indices.end());
    indices.erase(std::unique(indices.begin(), indices.end()), indices.end());
    return;
  }
  if (index_set_.size() < words) index_set_.resize(words);
  for (const uint32_t index : indices) index_set_[index / 64] |= uint64_t{1} << index % 64;
  indices.clear();
  for (size_t word = 0; word < words; ++word) {
    for (uint64_t& bits = index_set_[word]; bits != 0; bits &= bits - 1) {
      indices.push_back(static_cast<uint32_t>(word * 64 + static_cast<size_t>(std::countr_zero(bits))));
    }
  }
}

void MatchState::try_conjunction(uint32_t number) {
  const Conjunction& conjunction = program_->conjunctions[number];
  if (matching_[conjunction.pattern] == event_ || gave_up_) return;
  if (program_->indices[conjunction.pattern] == MatchProgram::kNone) return;  // its pattern was removed
  const uint32_t* needs = program_->need_lists.data() + conjunction.first_need;
  for (uint32_t i = 0; i < conjunction.need_count; ++i) {
    if (!can_hold(needs[i])) return;
  }
  const bool one_value_will_do = conjunction.need_count == 1 && !program_->needs[needs[0]].absence;
  if (fields.has_elements() && !one_value_will_do) {
    if (tried_[number] == event_) return;
    tried_[number] = event_;
    if (!hold_together(conjunction)) return;
  }
  add_match(conjunction.pattern);
}

bool MatchState::holds(const Need& need, const FieldValue& value) const {
  return is_not_excluded(need, value) || passes_any(need, value);
}

bool MatchState::passes_any(const Need& need, const FieldValue& value) const {
  return std::any_of(need.tests.begin(), need.tests.end(),
                     [&](const Test& test) { return passes(test, value, fields); });
}

// Whether a need holds by itself. With arrays, absence may hold for some elements only: hold_together decides.
bool MatchState::can_hold(uint32_t number) {
  NeedMemo& memo = needs_[number];
  if (memo.event == event_) return memo.held;
  memo.event = event_;
  const Need& need = program_->needs[number];
  const auto values = fields.values_of(need.path);
  memo.held = need.absence && (values.empty() || fields.has_elements());
  for (size_t i = 0; i < values.size() && !memo.held; ++i) memo.held = holds(need, fields.values()[values[i]]);
  return memo.held;
}

std::span<const uint32_t> MatchState::candidates_of(uint32_t number) {
  Candidates& candidates = candidates_[number];
  if (candidates.event == event_) return candidates.values;
  candidates.event = event_;
  candidates.values.clear();
  const Need& need = program_->needs[number];
  for (const uint32_t value : fields.values_of(need.path)) {
    if (holds(need, fields.values()[value])) candidates.values.push_back(value);
  }
  return candidates.values;
}

// Whether all needs but at most one can be met without choosing an element of an array: then nothing can be in the way.
bool MatchState::any_may_be_combined(const Conjunction& conjunction) {
  uint32_t in_elements = 0;
  for (uint32_t i = 0; i < conjunction.need_count; ++i) {
    const Need& need = program_->needs[program_->need_lists[conjunction.first_need + i]];
    const auto values = fields.values_of(need.path);
    if (values.empty()) continue;  // absence holds
    if (need.absence) return false;
    const bool has_free_one = std::any_of(values.begin(), values.end(), [&](uint32_t value) {
      const FieldValue& one = fields.values()[value];
      return one.element == FieldValue::kNowhere && holds(need, one);
    });
    if (!has_free_one && ++in_elements > 1) return false;
  }
  return true;
}

bool MatchState::hold_together(const Conjunction& conjunction) {
  if (any_may_be_combined(conjunction)) return true;
  wanted_.clear();
  for (uint32_t i = 0; i < conjunction.need_count; ++i) {
    const uint32_t need = program_->need_lists[conjunction.first_need + i];
    wanted_.push_back(
        {candidates_of(need), program_->needs[need].absence, fields.values_of(program_->needs[need].path)});
  }
  const auto answer = search_.find(fields, wanted_);
  gave_up_ = gave_up_ || answer == ElementSearch::Answer::too_many;
  return answer == ElementSearch::Answer::found;
}

}  // namespace kedge
