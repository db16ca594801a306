// Reads an event's fields while the whole of it is checked: one pass over the text's marks does both.
//
// The fields are those that Fields::collect finds.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "event/json_text.h"
#include "match/fields.h"
#include "match/path_tree.h"

namespace kedge {

// Its memory is used again. Not thread-safe.
class StrictReader {
 public:
  // Null: `text` is an object, by the lenient rules, and `fields` are filled. They point into `text`.
  const JsonError* read(const PathTree&, std::string_view text, Fields& fields);

 private:
  class Visitor;

  // An object or array that is open, and leads to something wanted.
  struct Around {
    uint32_t node;
    uint32_t array;    // its number; of an object, kNowhere
    uint32_t element;  // which it is of the array around it; kNowhere: it stands in none
  };

  JsonScanner scanner_{kDepthMax};
  std::vector<Around> around_{kDepthMax};  // by depth
  JsonError error_{};

  static constexpr size_t kDepthMax = 1000;
};

}  // namespace kedge
