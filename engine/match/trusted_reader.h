// Reads an event's fields from its beginning, and stops behind the last one that any pattern wants.
//
// It trusts that the text is valid JSON, and that it spells each path once: that no object has a name twice, and no
// name holds a dot that makes it the same path as nested names. Then the fields are those that Fields::collect finds.
// Of other texts it finds those, or fewer, or refuses them; it never reads beyond the text. What it checks is what it
// reads: where it follows a path, brackets, names, commas and the wanted values. Members that nobody wants are stepped
// over by their quotes and brackets; what stands behind the last wanted field is not looked at at all.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "event/json_text.h"
#include "match/fields.h"
#include "match/path_tree.h"

namespace kedge {

// Its memory is used again. Not thread-safe.
class TrustedReader {
 public:
  // Null: `fields` are filled. They point into `text`, which stands at the node `root`.
  const JsonError* read(const PathTree&, std::string_view text, Fields& fields, uint32_t root = PathTree::kRoot);

 private:
  enum class Step { more, stop, wrong };  // of a value: there may be more behind it, nothing more is wanted, an error

  Step read_value(uint32_t node, bool is_last);
  Step read_object(uint32_t node, bool is_last);
  Step read_array(uint32_t node);
  Step read_scalar(uint32_t node);
  bool read_string(std::string_view& text);
  bool read_key(std::string_view& key);
  bool skip_value();
  bool skip_to_close(uint32_t depth);
  bool skip_string();
  void skip_space();
  bool is_first_here(uint32_t node);
  Step wrong(const char* expected);

  const PathTree* tree_ = nullptr;
  Fields* fields_ = nullptr;
  const char* begin_ = nullptr;
  const char* at_ = nullptr;
  const char* end_ = nullptr;
  uint32_t depth_ = 0;
  uint64_t object_ = 0;         // the number of the object being read
  uint64_t objects_ = 0;        // how many there were, also in texts before
  std::vector<uint64_t> seen_;  // by node: the object in which it was met last
  JsonError error_{};
};

}  // namespace kedge
