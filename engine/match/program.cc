// Compiling: needs are shared; then each conjunction gets its place, at the key set that the fewest conjunctions share,
// so that finding one of its keys says much.
#include "match/program.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <optional>
#include <tuple>

#include "match/test.h"

namespace kedge {
namespace {

constexpr uint32_t kCrowd = 2;       // so many may wait behind two keys or more before they are told apart
constexpr size_t kKeySetsMax = 30;   // of one conjunction; Waiting::used has as many bits
constexpr size_t kLeadsMax = 64;     // keys of one set by which a place may lead on
constexpr size_t kLargeKeySet = 64;  // keys of a set that is not made anew for each of its places

// The same text for the same test, whatever its spelling.
struct Canonical {
  static std::string sized(std::string_view text) { return std::to_string(text.size()) + "/" + std::string(text); }

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
    for (const std::string& piece : one.pieces) text += sized(piece);
    return text;
  }
  std::string operator()(const InRange& one) const {
    return (one.lower_included ? "[" : "(") + std::string(key_of(one.lower)) + std::string(key_of(one.upper)) +
           (one.upper_included ? "]" : ")");
  }
  std::string operator()(const InNetworks& one) const {
    std::string text = "N";
    for (const Network& network : one.networks) text += key_of(network);
    return text;
  }
  std::string operator()(const AnythingBut& one) const {
    std::string text = "b";
    for (const double number : one.numbers) text += key_of(number);
    for (const std::string& value : one.strings) text += "s" + sized(value);
    for (const TextTest& test : one.texts) text += sized((*this)(test));
    for (const Pieces& pieces : one.wildcards) text += sized((*this)(HasPieces{pieces}));
    return text;
  }
  std::string operator()(Exists one) const { return one.wanted ? "e" : "m"; }
  std::string operator()(const HasExpression& one) const { return "R" + one.text; }
  std::string operator()(const Compared& one) const { return "C" + one.sign + "/" + one.path; }
};

// The keys under which a value that passes the test is found: one of each list that there is; more than one list where
// the value must have each of them. Not exact where the value must also be verified.
struct TestKeys {
  std::vector<ValueKey> keys;  // one of these
  std::vector<ValueKey> also;  // and each of these
  bool is_exact = true;
};

struct KeysOf {
  using Kind = ValueKey::Kind;

  TestKeys operator()(const EqualsString& one) const {
    if (one.address) return {{{Kind::address, std::string(key_of(*one.address))}}, {}};
    return {{{Kind::string, one.text}}, {}};
  }
  TestKeys operator()(const EqualsNumber& one) const {
    if (one.value) return {{{Kind::number, std::string(key_of(*one.value))}}, {}};
    return {{{Kind::number_text, one.text}}, {}};
  }
  TestKeys operator()(Word one) const { return {{{Kind::word, std::string(text_of(one))}}, {}}; }
  TestKeys operator()(const TextTest& one) const {
    static constexpr Kind kKinds[] = {Kind::string, Kind::starts,        Kind::ends,
                                      Kind::folded, Kind::folded_starts, Kind::folded_ends};
    ValueKey key{kKinds[static_cast<size_t>(one.relation)], {}};
    if (key.is_exact())
      key.text = one.text;
    else
      append_folded(one.text, key.text);
    const bool is_exact = key.is_exact();
    return {{std::move(key)}, {}, is_exact};
  }
  TestKeys operator()(const HasPieces& one) const {
    TestKeys found{{}, {}, false};
    const Pieces& pieces = one.pieces;
    if (!pieces.front().empty()) found.also.push_back({Kind::starts, pieces.front()});
    if (!pieces.back().empty()) found.also.push_back({Kind::ends, pieces.back()});
    for (size_t i = 1; i + 1 < pieces.size() && found.also.size() < 8; ++i) {
      const size_t size = pieces[i].size() >= 8 ? 8 : std::min<size_t>(pieces[i].size(), 4);
      found.also.push_back({Kind::contains, pieces[i].substr(0, size)});
    }
    // Where only one may stand for the whole: the longest.
    found.keys.push_back(*std::max_element(found.also.begin(), found.also.end(),
                                           [](const auto& a, const auto& b) { return a.text.size() < b.text.size(); }));
    return found;
  }
  TestKeys operator()(const InRange& one) const {
    if (one.lower == one.upper) return {{{Kind::number, std::string(key_of(one.lower))}}, {}};
    return {{{Kind::range, {}, one}}, {}};
  }
  TestKeys operator()(const InNetworks& one) const {
    TestKeys found;
    for (const Network& network : one.networks) found.keys.push_back({Kind::network, key_of(network)});
    return found;
  }
  TestKeys operator()(const AnythingBut&) const { return {{{Kind::any, {}}}, {}, false}; }
  TestKeys operator()(Exists one) const { return one.wanted ? TestKeys{{{Kind::any, {}}}, {}} : TestKeys{}; }
  TestKeys operator()(const HasExpression&) const { return {{{Kind::any, {}}}, {}, false}; }
  TestKeys operator()(const Compared&) const { return {{{Kind::any, {}}}, {}, false}; }
};

// Of ranges none is the same as another: a pattern hardly says one twice.
bool is_less(const ValueKey& one, const ValueKey& other) {
  return std::tie(one.kind, one.text) < std::tie(other.kind, other.text);
}
bool is_same(const ValueKey& one, const ValueKey& other) {
  return one.kind != ValueKey::Kind::range && one.kind == other.kind && one.text == other.text;
}

std::string popularity_key(uint32_t path, const ValueKey& key) { return std::to_string(path) + "/" + key.bytes(); }

}  // namespace

