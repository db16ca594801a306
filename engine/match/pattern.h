// Pattern: what a rule wants of an event, in the EventBridge event-pattern grammar, as its author wrote it.
//
//   {"source": ["aws.s3"], "detail": {"eventName": [{"prefix": "Put"}], "errorCode": [{"exists": false}]}}
//
// An object goes one step deeper; an array lists the alternatives of one field. All fields must hold, one alternative
// of each. `$or` stands for its list of objects, of which one must hold with all that surrounds it. The meaning is
// event-ruler's, where it and other implementations differ: matcher.h says it in full.
//
// Alternatives: a string, number, true, false or null, or an object with one operator:
//
//   {"exactly": s}                         a string, without taking it for an address
//   {"prefix": s}, {"suffix": s}           or {"prefix": {"equals-ignore-case": s}}, and suffix alike
//   {"equals-ignore-case": s}              case_forms.h says which texts are equal
//   {"wildcard": s}                        `*` is any run of bytes; \* and \\ are the characters themselves
//   {"numeric": [">", 0, "<=", 5]}         or ["=", n], or one bound
//   {"cidr": "10.0.0.0/8"}                 IPv4 or IPv6; one family never holds the other
//   {"exists": b}
//   {"anything-but": x}                    x a string, a number, a list of either, or {"prefix": s or [s…]}, and
//   suffix,
//                                          equals-ignore-case and wildcard alike
//
// Beyond that grammar, where PatternExtras are given:
//
//   {"regex": s}                           RE2's syntax, found anywhere in a string
//   {"cidr": ["10.0.0.0/8", …]}            any of them
//   {"cidr": {"file": name}}               any of those in a file: one a line, # begins a comment
//   {"numeric": [">", {"field": path}]}    some number that the event has at another path
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "match/address.h"
#include "match/wildcard.h"

namespace re2 {
class RE2;
}

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

// How a string of an event stands to a text of the pattern.
enum class Relation { equals, starts, ends, equals_ignoring_case, starts_ignoring_case, ends_ignoring_case };

struct TextTest {
  Relation relation;
  std::string text;

  auto operator<=>(const TextTest&) const = default;
};

// A wildcard that has pieces on more than one side of a star; simpler ones are a TextTest.
struct HasPieces {
  Pieces pieces;
};

struct InRange {
  double lower;
  double upper;
  bool lower_included;
  bool upper_included;
};

// An address in one of these networks; there is at least one.
struct InNetworks {
  std::vector<Network> networks;
};

// Any value but these, of whatever type. One of the lists has elements.
struct AnythingBut {
  std::vector<std::string> strings;  // sorted
  std::vector<double> numbers;       // sorted
  std::vector<TextTest> texts;
  std::vector<Pieces> wildcards;
};

// Whether the field has a value. {}, [] and objects are none; null is one.
struct Exists {
  bool wanted;
};

// A string in which the expression is found.
struct HasExpression {
  std::string text;
  std::shared_ptr<const re2::RE2> expression;
};

// A number that stands so to some number at another path, in no other element of an array that both stand in.
struct Compared {
  std::string sign;  // = < <= > >=
  std::string path;
  uint32_t path_number = 0;  // in the PathTree of whoever asks
};

using Test = std::variant<EqualsString, EqualsNumber, Word, TextTest, HasPieces, InRange, InNetworks, AnythingBut,
                          Exists, HasExpression, Compared>;

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

// Limits. What a pattern is compiled to grows with its text and with what its $or multiply out to, and with nothing
// else: a pattern within these limits is compiled within 150 MB and two seconds, one that has none of them in sight
// within microseconds. For an event a pattern costs at most a search of each value for each of its wildcards and
// expressions.
inline constexpr size_t kPatternBytesMax = 1U << 20U;
inline constexpr size_t kConjunctionsMax = 1000;           // that the $or of one pattern may multiply out to
inline constexpr size_t kPathsMax = 256;                   // of one conjunction
inline constexpr size_t kConjunctionPathsMax = 100'000;    // of all conjunctions together
inline constexpr size_t kAlternativesMax = 250'000;        // likewise, each network of a list counted
inline constexpr size_t kSearchesMax = 1000;               // wildcards with a star inside or two, and expressions
inline constexpr size_t kExpressionBytesMax = 64U << 10U;  // of the program of one regular expression

// What goes beyond the grammar of event patterns; see above.
struct PatternExtras {
  // The text of a file of networks; none: there are no such files.
  std::function<Result<std::string>(const std::string& name)> read_file;
};

// The pattern without what it excludes: without the fields that only say what must not be there (exists: false,
// anything-but). An event that matches this one alone is nearly what the pattern looks for. None: it excludes nothing,
// or nothing else is left of it. It is for a matcher; its tree stays as it was.
std::optional<Pattern> without_exclusions(const Pattern&);

// Reads a pattern. An error says where it is (path, line and column), what was found and what would be right. Text
// behind the closing brace is ignored, as event-ruler does.
Result<Pattern> parse_pattern(std::string_view text, const PatternExtras* extras = nullptr);

}  // namespace kedge
