// Compiling: needs are shared, then each conjunction gets the place where it waits (its anchor): the need whose values
// the fewest conjunctions ask for, so that finding one of them says much.
#include "match/program.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "match/test.h"

namespace kedge {
namespace {

// A table of ValueIndex, and the key in it at which a need with such a test can wait.
struct Slot {
  KeyTable ValueIndex::*table;
  std::string_view key;
};

// None: the test names no value, so that it must wait at all of them.
std::optional<Slot> slot_of(const Test& test) {
  if (const auto* one = std::get_if<EqualsString>(&test)) {
    if (one->address) return Slot{&ValueIndex::addresses, key_of(*one->address)};
    return Slot{&ValueIndex::strings, one->text};
  }
  if (const auto* one = std::get_if<EqualsNumber>(&test)) {
    if (one->value) return Slot{&ValueIndex::numbers, key_of(*one->value)};
    return Slot{&ValueIndex::number_texts, one->text};
  }
  if (const auto* one = std::get_if<Word>(&test)) return Slot{&ValueIndex::words, text_of(*one)};
  if (const auto* one = std::get_if<TextTest>(&test)) {
    if (one->relation == Relation::starts) return Slot{&ValueIndex::prefixes, one->text};
    if (one->relation == Relation::equals) return Slot{&ValueIndex::strings, one->text};
  }
  return std::nullopt;
}

bool names_values(const Need& need) {
  return std::all_of(need.tests.begin(), need.tests.end(), [](const Test& test) { return slot_of(test).has_value(); });
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
    std::string operator()(Word one) const { return "w" + std::string(text_of(one)); }
    std::string operator()(const TextTest& one) const {
      return "T" + std::to_string(static_cast<int>(one.relation)) + one.text;
    }
    std::string operator()(const HasPieces& one) const {
      std::string text = "W";
      for (const auto& piece : one.pieces) text += std::to_string(piece.size()) + "s" + piece;
      return text;
    }
    std::string operator()(const InNetworks& one) const {
      std::string text = "N";
      for (const auto& n : one.networks) text += std::string(key_of(n.first)) + std::to_string(n.bits);
      return text;
    }
    std::string operator()(const HasExpression& one) const { return "R" + one.text; }
    std::string operator()(const Compared& one) const { return "C" + one.sign + one.path; }
    std::string operator()(const InRange& one) const {
      return (one.lower_included ? "[" : "(") + std::string(key_of(one.lower)) + std::string(key_of(one.upper)) +
             (one.upper_included ? "]" : ")");
    }
    std::string operator()(const AnythingBut& one) const {
      std::string text = "b";
      for (const double number : one.numbers) text += key_of(number);
      for (const std::string& value : one.strings) text += std::to_string(value.size()) + "s" + value;
      for (const auto& t : one.texts)
        text += std::to_string(t.text.size()) + "p" + std::to_string(static_cast<int>(t.relation)) + t.text;
      for (const auto& w : one.wildcards) text += (*this)(HasPieces{w});
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
    double cost = names_values(need) ? 0 : 1e9;
    for (const Test& test : need.tests) {
      const double count = counts_.at(key(need.path, test));
      cost += std::holds_alternative<TextTest>(test) ? 4 * count : count;  // a prefix stands for several values
    }
    return cost;
  }

 private:
  static std::string key(uint32_t path, const Test& test) { return std::to_string(path) + "/" + canonical(test); }

  std::unordered_map<std::string, double> counts_;
};

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
  for (uint32_t conjunction = 0; conjunction < conjunctions.size(); ++conjunction) {
    const auto first = need_lists.begin() + conjunctions[conjunction].first_need;
    const auto rarest = std::min_element(first, first + conjunctions[conjunction].need_count,
                                         [&costs](uint32_t a, uint32_t b) { return costs[a] < costs[b]; });
    let_wait(conjunction, needs[*rarest]);
  }
  for (ValueIndex& index : values) {
    auto& sizes = index.prefix_sizes;
    std::sort(sizes.begin(), sizes.end());
    sizes.erase(std::unique(sizes.begin(), sizes.end()), sizes.end());
  }
  known_needs_.clear();
  known_indices_.clear();
}

void MatchProgram::let_wait(uint32_t conjunction, const Need& anchor) {
  if (anchor.absence) {
    always.push_back(conjunction);
    return;
  }
  const auto add = [this, conjunction](uint32_t list) {
    if (list == KeyTable::kNone) {
      list = static_cast<uint32_t>(waiting.size());
      waiting.emplace_back();
    }
    waiting[list].push_back(conjunction);
    return list;
  };
  ValueIndex& index = values[anchor.path];
  if (!names_values(anchor)) {
    index.any = add(index.any);
    return;
  }
  for (const Test& test : anchor.tests) {
    const Slot slot = *slot_of(test);
    KeyTable& table = index.*slot.table;
    table.add(slot.key, add(table.find(slot.key)));
    if (slot.table == &ValueIndex::prefixes) index.prefix_sizes.push_back(static_cast<uint32_t>(slot.key.size()));
  }
}

}  // namespace kedge
