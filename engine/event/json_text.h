// Reading JSON without building anything: the structure of a text, found once, and values that are views into it.
//
// JsonScanner finds where each token of a text begins (simdjson's first stage, at memory speed), then checks the whole
// grammar in one pass over those places: nesting, commas, numbers, words, escapes. Nothing is copied and nothing is
// skipped, so a text that was scanned is valid from its first byte to its last, and reading it can no longer fail.
// JsonValue walks it: a member or a subtree that nobody wants costs one step, whatever its size.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace kedge {

// What the scanner knows of a text. It belongs to the scanner and holds until its next scan.
struct JsonText {
  std::string_view bytes;
  const uint32_t* marks =
      nullptr;  // where each bracket, comma, colon, string, number and word begins; one more: the end
  const uint32_t* ends = nullptr;                // for a mark that opens an object or array: the mark that closes it
  size_t first_escape = std::string_view::npos;  // where the first backslash stands

  bool has_escapes() const { return first_escape != std::string_view::npos; }
  // `raw` is a part of the text.
  bool escapes_in(std::string_view raw) const {
    return !ends_before_escapes(raw) && raw.find('\\') != std::string_view::npos;
  }
  bool ends_before_escapes(std::string_view raw) const {
    return static_cast<size_t>(raw.data() + raw.size() - bytes.data()) <= first_escape;
  }
};

class JsonMembers;
class JsonElements;

// One value of a scanned text: two words, cheap to copy. It holds as long as the JsonText. A default one is absent;
// only present() and the kind questions (all false) may be asked of it.
class JsonValue {
 public:
  JsonValue() = default;
  JsonValue(const JsonText& text, uint32_t mark) : text_(&text), mark_(mark) {}

  bool present() const { return text_ != nullptr; }
  bool is_object() const { return present() && first() == '{'; }
  bool is_array() const { return present() && first() == '['; }
  bool is_string() const { return present() && first() == '"'; }
  bool is_number() const { return present() && (first() == '-' || (first() >= '0' && first() <= '9')); }
  bool is_true() const { return present() && first() == 't'; }
  bool is_false() const { return present() && first() == 'f'; }
  bool is_null() const { return present() && first() == 'n'; }

  // The value's own bytes, as they came.
  std::string_view bytes() const;

  // Of a string: what stands between the quotes, escapes as they came; and whether there are any.
  std::string_view raw_string() const;
  bool has_escapes() const { return text_->escapes_in(raw_string()); }

  // Of an object, an array.
  JsonMembers members() const;
  JsonElements elements() const;

  // The member of that name, the last one where several have it; absent when there is none or this is no object.
  JsonValue member(std::string_view name) const;

  // Where the value begins in the scanned text.
  size_t offset() const { return text_->marks[mark_]; }

  const JsonText& text() const { return *text_; }
  uint32_t mark() const { return mark_; }
  // The first mark behind the value.
  uint32_t next_mark() const { return is_object() || is_array() ? text_->ends[mark_] + 1 : mark_ + 1; }

 private:
  char first() const { return text_->bytes[text_->marks[mark_]]; }

  const JsonText* text_ = nullptr;
  uint32_t mark_ = 0;
};

// One member of an object: its key (a string value) and its value.
struct JsonMember {
  JsonValue key;
  JsonValue value;
};

class JsonMembers {
 public:
  explicit JsonMembers(JsonValue object) : object_(object) {}

  class iterator {
   public:
    iterator(const JsonText* text, uint32_t key_mark) : text_(text), key_mark_(key_mark) {}
    JsonMember operator*() const { return {JsonValue(*text_, key_mark_), JsonValue(*text_, key_mark_ + 2)}; }
    iterator& operator++() {
      const uint32_t value = key_mark_ + 2;
      const char first = text_->bytes[text_->marks[value]];
      key_mark_ = first == '{' || first == '[' ? text_->ends[value] + 1 : value + 1;
      if (text_->bytes[text_->marks[key_mark_]] == ',') ++key_mark_;  // else it is the closing brace
      return *this;
    }
    bool operator!=(const iterator& other) const { return key_mark_ != other.key_mark_; }

   private:
    const JsonText* text_;
    uint32_t key_mark_;
  };

  iterator begin() const { return {&object_.text(), object_.mark() + 1}; }
  iterator end() const { return {&object_.text(), object_.next_mark() - 1}; }

