#include "match/fields.h"

namespace kedge {

void Fields::clear(const PathTree& tree) {
  for (const uint32_t path : touched_) of_path_[path].clear();
  touched_.clear();
  if (of_path_.size() < tree.path_count()) of_path_.resize(tree.path_count());
  tree_ = &tree;
  empty_name_ = tree.step(PathTree::kRoot, "");
  texts_.clear();
  values_.clear();
  elements_.clear();
  arrays_.clear();
  element_ = FieldValue::kNowhere;
  comparisons_ = 0;
}

void Fields::collect(const PathTree& tree, const Event& event, JsonValue detail, JsonValue resources) {
  clear(tree);
  const auto root = [&tree](std::string_view name) { return tree.step(PathTree::kRoot, name); };
  add_string(root("id"), event.id);
  add_string(root("source"), event.source);
  add_string(root("detail-type"), event.detail_type);
  add_string(root("account"), event.account);
  add_string(root("region"), event.region);
  add_string(root("time"), event.time);
  if (const uint32_t node = root("resources"); node != PathTree::kNone) walk(node, resources);
  if (const uint32_t node = root("detail"); node != PathTree::kNone) walk(node, detail);
}

void Fields::collect(const PathTree& tree, JsonValue document) {
  clear(tree);
  walk_object(PathTree::kRoot, document);
}

void Fields::add_string(uint32_t node, std::string_view text) {
  if (node != PathTree::kNone && !text.empty()) add(node, FieldValue::Kind::string, text);
}

void Fields::add(uint32_t node, FieldValue::Kind kind, std::string_view text) {
  const uint32_t path = tree_->path_of(node);
  if (path == PathTree::kNone) return;
  if (of_path_[path].empty()) touched_.push_back(path);
  of_path_[path].push_back(static_cast<uint32_t>(values_.size()));
  values_.push_back({kind, path, element_, text});
}

// Arrays are numbered as they begin: going outwards from both values, the higher number goes first.
uint32_t Fields::end_of_conflict(const FieldValue& one, uint32_t place) const {
  ++comparisons_;
  uint32_t a = one.element;
  uint32_t b = values_[place].element;
  while (a != FieldValue::kNowhere && b != FieldValue::kNowhere && a != b) {
    ++comparisons_;
    const ArrayElement& mine = elements_[a];
    const ArrayElement& other = elements_[b];
    if (mine.array == other.array) return place < mine.values.begin ? mine.values.begin : arrays_[mine.array].end;
    if (mine.array > other.array)
      a = mine.parent;
    else
      b = other.parent;
  }
  return 0;
}

void Fields::walk(uint32_t node, JsonValue value) {
  if (value.is_object()) return walk_object(node, value);
  if (value.is_array()) return walk_array(node, value);
  if (value.is_string()) return add(node, FieldValue::Kind::string, texts_.resolve(value));
  if (value.is_number()) return add(node, FieldValue::Kind::number, value.bytes());
  if (value.is_true()) return add(node, FieldValue::Kind::true_word, "true");
  if (value.is_false()) return add(node, FieldValue::Kind::false_word, "false");
  if (value.is_null()) add(node, FieldValue::Kind::null_word, "null");
}

void Fields::walk_object(uint32_t node, JsonValue object) {
  if (!tree_->leads_on(node)) return;
  for (const JsonMember member : object.members()) {
    const std::string_view key = texts_.resolve(member.key);
    if (is_below_empty_name(node, key)) continue;
    if (const uint32_t child = tree_->step(node, key); child != PathTree::kNone) walk(child, member.value);
  }
}

uint32_t Fields::open_array() {
  arrays_.push_back({place(), place()});
  return static_cast<uint32_t>(arrays_.size() - 1);
}

void Fields::close_array(uint32_t array) { arrays_[array].end = place(); }

uint32_t Fields::open_element(uint32_t array) {
  elements_.push_back({array, element_, {place(), place()}});
  return element_ = static_cast<uint32_t>(elements_.size() - 1);
}

void Fields::close_element(uint32_t element) {
  element_ = elements_[element].parent;
  if (place() == elements_[element].values.begin) {
    elements_.resize(element);  // nothing in it is wanted
  } else {
    elements_[element].values.end = place();
  }
}

void Fields::walk_array(uint32_t node, JsonValue array) {
  const uint32_t number = open_array();
  for (const JsonValue value : array.elements()) {
    if (!value.is_object() && !value.is_array()) {
      walk(node, value);
      continue;
    }
    const uint32_t element = open_element(number);
    walk(node, value);
    close_element(element);
  }
  close_array(number);
}

}  // namespace kedge
