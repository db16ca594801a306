#include "match/strict_reader.h"

#include "event/json_walk.h"

namespace kedge {
namespace {

// Behind the closing quote there is at most white space.
std::string_view raw_string(const char* begin, const char* next) {
  do --next;
  while (*next != '"');
  return {begin, static_cast<size_t>(next - begin)};
}

// With its escapes resolved. False: it holds one that JSON does not know, for which the text will be refused.
[[gnu::noinline]] bool resolve(Fields& fields, std::string_view& raw) {
  if (!are_json_escapes(raw)) return false;
  raw = fields.resolve(raw);
  return true;
}

[[gnu::noinline]] uint32_t find_any(const PathTree& tree, const JsonText& text, Fields& fields, uint32_t node,
                                    std::string_view key) {
  if (text.escapes_in(key) && !resolve(fields, key)) return PathTree::kNone;
  return fields.is_below_empty_name(node, key) ? PathTree::kNone : tree.step(node, key);
}

// Where a key leads. Not a part of the visitor, which would have to stand in memory for it; and without a call but the
// last, so that no register need be put away for it.
[[gnu::noinline]] uint32_t find(const PathTree& tree, const JsonText& text, Fields& fields, uint32_t node,
                                std::string_view key) {
  const uint32_t child = text.ends_before_escapes(key) ? tree.step_at_a_glance(node, key) : PathTree::kNone;
  return child != PathTree::kNone ? child : find_any(tree, text, fields, node, key);
}

}  // namespace

// All of it becomes a part of the loop that calls it, and its members registers.
class StrictReader::Visitor {
 public:
  static constexpr bool kSeesText = true;

  Visitor(const PathTree& tree, const JsonText& text, Fields& fields, Around* around)
      : tree_(tree), text_(text), fields_(fields), around_(around) {}

  [[gnu::always_inline]] bool open(uint32_t depth, uint32_t, bool is_object) {
    if (node_ == PathTree::kNone || (is_object && tree_.first_bytes(node_) == 0)) return false;
    const uint32_t element = around_array_ != kNowhere ? fields_.open_element(around_array_) : kNowhere;
    around_[depth] = {node_, is_object ? kNowhere : fields_.open_array(), element};
    enter(around_[depth]);
    return true;
  }

  [[gnu::always_inline]] void close(uint32_t depth, uint32_t) {
    const Around& closed = around_[depth];
    if ((closed.array & closed.element) == kNowhere) return;  // neither
    if (closed.array != kNowhere) fields_.close_array(closed.array);
    if (closed.element != kNowhere) fields_.close_element(closed.element);
  }

  [[gnu::always_inline]] void back(uint32_t depth) { enter(around_[depth - 1]); }

  // Most keys are told by their first byte.
  [[gnu::always_inline]] bool may_want_key(char first) const { return PathTree::has_bit_of(first_bytes_, first); }

  [[gnu::always_inline]] void key(const char* begin, const char* next) {
    node_ = find(tree_, text_, fields_, around_node_, raw_string(begin, next));
  }

  [[gnu::always_inline]] void unwanted_key() { node_ = PathTree::kNone; }

  [[gnu::always_inline]] void string(const char* begin, const char* next) {
    if (node_ == PathTree::kNone || tree_.path_of(node_) == PathTree::kNone) return;
    std::string_view text = raw_string(begin, next);
    if (!text_.escapes_in(text) || resolve(fields_, text)) fields_.add(node_, FieldValue::Kind::string, text);
  }

  [[gnu::always_inline]] void scalar(std::string_view text) {
    if (node_ == PathTree::kNone) return;
    const auto kind = text[0] == 't'   ? FieldValue::Kind::true_word
                      : text[0] == 'f' ? FieldValue::Kind::false_word
                      : text[0] == 'n' ? FieldValue::Kind::null_word
                                       : FieldValue::Kind::number;
    fields_.add(node_, kind, text);
  }

 private:
  static constexpr uint32_t kNowhere = FieldValue::kNowhere;

  // Into an object or array, or back into it.
  [[gnu::always_inline]] void enter(const Around& around) {
    around_node_ = node_ = around.node;
    around_array_ = around.array;
    // An empty key begins with its closing quote, and an escape may stand for any byte.
    first_bytes_ = tree_.first_bytes(around.node) | PathTree::bit_of('"') | PathTree::bit_of('\\');
  }

  const PathTree& tree_;
  const JsonText& text_;
  Fields& fields_;
  Around* const around_;
  uint32_t node_ = PathTree::kRoot;         // of the value that comes next
  uint32_t around_node_ = PathTree::kRoot;  // of the innermost open object or array
  uint32_t around_array_ = kNowhere;        // its number, if it is an array
  uint64_t first_bytes_ = 0;                // with which keys begin that may be wanted there
};

const JsonError* StrictReader::read(const PathTree& tree, std::string_view text, Fields& fields) {
  fields.clear(tree);
  const Visitor visitor(tree, scanner_.text(), fields, around_.data());
  if (const JsonError* error = scanner_.walk(text, JsonRules::lenient, visitor)) return error;
  if (scanner_.root().is_object()) return nullptr;
  error_ = {JsonError::Kind::syntax, 0, "an object"};
  return &error_;
}

}  // namespace kedge