 private:
  JsonValue object_;
};

class JsonElements {
 public:
  explicit JsonElements(JsonValue array) : array_(array) {}

  class iterator {
   public:
    iterator(const JsonText* text, uint32_t mark) : text_(text), mark_(mark) {}
    JsonValue operator*() const { return {*text_, mark_}; }
    iterator& operator++() {
      mark_ = JsonValue(*text_, mark_).next_mark();
      if (text_->bytes[text_->marks[mark_]] == ',') ++mark_;
      return *this;
    }
    bool operator!=(const iterator& other) const { return mark_ != other.mark_; }

   private:
    const JsonText* text_;
    uint32_t mark_;
  };

  iterator begin() const { return {&array_.text(), array_.mark() + 1}; }
  iterator end() const { return {&array_.text(), array_.next_mark() - 1}; }

 private:
  JsonValue array_;
};

inline std::string_view JsonValue::raw_string() const {
  // The next mark stands behind the closing quote, with at most white space between them.
  const char* begin = text_->bytes.data() + text_->marks[mark_] + 1;
  const char* end = text_->bytes.data() + text_->marks[mark_ + 1] - 1;
  while (*end != '"') --end;
  return {begin, static_cast<size_t>(end - begin)};
}

inline JsonMembers JsonValue::members() const { return JsonMembers(*this); }
inline JsonElements JsonValue::elements() const { return JsonElements(*this); }

// Why a text is not accepted.
struct JsonError {
  enum class Kind { syntax, utf8, depth };
  Kind kind;
  size_t offset;         // the byte at which it was noticed; the text's size where the text as a whole is wrong
  std::string expected;  // what would be right there
};

// `strict` is the JSON of RFC 8259, in UTF-8, with no escape that names half of a surrogate pair (no UTF-8 can hold
// that character). `lenient` is what event-ruler reads: text behind the first value is ignored, and such an escape is
// taken for the three bytes that its code would have (WTF-8).
enum class JsonRules { strict, lenient };

// JsonScanner keeps the memory for the structure of one text at a time; it grows to the largest text seen and is used
// again. Not thread-safe.
class JsonScanner {
 public:
  explicit JsonScanner(size_t depth_max = 1000);
  ~JsonScanner();
  JsonScanner(const JsonScanner&) = delete;
  JsonScanner& operator=(const JsonScanner&) = delete;

  // Scans `bytes`, which must outlive the use of root(). Null: it is valid.
  const JsonError* scan(std::string_view bytes, JsonRules rules = JsonRules::strict);

  // The value of the text, after a scan without error.
  JsonValue root() const { return {text_, 0}; }
  const JsonText& text() const { return text_; }

  // The same, while `visitor` is told what stands in the text (json_walk.h). root() says nothing then.
  template <class Visitor>
  const JsonError* walk(std::string_view bytes, JsonRules rules, Visitor visitor);

 private:
  struct FirstStage;
  class EndsVisitor;
  bool find_marks(std::string_view bytes);
  template <class Visitor>
  bool check_grammar(JsonRules, Visitor);
  template <bool ends_closed, class Visitor>
  bool check_value(size_t& place, uint32_t around, Visitor);
  bool check_end(size_t mark, JsonRules);
  const char* scalar_end(size_t mark);
  [[gnu::noinline]] const char* any_scalar_end(size_t mark);
  bool check_escapes(size_t size, JsonRules);
  bool refuse(JsonError::Kind kind, size_t offset, std::string_view expected);

  const size_t depth_max_;
  std::unique_ptr<FirstStage> first_stage_;
  std::vector<uint32_t> ends_;
  std::vector<char> open_;        // what closes the objects and arrays around the current one, by depth
  std::vector<uint32_t> opened_;  // their marks, for EndsVisitor
  JsonText text_;
  uint32_t mark_count_ = 0;
  JsonError error_{};
};

// Appends `raw`, what stands between the quotes of a scanned string, with its escapes resolved. `out` must have room
// for raw.size() bytes. Returns the number of bytes written.
size_t unescape_json(std::string_view raw, char* out);

// Whether a text is a number by JSON's grammar.
bool is_json_number(std::string_view text);

// Whether each backslash between the quotes of a string begins an escape that the lenient rules know.
bool are_json_escapes(std::string_view raw);

}  // namespace kedge
