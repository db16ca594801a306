#include "match/state.h"

#include <algorithm>

#include "match/test.h"

namespace kedge {

bool MatchState::run(const MatchProgram& program) {
  program_ = &program;
  ++event_;
  gave_up_ = false;
  matched_.clear();
  if (needs_.size() < program.needs.size()) needs_.resize(program.needs.size());
  if (tried_.size() < program.conjunctions.size()) tried_.resize(program.conjunctions.size());
  if (matching_.size() < program.indices.size()) matching_.resize(program.indices.size());
  try_values();
  for (const uint32_t conjunction : program.always) try_conjunction(conjunction);
  return !gave_up_;
}

void MatchState::try_values() {
  for (const FieldValue& value : fields.values()) {
    const ValueIndex& index = program_->values[value.path];
    try_waiting(index.any);
    switch (value.kind) {
      case FieldValue::Kind::string:
        try_waiting(index.strings.find(value.text));
        for (const uint32_t size : index.prefix_sizes) {
          if (size > value.text.size()) break;
          try_waiting(index.prefixes.find(value.text.substr(0, size)));
        }
        if (!index.addresses.empty()) {
          if (const auto address = parse_address(value.text)) try_waiting(index.addresses.find(key_of(*address)));
        }
        break;
      case FieldValue::Kind::number:
        if (value.number)
          try_waiting(index.numbers.find(key_of(*value.number)));
        else
          try_waiting(index.number_texts.find(value.text));
        break;
      case FieldValue::Kind::true_word:
      case FieldValue::Kind::false_word:
      case FieldValue::Kind::null_word:
        try_waiting(index.words.find(value.text));
        break;
    }
  }
}

void MatchState::try_waiting(uint32_t list) {
  if (list == KeyTable::kNone) return;
  for (const uint32_t conjunction : program_->waiting[list]) try_conjunction(conjunction);
}

void MatchState::try_conjunction(uint32_t number) {
  const Conjunction& conjunction = program_->conjunctions[number];
  if (tried_[number] == event_ || matching_[conjunction.pattern] == event_) return;
  tried_[number] = event_;
  const uint32_t* needs = program_->need_lists.data() + conjunction.first_need;
  for (uint32_t i = 0; i < conjunction.need_count; ++i) {
    if (!can_hold(needs[i])) return;
  }
  const bool one_value_will_do = conjunction.need_count == 1 && !program_->needs[needs[0]].absence;
  if (fields.has_elements() && !one_value_will_do && !hold_together(conjunction)) return;
  matching_[conjunction.pattern] = event_;
  matched_.push_back(conjunction.pattern);
}

// Whether a need holds by itself. With arrays, absence may hold for some elements only: hold_together decides.
bool MatchState::can_hold(uint32_t number) {
  NeedMemo& memo = needs_[number];
  if (memo.event == event_) return memo.held;
  memo.event = event_;
  const Need& need = program_->needs[number];
  const auto values = fields.values_of(need.path);
  memo.held = need.absence && (values.empty() || fields.has_elements());
  for (size_t i = 0; i < values.size() && !memo.held; ++i) {
    for (const Test& test : need.tests) memo.held = memo.held || passes(test, fields.values()[values[i]]);
  }
  return memo.held;
}

std::span<const uint32_t> MatchState::candidates_of(uint32_t number) {
  NeedMemo& memo = needs_[number];
  if (memo.candidates_event == event_) return memo.candidates;
  memo.candidates_event = event_;
  memo.candidates.clear();
  const Need& need = program_->needs[number];
  for (const uint32_t value : fields.values_of(need.path)) {
    const auto holds = [&](const Test& test) { return passes(test, fields.values()[value]); };
    if (std::any_of(need.tests.begin(), need.tests.end(), holds)) memo.candidates.push_back(value);
  }
  return memo.candidates;
}

bool MatchState::hold_together(const Conjunction& conjunction) {
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
