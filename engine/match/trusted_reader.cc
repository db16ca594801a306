#include "match/trusted_reader.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <cstring>

namespace kedge {
namespace {

constexpr uint32_t kDepthMax = 1000;

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }
bool ends_scalar(char c) { return c == ',' || c == '}' || c == ']' || is_space(c); }

// The first quote or backslash, or `end`.
const char* find_quote(const char* at, const char* end) {
#ifdef __SSE2__
  const __m128i quote = _mm_set1_epi8('"');
  const __m128i backslash = _mm_set1_epi8('\\');
  for (; end - at >= 16; at += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const auto found = static_cast<unsigned>(
        _mm_movemask_epi8(_mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash))));
    if (found != 0) return at + __builtin_ctz(found);
  }
#endif
  while (at != end && *at != '"' && *at != '\\') ++at;
  return at;
}

// The first quote or bracket, or `end`. With the bit 0x20 set, [ is { and ] is }.
const char* find_bracket(const char* at, const char* end) {
#ifdef __SSE2__
  const __m128i quote = _mm_set1_epi8('"');
  const __m128i bit = _mm_set1_epi8(0x20);
  const __m128i open = _mm_set1_epi8('{');
  const __m128i close = _mm_set1_epi8('}');
  for (; end - at >= 16; at += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const __m128i folded = _mm_or_si128(bytes, bit);
    const auto found = static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(
        _mm_cmpeq_epi8(bytes, quote), _mm_or_si128(_mm_cmpeq_epi8(folded, open), _mm_cmpeq_epi8(folded, close)))));
    if (found != 0) return at + __builtin_ctz(found);
  }
#endif
  while (at != end && *at != '"' && (*at | 0x20) != '{' && (*at | 0x20) != '}') ++at;
  return at;
}

}  // namespace

const JsonError* TrustedReader::read(const PathTree& tree, std::string_view text, Fields& fields, uint32_t root) {
  tree_ = &tree;
  fields_ = &fields;
  begin_ = at_ = text.data();
  end_ = begin_ + text.size();
  depth_ = 0;
  if (seen_.size() < tree.node_count()) seen_.resize(tree.node_count());
  fields.clear(tree);
  skip_space();
  if (at_ == end_ || *at_ != '{') {
    wrong("an object");
    return &error_;
  }
  return read_object(root, true) == Step::wrong ? &error_ : nullptr;
}

TrustedReader::Step TrustedReader::wrong(const char* expected) {
  error_ = {JsonError::Kind::syntax, static_cast<size_t>(at_ - begin_), expected};
  return Step::wrong;
}

void TrustedReader::skip_space() {
  while (at_ != end_ && is_space(*at_)) ++at_;
}

// `is_last`: nothing is wanted behind this value.
TrustedReader::Step TrustedReader::read_value(uint32_t node, bool is_last) {
  if (at_ == end_) return wrong("a value");
  if (*at_ == '{') return read_object(node, is_last);
  const Step step = *at_ == '[' ? read_array(node) : read_scalar(node);
  return step == Step::more && is_last ? Step::stop : step;
}

// At its brace. In an array more may come, whatever was met.
TrustedReader::Step TrustedReader::read_object(uint32_t node, bool is_last) {
  ++at_;
  size_t wanted = tree_->child_count(node);
  if (wanted == 0) {
    if (is_last) return Step::stop;
    return skip_to_close(1) ? Step::more : Step::wrong;
  }
  if (++depth_ > kDepthMax) return wrong("less nesting");
  const uint64_t around = object_;
  object_ = ++objects_;
  const auto leave = [&](Step step) {
    --depth_;
    object_ = around;
    return step;
  };
  for (bool is_first = true;; is_first = false) {
    skip_space();
    if (at_ != end_ && *at_ == '}' && is_first) return ++at_, leave(is_last ? Step::stop : Step::more);
    std::string_view key;
    if (!read_key(key)) return Step::wrong;
    const uint32_t child = fields_->is_below_empty_name(node, key) ? PathTree::kNone : tree_->step(node, key);
    if (child == PathTree::kNone) {
      if (!skip_value()) return Step::wrong;
    } else {
      if (tree_->is_child(child, node) && is_first_here(child)) --wanted;
      const Step step = read_value(child, is_last && wanted == 0);
      if (step != Step::more) return step == Step::stop ? leave(step) : step;
      if (wanted == 0) return skip_to_close(1) ? leave(Step::more) : Step::wrong;
    }
    skip_space();
    if (at_ == end_ || (*at_ != '}' && *at_ != ',')) return wrong("',' or '}'");
    if (*at_++ == '}') return leave(is_last ? Step::stop : Step::more);
  }
}

