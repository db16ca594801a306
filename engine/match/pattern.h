// Pattern: what a rule wants of an event, in the EventBridge event-pattern grammar, as its author wrote it.
//
//   {"source": ["aws.s3"], "detail": {"eventName": [{"prefix": "Put"}], "errorCode": [{"exists": false}]}}
//
// An object goes one step deeper; an array lists the alternatives of one field. All fields must hold, one alternative
// of each. `$or` stands for its list of objects, of which one must hold with all that surrounds it. The meaning is
// event-ruler's, where it and other implementations differ: matcher.h says it in full.
//
// Alternatives: a string, number, true, false or null; {"exactly": s}, {"prefix": s}, {"exists": b},
// {"numeric": [">", 0, "<=", 5]}, {"anything-but": s, n, [s…], [n…] or {"prefix": s or [s…]}}.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "match/address.h"

namespace kedge {

// A string. Where it is the literal of an IP address it means that address, however the event spells it.
struct EqualsString {
  std::string text;
  std::optional<Address> address;
};

// A number: equal by value where it is comparable (number.h), else by its text.
struct EqualsNumber {
  std::string text;
  std::optional<double> value;
};

enum class Word { true_word, false_word, null_word };

struct HasPrefix {
  std::string prefix;
};

struct InRange {
  double lower;
  double upper;
  bool lower_included;
  bool upper_included;
};

// Any value but these, of whatever type. One of the lists has elements.
struct AnythingBut {
  std::vector<std::string> strings;
  std::vector<double> numbers;
  std::vector<std::string> prefixes;
};

// Whether the field has a value. {}, [] and objects are none; null is one.
struct Exists {
  bool wanted;
};

using Test = std::variant<EqualsString, EqualsNumber, Word, HasPrefix, InRange, AnythingBut, Exists>;

// One field of a pattern, with its alternatives.
struct PatternField {
  std::string path;                  // the names joined with dots: "detail.eventName"
  std::vector<Test> alternatives;    // one must hold; never empty
  std::vector<std::string> written;  // each alternative as the author wrote it
};

// What stands in an object of the pattern: a field, or a $or with the objects of its list.
struct PatternPart {
  uint32_t field = 0;                            // its place in Pattern::fields, when `any_of` is empty
  std::vector<std::vector<PatternPart>> any_of;  // the parts of each object
};

struct Pattern {
  std::vector<PatternField> fields;  // in the order of the text
  std::vector<PatternPart> parts;    // the tree, for explanations; all must hold

  // The same with every $or multiplied out: each is a list of fields that must all hold together, in the order in which
  // they are decided (UTF-16 order of their paths), each path once: what comes later in the text holds.
  std::vector<std::vector<uint32_t>> conjunctions;
};

// The most conjunctions that the $or of one pattern may multiply out to, and the most paths of one conjunction.
inline constexpr size_t kConjunctionsMax = 1000;
inline constexpr size_t kPathsMax = 256;

// Reads a pattern. An error says where it is (path, line and column), what was found and what would be right. Text
// behind the closing brace is ignored, as event-ruler does.
Result<Pattern> parse_pattern(std::string_view text);

}  // namespace kedge
