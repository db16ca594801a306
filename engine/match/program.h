// What a Matcher's patterns are compiled to. Private to this room.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "event/key_table.h"
#include "match/path_tree.h"
#include "match/pattern.h"

namespace kedge {

// What patterns want of one path. Patterns that want the same share it.
struct Need {
  uint32_t path;
  bool absence = false;     // no value will do
  std::vector<Test> tests;  // or one that passes any of these
};

// Needs that must all hold together: one product of a pattern's $or, or all of it.
struct Conjunction {
  uint32_t pattern;     // its place in MatchProgram::indices
  uint32_t first_need;  // in MatchProgram::need_lists
  uint32_t need_count;
};

// Which conjunctions wait at which values of one path, as numbers of lists in MatchProgram::waiting.
struct ValueIndex {
  KeyTable strings;
  KeyTable prefixes;
  std::vector<uint32_t> prefix_sizes;  // ascending, each once
  KeyTable addresses;                  // by their 16 bytes
  KeyTable numbers;                    // comparable ones, by the 8 bytes of the double
  KeyTable number_texts;               // the others
  KeyTable words;                      // true, false, null
  uint32_t any = KeyTable::kNone;      // any value at all
};

// Filled by add(), made ready by finish(); constant afterwards.
struct MatchProgram {
  void add(uint32_t index, const Pattern&);
  void finish();

  PathTree paths;
  std::vector<Need> needs;
  std::vector<uint32_t> need_lists;
  std::vector<Conjunction> conjunctions;
  std::vector<uint32_t> indices;  // what each pattern is called outside, each once

  std::vector<ValueIndex> values;              // by path
  std::vector<std::vector<uint32_t>> waiting;  // lists of conjunctions
  std::vector<uint32_t> always;                // conjunctions that absence alone can satisfy: tried for every event

 private:
  uint32_t need_of(const PatternField&);
  uint32_t index_of(uint32_t index);
  void let_wait(uint32_t conjunction, const Need& anchor);

  std::unordered_map<std::string, uint32_t> known_needs_;
  std::unordered_map<uint32_t, uint32_t> known_indices_;
};

// As JSON spells it.
inline std::string_view text_of(Word word) {
  return word == Word::true_word ? "true" : word == Word::false_word ? "false" : "null";
}

// The bytes by which a number is found in ValueIndex::numbers.
inline std::string_view key_of(const double& number) { return {reinterpret_cast<const char*>(&number), sizeof number}; }
inline std::string_view key_of(const Address& address) {
  return {reinterpret_cast<const char*>(address.data()), address.size()};
}

}  // namespace kedge