TrustedReader::Step TrustedReader::read_array(uint32_t node) {
  ++at_;
  if (++depth_ > kDepthMax) return wrong("less nesting");
  const uint32_t array = fields_->open_array();
  skip_space();
  if (at_ != end_ && *at_ == ']') {
    ++at_;
  } else {
    for (bool more = true; more;) {
      skip_space();
      const bool is_element = at_ != end_ && (*at_ == '{' || *at_ == '[');
      const uint32_t element = is_element ? fields_->open_element(array) : 0;
      if (read_value(node, false) == Step::wrong) return Step::wrong;
      if (is_element) fields_->close_element(element);
      skip_space();
      if (at_ == end_ || (*at_ != ']' && *at_ != ',')) return wrong("',' or ']'");
      more = *at_++ == ',';
    }
  }
  fields_->close_array(array);
  --depth_;
  return Step::more;
}

TrustedReader::Step TrustedReader::read_scalar(uint32_t node) {
  if (*at_ == '"') {
    std::string_view text;
    if (!read_string(text)) return Step::wrong;
    fields_->add(node, FieldValue::Kind::string, text);
    return Step::more;
  }
  const char* const begin = at_;
  while (at_ != end_ && !ends_scalar(*at_)) ++at_;
  const std::string_view token(begin, static_cast<size_t>(at_ - begin));
  const auto kind = token == "true"    ? FieldValue::Kind::true_word
                    : token == "false" ? FieldValue::Kind::false_word
                    : token == "null"  ? FieldValue::Kind::null_word
                                       : FieldValue::Kind::number;
  if (kind == FieldValue::Kind::number && !is_json_number(token)) return at_ = begin, wrong("a value");
  fields_->add(node, kind, token);
  return Step::more;
}

bool TrustedReader::is_first_here(uint32_t node) {
  if (seen_[node] == object_) return false;
  seen_[node] = object_;
  return true;
}

bool TrustedReader::read_key(std::string_view& key) {
  if (at_ == end_ || *at_ != '"') return wrong("a key in quotes"), false;
  if (!read_string(key)) return false;
  skip_space();
  if (at_ == end_ || *at_ != ':') return wrong("':'"), false;
  ++at_;
  skip_space();
  return true;
}

// At its opening quote. What it says: a view into the text, where it holds no escapes.
bool TrustedReader::read_string(std::string_view& text) {
  const char* const begin = ++at_;
  at_ = find_quote(at_, end_);
  const bool has_escapes = at_ != end_ && *at_ == '\\';
  if (has_escapes && !skip_string()) return false;
  if (!has_escapes && at_++ == end_) return wrong("a closing quote"), false;
  text = {begin, static_cast<size_t>(at_ - 1 - begin)};
  if (!has_escapes) return true;
  if (!are_json_escapes(text)) return at_ = begin, wrong("a string whose escapes are JSON's"), false;
  text = fields_->resolve(text);
  return true;
}

// Behind its opening quote, or within it but not behind an odd backslash. Ends behind the closing quote.
bool TrustedReader::skip_string() {
  for (;;) {
    at_ = find_quote(at_, end_);
    if (at_ == end_) return wrong("a closing quote"), false;
    if (*at_++ == '"') return true;
    if (at_ == end_) return wrong("a closing quote"), false;
    ++at_;
  }
}

bool TrustedReader::skip_value() {
  if (at_ == end_) return wrong("a value"), false;
  if (*at_ == '"') return ++at_, skip_string();
  if (*at_ == '{' || *at_ == '[') return ++at_, skip_to_close(1);
  const char* const begin = at_;
  while (at_ != end_ && !ends_scalar(*at_)) ++at_;
  return at_ != begin || (wrong("a value"), false);
}

// Behind the bracket that closes the innermost `depth` ones, whatever their kinds.
bool TrustedReader::skip_to_close(uint32_t depth) {
  while (depth > 0) {
    at_ = find_bracket(at_, end_);
    if (at_ == end_) return wrong("a closing bracket"), false;
    const char c = *at_++;
    if (c == '"') {
      if (!skip_string()) return false;
    } else {
      depth += (c | 0x20) == '{' ? 1 : -1;
    }
  }
  return true;
}

}  // namespace kedge
