// What matching remembers of one event. Private to this room.
#pragma once

#include <string>
#include <vector>

#include "event/json_text.h"
#include "match/element_search.h"
#include "match/fields.h"
#include "match/program.h"
#include "match/strict_reader.h"
#include "match/trusted_reader.h"

namespace kedge {

// Runs one program over the fields of one event. What it remembers of the event before is recognised by its number, so
// that nothing needs to be cleared.
class MatchState {
 public:
  Fields fields;
  JsonScanner scanner;            // of the detail
  JsonScanner resources_scanner;  // of the resources
  StrictReader strict_reader;     // of a bare document
  TrustedReader trusted_reader;

  // Tries what the fields give cause to try. False: an array search was given up. The patterns that match are then in
  // matched(), as places in the program's indices, in any order.
  bool run(const MatchProgram&);
  const std::vector<uint32_t>& matched() const { return matched_; }
  // Puts them in order, each once: a changed matcher may have two patterns of one index in two places.
  void sort(std::vector<uint32_t>& indices);

 private:
  struct NeedMemo {
    uint64_t event = 0;
    bool held = false;
  };
  struct Candidates {
    uint64_t event = 0;
    std::vector<uint32_t> values;
  };
  struct Keys {
    uint64_t event = 0;
    bool each_once = false;
    std::vector<uint32_t> numbers;
  };

  // The stretches of a number line (ValueIndex::stretch_of) in which the event has had a value: those that follow in
  // them bring nothing new, as the points of a polygon.
  struct Stretches {
    uint64_t event = 0;
    uint64_t met = 0;  // bit n: the stretch n
  };

  void make_room(const MatchProgram&);
  void try_value(const ValueIndex&, const FieldValue&);
  // `only`: the value that led there, if its path has no other; or null. `once`: the event can come there in no other
  // way.
  void try_place(uint32_t place, const FieldValue* only, bool once);
  void try_waiting(const Waiting&, const FieldValue* only);
  void try_conjunction(uint32_t conjunction);
  void add_match(uint32_t pattern);
  const Keys& keys_at(uint32_t path);
  bool hold_together(const Conjunction&);
  bool any_may_be_combined(const Conjunction&);
  bool can_hold(uint32_t need);
  bool holds(const Need&, const FieldValue&) const;
  static bool is_not_excluded(const Need&, const FieldValue&);
  [[gnu::noinline]] bool passes_any(const Need&, const FieldValue&) const;
  std::span<const uint32_t> candidates_of(uint32_t need);

  const MatchProgram* program_ = nullptr;
  uint64_t event_ = 0;  // the number of the event
  std::vector<NeedMemo> needs_;
  std::vector<Candidates> candidates_;  // by need
  std::vector<Keys> keys_;              // by path
  std::vector<Stretches> stretches_;    // by path
  std::vector<uint64_t> seen_;          // by place: the event that met it last
  std::vector<uint64_t> tried_;         // by conjunction: the event for which it was verified last
  std::vector<uint64_t> matching_;      // by pattern: the event that it matched last
  std::vector<uint32_t> matched_;
  std::vector<uint64_t> index_set_;  // empty between two calls of sort()
  std::vector<WantedField> wanted_;
  std::string folded_;        // the value that is tried; while it is, those of other paths are looked into:
  std::string folded_other_;  // in keys_at
  ElementSearch search_;
  bool gave_up_ = false;
};

}  // namespace kedge
