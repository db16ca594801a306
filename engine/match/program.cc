// Compiling: needs are shared, then each conjunction gets the place where it waits (its anchor): the need whose values
// the fewest conjunctions ask for, so that finding one of them says much.
#include "match/program.h"

#include <algorithm>
#include <limits>

#include "match/test.h"

namespace kedge {
namespace {

// A table of ValueIndex and the key in it at which a need with such a test can wait; null: it must wait at any value.
struct Slot {
  KeyTable ValueIndex::*table = nullptr;
  std::string_view key;
  uint32_t ValueIndex::*single = nullptr;
  int word = -1;
};

Slot slot_of(const Test& test) {
  if (const auto* one = std::get_if<EqualsString>(&test)) {
    if (one->address) return {&ValueIndex::addresses, key_of(*one->address)};
    return {&ValueIndex::strings, one->text};
  }
  if (const auto* one = std::get_if<EqualsNumber>(&test)) {
    if (one->value) return {&ValueIndex::numbers, key_of(*one->value)};
    return {&ValueIndex::number_texts, one->text};
  }
  if (const auto* one = std::get_if<HasPrefix>(&test)) return {&ValueIndex::prefixes, one->prefix};
  if (const auto* one = std::get_if<Word>(&test)) return {nullptr, {}, nullptr, static_cast<int>(*one)};
  return {nullptr, {}, &ValueIndex::any};
}

bool waits_at_values(const Need& need) {
  return std::all_of(need.tests.begin(), need.tests.end(),
                     [](const Test& test) { return slot_of(test).single == nullptr; });
}

// The same text for the same test, whatever its spelling.
std::string canonical(const Test& test) {
  struct Writer {
    std::string operator()(const EqualsString& one) const {
      return one.address ? "a" + std::string(key_of(*one.address)) : "s" + one.text;
    }
    std::string operator()(const EqualsNumber& one) const {
      return one.value ? "n" + std::string(key_of(*one.value)) : "t" + one.text;
    }
    std::string operator()(Word one) const { return "w" + std::to_string(static_cast<int>(one)); }
    std::string operator()(const HasPrefix& one) const { return "p" + one.prefix; }
    std::string operator()(const InRange& one) const {
      return (one.lower_included ? "[" : "(") + std::string(key_of(one.lower)) + std::string(key_of(one.upper)) +
             (one.upper_included ? "]" : ")");
    }
    std::string operator()(const AnythingBut& one) const {
      std::string text = "b";
      for (const double number : one.numbers) text += key_of(number);
      for (const std::string& value : one.strings) text += std::to_string(value.size()) + "s" + value;
      for (const std::string& prefix : one.prefixes) text += std::to_string(prefix.size()) + "p" + prefix;
      return text;
    }
    std::string operator()(Exists one) const { return one.wanted ? "e" : "m"; }
  };
  return std::visit(Writer(), test);
}

// How many conjunctions ask for each value: the estimate of how little finding it says.
class Popularity {
 public:
  explicit Popularity(const MatchProgram& program) {
    for (const uint32_t need : program.need_lists) {
      for (const Test& test : program.needs[need].tests) ++counts_[key(program.needs[need].path, test)];
    }
  }

  // The smaller, the better a place to wait at. Infinite where absence will do: there may be nothing to wait for.
  double cost(const Need& need) const {
    if (need.absence) return std::numeric_limits<double>::infinity();
    double cost = waits_at_values(need) ? 0 : 1e9;
    for (const Test& test : need.tests) {
      const double count = counts_.at(key(need.path, test));
      cost += std::holds_alternative<HasPrefix>(test) ? 4 * count : count;  // a prefix stands for several values
    }
    return cost;
  }

 private:
  static std::string key(uint32_t path, const Test& test) { return std::to_string(path) + "/" + canonical(test); }

  std::unordered_map<std::string, double> counts_;
};

uint32_t& list_at(ValueIndex& index, const Slot& slot) {
  return slot.word >= 0 ? index.words[slot.word] : index.*slot.single;
}

}  // namespace

uint32_t MatchProgram::need_of(const PatternField& field) {
  Need need{paths.add(field.path), false, {}};
  std::vector<std::string> parts;
  for (const Test& test : field.alternatives) {
    if (wants_absence(test))
      need.absence = true;
    else
      need.tests.push_back(test);
    parts.push_back(canonical(test));
  }
  std::sort(parts.begin(), parts.end());
  std::string key = std::to_string(need.path);
  for (const std::string& part : parts) key += "/" + std::to_string(part.size()) + part;
  const auto [place, is_new] = known_needs_.try_emplace(std::move(key), static_cast<uint32_t>(needs.size()));
  if (is_new) needs.push_back(std::move(need));
  return place->second;
}

uint32_t MatchProgram::index_of(uint32_t index) {
  const auto [place, is_new] = known_indices_.try_emplace(index, static_cast<uint32_t>(indices.size()));
  if (is_new) indices.push_back(index);
  return place->second;
}

void MatchProgram::add(uint32_t index, const Pattern& pattern) {
  for (const std::vector<uint32_t>& fields : pattern.conjunctions) {
    conjunctions.push_back(
        {index_of(index), static_cast<uint32_t>(need_lists.size()), static_cast<uint32_t>(fields.size())});
    for (const uint32_t field : fields) need_lists.push_back(need_of(pattern.fields[field]));
  }
}

void MatchProgram::finish() {
  const Popularity popularity(*this);
  std::vector<double> costs;
  for (const Need& need : needs) costs.push_back(popularity.cost(need));
  values.resize(paths.path_count());
  const auto wait = [this](uint32_t& list, uint32_t conjunction) {
    if (list == KeyTable::kNone) {
      list = static_cast<uint32_t>(waiting.size());
      waiting.emplace_back();
    }
    waiting[list].push_back(conjunction);
  };
  for (uint32_t conjunction = 0; conjunction < conjunctions.size(); ++conjunction) {
    const auto first = need_lists.begin() + conjunctions[conjunction].first_need;
    const auto rarest = std::min_element(first, first + conjunctions[conjunction].need_count,
                                         [&costs](uint32_t a, uint32_t b) { return costs[a] < costs[b]; });
    const Need& need = needs[*rarest];
    if (need.absence) {
      always.push_back(conjunction);
      continue;
    }
    ValueIndex& index = values[need.path];
    if (!waits_at_values(need)) {
      wait(index.any, conjunction);
      continue;
    }
    for (const Test& test : need.tests) {
      const Slot slot = slot_of(test);
      if (slot.table == nullptr) {
        wait(list_at(index, slot), conjunction);
        continue;
      }
      uint32_t list = (index.*slot.table).find(slot.key);
      wait(list, conjunction);
      (index.*slot.table).add(slot.key, list);
      if (slot.table == &ValueIndex::prefixes) index.prefix_sizes.push_back(static_cast<uint32_t>(slot.key.size()));
    }
  }
  for (ValueIndex& index : values) {
    std::sort(index.prefix_sizes.begin(), index.prefix_sizes.end());
    index.prefix_sizes.erase(std::unique(index.prefix_sizes.begin(), index.prefix_sizes.end()),
                             index.prefix_sizes.end());
  }
  known_needs_.clear();
  known_indices_.clear();
}

}  // namespace kedge