uint32_t MatchProgram::need_of(const PatternField& field) {
  Need need{paths.add(field.path), false, {}};
  std::vector<std::string> parts;
  for (const Test& test : field.alternatives) {
    if (wants_absence(test)) {
      need.absence = true;
    } else {
      need.tests.push_back(test);
      if (auto* compared = std::get_if<Compared>(&need.tests.back())) {
        compared->path_number = paths.add(compared->path);
      }
      if (const auto* but = std::get_if<AnythingBut>(&test)) need.excluded = EndBytes(*but);
    }
    parts.push_back(std::visit(Canonical(), test));
  }
  std::sort(parts.begin(), parts.end());
  std::string key = std::to_string(need.path);
  for (const std::string& part : parts) key += "/" + Canonical::sized(part);
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

void MatchProgram::remove(uint32_t index) {
  removed += static_cast<size_t>(std::count(indices.begin(), indices.end(), index));
  std::replace(indices.begin(), indices.end(), index, kNone);
}

void MatchProgram::finish() {
  anchors.resize(paths.path_count());
  keys.resize(paths.path_count());
  count_keys();
  for (; placed_ < conjunctions.size(); ++placed_) let_wait(static_cast<uint32_t>(placed_));
  anchors.finish();
  keys.finish();
  popularity_ = {};
  large_key_sets_ = {};
  known_needs_ = {};
  known_indices_ = {};
}

void MatchProgram::count_keys() {
  for (size_t i = placed_; i < conjunctions.size(); ++i) {
    const KeySets sets = key_sets(static_cast<uint32_t>(i));
    for (const KeySet& set : *sets) {
      for (const ValueKey& key : set.keys) ++popularity_[popularity_key(set.path, key)];
    }
  }
}

// How little finding one of these keys says, by how many conjunctions have them. A beginning is found in several
// values, a range in many.
double MatchProgram::cost(const KeySet& set) const {
  double cost = 0;
  for (const ValueKey& key : set.keys) {
    const auto found = popularity_.find(popularity_key(set.path, key));
    const double count = found == popularity_.end() ? 1 : found->second;
    const double weight = key.kind == ValueKey::Kind::any        ? 1e6
                          : key.kind == ValueKey::Kind::contains ? 30
                          : key.kind == ValueKey::Kind::range    ? 20
                          : key.kind == ValueKey::Kind::network  ? 8
                          : key.kind == ValueKey::Kind::word     ? 4
                          : key.kind >= ValueKey::Kind::starts   ? 1 + 8.0 / static_cast<double>(key.text.size() + 1)
                                                                 : 1;
    cost += count * weight;
  }
  return cost;
}

void MatchProgram::add_key_sets(const Need& need, uint32_t number, std::vector<KeySet>& sets) {
  if (need.absence) return;
  KeySet set{need.path, number, true, {}};
  for (const Test& test : need.tests) {
    TestKeys found = std::visit(KeysOf(), test);
    if (need.tests.size() == 1 && found.also.size() > 1) {
      for (ValueKey& key : found.also) sets.push_back({need.path, number, false, {std::move(key)}});
      return;
    }
    set.is_exact = set.is_exact && found.is_exact;
    std::move(found.keys.begin(), found.keys.end(), std::back_inserter(set.keys));
  }
  // Wildcards may have one key.
  std::sort(set.keys.begin(), set.keys.end(), is_less);
  set.keys.erase(std::unique(set.keys.begin(), set.keys.end(), is_same), set.keys.end());
  sets.push_back(std::move(set));
}

MatchProgram::KeySets MatchProgram::key_sets(uint32_t number) {
  if (const auto known = large_key_sets_.find(number); known != large_key_sets_.end()) return known->second;
  const Conjunction& conjunction = conjunctions[number];
  std::vector<KeySet> sets;
  for (uint32_t i = 0; i < conjunction.need_count && sets.size() < kKeySetsMax; ++i) {
    add_key_sets(needs[need_lists[conjunction.first_need + i]], i, sets);
  }
  if (sets.size() > kKeySetsMax) sets.resize(kKeySetsMax);
  const bool is_large =
      std::any_of(sets.begin(), sets.end(), [](const KeySet& set) { return set.keys.size() > kLargeKeySet; });
  auto made = std::make_shared<const std::vector<KeySet>>(std::move(sets));
  if (is_large) large_key_sets_.emplace(number, made);
  return made;
}

// The place in `sets` of the best one that is not used; sets.size(): there is none.
size_t MatchProgram::best(const std::vector<KeySet>& sets, uint32_t used) const {
  size_t found = sets.size();
  double least = std::numeric_limits<double>::infinity();
  for (size_t i = 0; i < sets.size(); ++i) {
    if ((used >> i & 1U) != 0) continue;
    const double cost_here = cost(sets[i]);
    if (cost_here < least) {
      least = cost_here;
      found = i;
    }
  }
  return found;
}

uint32_t MatchProgram::place_of(uint32_t path, const ValueKey& key) {
  const uint32_t place = anchors.change(path).add(key, static_cast<uint32_t>(places.size()));
  if (place == places.size()) places.emplace_back();
  return place;
}

uint32_t MatchProgram::place_behind(uint32_t place, uint32_t path, const ValueKey& key) {
  const uint32_t number = keys.change(path).add(key, key_count_);
  if (number == key_count_) ++key_count_;
  const uint32_t behind = leads.add(uint64_t{place} << 32U | number, static_cast<uint32_t>(places.size()));
  if (behind == places.size()) places.emplace_back();
  return behind;
}

void MatchProgram::let_wait(uint32_t conjunction) {
  const KeySets held = key_sets(conjunction);
  const std::vector<KeySet>& sets = *held;
  const size_t anchor = best(sets, 0);
  if (anchor == sets.size()) {
    always.push_back(conjunction);
    return;
  }
  for (const ValueKey& key : sets[anchor].keys) {
    let_wait_at(place_of(sets[anchor].path, key),
                {conjunction, conjunctions[conjunction].pattern, kNone, 1U << anchor, 0, 0}, sets);
  }
}

void MatchProgram::let_wait_at(uint32_t place, Waiting one, const std::vector<KeySet>& sets) {
  if (places[place].branch == kNone && is_crowded(place, one)) split(place);
  if (places[place].branch != kNone && lead_on(place, one, sets)) return;
  const Conjunction& conjunction = conjunctions[one.conjunction];
  one.sure = is_sure(sets, one.used, conjunction.need_count) ? 1 : 0;
  one.alone = conjunction.need_count == 1 && !needs[need_lists[conjunction.first_need]].absence ? 1 : 0;
  one.next = places[place].first;
  places[place].first = static_cast<uint32_t>(waiting.size());
  waiting.push_back(one);
  ++places[place].count;
}

// Behind one key nobody waits who has another: to verify a conjunction costs more than to look for a second key.
bool MatchProgram::is_crowded(uint32_t place, const Waiting& one) const {
  return places[place].count >= (std::has_single_bit(uint32_t{one.used}) ? 0 : kCrowd);
}

// Whether the keys that led here are all that the conjunction says.
bool MatchProgram::is_sure(const std::vector<KeySet>& sets, uint32_t used, uint32_t need_count) const {
  uint32_t proven = 0;
  for (size_t i = 0; i < sets.size(); ++i) proven += (used >> i & 1U) != 0 && sets[i].is_exact ? 1 : 0;
  return proven == need_count;
}

// False: the conjunction has nothing more by which it could be told from others.
bool MatchProgram::lead_on(uint32_t place, const Waiting& one, const std::vector<KeySet>& sets) {
  const size_t next = best(sets, one.used);
  if (next == sets.size() || sets[next].keys.size() > kLeadsMax) return false;
  const KeySet& set = sets[next];
  if (std::any_of(set.keys.begin(), set.keys.end(), [](const auto& key) { return key.kind == ValueKey::Kind::any; })) {
    return false;
  }
  std::vector<uint32_t> branch = branches[places[place].branch];
  if (std::find(branch.begin(), branch.end(), set.path) == branch.end()) {
    branch.push_back(set.path);
    places[place].branch = branch_of(branch);
  }
  for (const ValueKey& key : set.keys) {
    Waiting behind = one;
    behind.used |= 1U << next;
    let_wait_at(place_behind(place, set.path, key), behind, sets);
  }
  return true;
}

uint32_t MatchProgram::branch_of(const std::vector<uint32_t>& leading_on) {
  const auto [known, is_new] = known_branches_.try_emplace(leading_on, static_cast<uint32_t>(branches.size()));
  if (is_new) branches.push_back(leading_on);
  return known->second;
}

void MatchProgram::split(uint32_t place) {
  places[place].branch = branch_of({});
  uint32_t next = places[place].first;
  places[place].first = kNone;
  places[place].count = 0;
  while (next != kNone) {
    const Waiting one = waiting[next];
    next = one.next;
    let_wait_at(place, one, *key_sets(one.conjunction));
  }
}

}  // namespace kedge
