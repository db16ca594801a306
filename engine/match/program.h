// What a Matcher's patterns are compiled to. Private to this room.
//
// Each conjunction of a pattern waits at a place: at a value of one of its fields (a key of ValueIndex), the rarest
// that it has. Where many wait at one place they are told apart by a key of another of their fields, and so on, so that
// an event meets few conjunctions that do not match it, however many there are. A conjunction that is met is verified,
// unless the keys that led to it are all that it says.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "match/end_bytes.h"
#include "match/number_table.h"
#include "match/path_tree.h"
#include "match/pattern.h"
#include "match/value_index.h"

namespace kedge {

// What patterns want of one path. Patterns that want the same share it.
struct Need {
  uint32_t path;
  bool absence = false;     // no value will do
  std::vector<Test> tests;  // or one that passes any of these
  EndBytes excluded{};      // other strings pass one of them, which is an anything-but
};

// Needs that must all hold together: one product of a pattern's $or, or all of it.
struct Conjunction {
  uint32_t pattern;     // its place in MatchProgram::indices
  uint32_t first_need;  // in MatchProgram::need_lists
  uint32_t need_count;
};

// Conjunctions that wait at one place, in a list.
struct Waiting {
  uint32_t conjunction;
  uint32_t pattern;    // the conjunction's
  uint32_t next;       // its place in MatchProgram::waiting; kNone: the last
  uint32_t used : 30;  // which of its key sets led here: bit n, the set n
  uint32_t sure : 1;   // they are all that it says, unless arrays are concerned
  uint32_t alone : 1;  // it has one need, which a value meets
};

struct Place {
  uint32_t first = UINT32_MAX;   // in MatchProgram::waiting
  uint32_t count = 0;            // in the list
  uint32_t branch = UINT32_MAX;  // in MatchProgram::branches: the paths whose keys lead on from here
};

// A list whose chunks are shared by its copies, so that copying it costs little. Elements do not change.
template <class T>
class ChunkedList {
 public:
  ChunkedList() = default;
  ChunkedList(const ChunkedList& other) : chunks_(other.chunks_), size_(other.size_) {}
  ChunkedList& operator=(const ChunkedList&) = delete;

  const T& operator[](size_t i) const { return (*chunks_[i / kChunk])[i % kChunk]; }
  size_t size() const { return size_; }

  void push_back(T value) {
    if (size_ % kChunk == 0) {
      chunks_.push_back(std::make_shared<std::vector<T>>());
      chunks_.back()->reserve(size_ == 0 ? 8 : kChunk);
    } else if (!owns_last_) {
      chunks_.back() = std::make_shared<std::vector<T>>(*chunks_.back());
    }
    owns_last_ = true;
    chunks_.back()->push_back(std::move(value));
    ++size_;
  }

 private:
  static constexpr size_t kChunk = 256;
  std::vector<std::shared_ptr<std::vector<T>>> chunks_;
  size_t size_ = 0;
  bool owns_last_ = false;
};

// The index of each path, shared with the program that this one is a copy of until it is changed here.
class IndexList {
 public:
  IndexList() = default;
  IndexList(const IndexList& other) : indices_(other.indices_), owned_(other.indices_.size(), false) {}
  IndexList& operator=(const IndexList&) = delete;

  const ValueIndex* operator[](uint32_t path) const { return indices_[path].get(); }
  size_t size() const { return indices_.size(); }
  void resize(size_t paths) {
    indices_.resize(paths);
    owned_.resize(paths, false);
  }

  ValueIndex& change(uint32_t path) {
    if (!owned_[path]) {
      indices_[path] = indices_[path] ? std::make_shared<ValueIndex>(*indices_[path]) : std::make_shared<ValueIndex>();
      owned_[path] = true;
    }
    return *indices_[path];
  }
  void finish() {
    for (size_t path = 0; path < indices_.size(); ++path) {
      if (owned_[path]) indices_[path]->finish();
    }
  }

 private:
  std::vector<std::shared_ptr<ValueIndex>> indices_;
  std::vector<bool> owned_;
};

// Any number of add() and remove(), then finish(); then asked by any number of threads. A copy may be changed again:
// what the change does not touch is shared.
struct MatchProgram {
  static constexpr uint32_t kNone = UINT32_MAX;

  void add(uint32_t index, const Pattern&);
  void remove(uint32_t index);
  void finish();

  PathTree paths;
  ChunkedList<Need> needs;
  std::vector<uint32_t> need_lists;
  std::vector<Conjunction> conjunctions;
  std::vector<uint32_t> indices;  // what each pattern is called outside; of one that was removed, kNone

  IndexList anchors;                            // by path: the places of keys
  IndexList keys;                               // by path: the numbers of keys that lead on from a place
  NumberTable leads;                            // place and number of a key: another place
  std::vector<std::vector<uint32_t>> branches;  // lists of paths; places that lead on by the same share one
  std::vector<Place> places;
  std::vector<Waiting> waiting;
  size_t removed = 0;            // patterns whose remains are still in it
  std::vector<uint32_t> always;  // conjunctions that absence alone can satisfy: tried for every event

 private:
  // Keys of one field, of which one must be found where the conjunction matches.
  struct KeySet {
    uint32_t path;
    uint32_t need;  // which of the conjunction's
    bool is_exact;  // the keys are all that the need says
    std::vector<ValueKey> keys;
  };
  using KeySets = std::shared_ptr<const std::vector<KeySet>>;
  using Popularity = std::unordered_map<std::string, uint32_t>;

  uint32_t need_of(const PatternField&);
  uint32_t index_of(uint32_t index);
  void wants(uint32_t path, const Need&);
  KeySets key_sets(uint32_t conjunction);
  static void add_key_sets(const Need&, uint32_t number, std::vector<KeySet>& sets);
  void count_keys();
  double cost(const KeySet&) const;
  size_t best(const std::vector<KeySet>&, uint32_t used) const;
  uint32_t place_of(uint32_t path, const ValueKey&);
  uint32_t place_behind(uint32_t place, uint32_t path, const ValueKey&);
  void let_wait(uint32_t conjunction);
  void let_wait_at(uint32_t place, Waiting, const std::vector<KeySet>&);
  bool is_crowded(uint32_t place, const Waiting&) const;
  bool lead_on(uint32_t place, const Waiting&, const std::vector<KeySet>&);
  void split(uint32_t place);
  uint32_t branch_of(const std::vector<uint32_t>& leading_on);
  bool is_sure(const std::vector<KeySet>&, uint32_t used, uint32_t need_count) const;

  size_t placed_ = 0;       // the conjunctions that have their places
  uint32_t key_count_ = 0;  // the numbers given in `keys`
  std::map<std::vector<uint32_t>, uint32_t> known_branches_;
  Popularity popularity_;                                 // how many conjunctions have each key; only while placing
  std::unordered_map<uint32_t, KeySets> large_key_sets_;  // by conjunction; only while placing
  std::unordered_map<std::string, uint32_t> known_needs_;
  std::unordered_map<uint32_t, uint32_t> known_indices_;
};

// As JSON spells it.
inline std::string_view text_of(Word word) {
  return word == Word::true_word ? "true" : word == Word::false_word ? "false" : "null";
}

}  // namespace kedge
