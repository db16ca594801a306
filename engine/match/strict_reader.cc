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

// False: it holds an escape that JSON does not know, for which the text will be refused.
bool resolve(const JsonText& text, Fields& fields, std::string_view& raw) {
  if (!text.escapes_in(raw)) return true;
  if (!are_json_escapes(raw)) return false;
  raw = fields.resolve(raw);
  return true;
}

// Where a key leads. Not a part of the visitor, which would have to stand in memory for it.
[[gnu::noinline]] uint32_t find(const PathTree& tree, const JsonText& text, Fields& fields, uint32_t node,
                                std::string_view key) {
  const bool is_wanted = resolve(text, fields, key) && !fields.is_below_empty_name(node, key);
  return is_wanted ? tree.step(node, key) : PathTree::kNone;
}

}  // namespace

// All of it becomes a part of the loop that calls it, and its members registers.
class StrictReader::Visitor {
 public:
  static constexpr bool kSeesText = true;

  Visitor(const PathTree& tree, const JsonText& text, Fields& fields, Around* around)
      : tree_(tree), text_(text), fields_(fields), around_(around) {}

  [[gnu::always_inline]] bool open(uint32_t depth, bool is_object) {
    if (node_ == PathTree::kNone || (is_object && !tree_.leads_on(node_))) return false;
    const bool is_element = depth > 0 && around_[depth - 1].array != kNowhere;
    const uint32_t element = is_element ? fields_.open_element(around_[depth - 1].array) : kNowhere;
    around_[depth] = {node_, is_object ? kNowhere : fields_.open_array(), element};
    enter(node_);
    return true;
  }

  [[gnu::always_inline]] void close(uint32_t depth, uint32_t, uint32_t) {
    const Around& closed = around_[depth];
    if (closed.array != kNowhere) fields_.close_array(closed.array);
    if (closed.element != kNowhere) fields_.close_element(closed.element);
    if (depth > 0) enter(around_[depth - 1].node);
  }

  // Most keys are told by their first byte.
  [[gnu::always_inline]] void key(const char* begin, const char* next) {
    node_ = (first_bytes_ & PathTree::bit_of(*begin)) != 0
                ? find(tree_, text_, fields_, around_node_, raw_string(begin, next))
                : PathTree::kNone;
  }

  [[gnu::always_inline]] void string(const char* begin, const char* next) {
    if (node_ == PathTree::kNone || tree_.path_of(node_) == PathTree::kNone) return;
    std::string_view text = raw_string(begin, next);
    if (resolve(text_, fields_, text)) fields_.add(node_, FieldValue::Kind::string, text);
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
  [[gnu::always_inline]] void enter(uint32_t node) {
    around_node_ = node_ = node;
    // An empty key begins with its closing quote, and an escape may stand for any byte.
    first_bytes_ = tree_.first_bytes(node) | PathTree::bit_of('"') | PathTree::bit_of('\\');
  }

  const PathTree& tree_;
  const JsonText& text_;
  Fields& fields_;
  Around* const around_;
  uint32_t node_ = PathTree::kRoot;         // of the value that comes next
  uint32_t around_node_ = PathTree::kRoot;  // of the innermost open object or array
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
