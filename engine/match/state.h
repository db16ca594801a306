// What matching remembers of one event. Private to this room.
#pragma once

#include <vector>

#include "event/json_text.h"
#include "match/element_search.h"
#include "match/fields.h"
#include "match/program.h"

namespace kedge {

// Runs one program over the fields of one event. What it remembers of the event before is recognised by its number, so
// that nothing needs to be cleared.
class MatchState {
 public:
  Fields fields;
  JsonScanner scanner;            // of the detail, or of a bare document
  JsonScanner resources_scanner;  // of the resources

  // Tries what the fields give cause to try. False: an array search was given up. The patterns that match are then in
  // matched(), as places in the program's indices, in any order.
  bool run(const MatchProgram&);
  const std::vector<uint32_t>& matched() const { return matched_; }

 private:
  struct NeedMemo {
    uint64_t event = 0;
    bool held = false;
    uint64_t candidates_event = 0;
    std::vector<uint32_t> candidates;
  };

  void try_values();
  void try_waiting(uint32_t list);
  void try_conjunction(uint32_t conjunction);
  bool hold_together(const Conjunction&);
  bool can_hold(uint32_t need);
  std::span<const uint32_t> candidates_of(uint32_t need);

  const MatchProgram* program_ = nullptr;
  uint64_t event_ = 0;  // the number of the event
  std::vector<NeedMemo> needs_;
  std::vector<uint64_t> tried_;     // by conjunction: the event for which it was tried last
  std::vector<uint64_t> matching_;  // by pattern: the event that it matched last
  std::vector<uint32_t> matched_;
  std::vector<WantedField> wanted_;
  ElementSearch search_;
  bool gave_up_ = false;
};

}  // namespace kedge
