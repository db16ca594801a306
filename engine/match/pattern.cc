// Reads a pattern's text. A scanned document is walked top down; `Parser` remembers where it is, for errors.
#include "match/pattern.h"

#include <fmt/format.h>

#include <re2/re2.h>
#include <algorithm>
#include <limits>
#include <utility>

#include "base/nearest.h"
#include "event/json_text.h"
#include "match/conjunctions.h"
#include "match/number.h"

namespace kedge {
namespace {

constexpr std::string_view kOperators =
    "anything-but, cidr, equals-ignore-case, exactly, exists, numeric, prefix, suffix, wildcard";

// Names that may not be fields inside a $or: they would be operators that somebody forgot to put into a list. The list
// is event-ruler's.
constexpr std::string_view kReserved[] = {"exactly",
                                          "prefix",
                                          "suffix",
                                          "equals-ignore-case",
                                          "wildcard",
                                          "numeric",
                                          "cidr",
                                          "exists",
                                          "anything-but",
                                          "=",
                                          "<",
                                          "<=",
                                          ">",
                                          ">=",
                                          "regex",
                                          "not-wildcard",
                                          "not-equals-ignore-case",
                                          "date-after",
                                          "date-on-or-after",
                                          "date-before",
                                          "date-on-or-before",
                                          "in-date-range",
                                          "ip-address-in-range",
                                          "ip-address-not-in-range"};

std::string string_of(JsonValue value) {
  std::string text(value.raw_string().size(), '\0');
  text.resize(unescape_json(value.raw_string(), text.data()));
  return text;
}

class Parser {
 public:
  explicit Parser(const PatternExtras* extras) : extras_(extras) {}

  Result<Pattern> parse(std::string_view text) {
    text_ = text;
    if (text.size() > kPatternBytesMax) {
      return Error{ErrorCode::limit, fmt::format("a pattern of {} bytes: at most {}; divide it into several patterns",
                                                 text.size(), kPatternBytesMax)};
    }
    if (const JsonError* error = scanner_.scan(text, JsonRules::lenient)) {
      const std::string_view rest = text.substr(error->offset);
      const std::string found = rest.empty() ? "the end" : shortened(rest.substr(0, rest.find('\n')), 20);
      return refuse(error->offset, "the pattern is not JSON: " + found, error->expected);
    }
    const JsonValue root = scanner_.root();
    if (!root.is_object()) return refuse(root, "an object of fields");
    auto parts = read_object(root);
    if (!parts) return parts.error();
    pattern_.parts = std::move(*parts);
    if (auto done = multiply_out(pattern_); !done) return done.error();
    return std::move(pattern_);
  }

 private:
  using Parts = std::vector<PatternPart>;

  Error refuse(size_t offset, std::string_view found, std::string_view expected) const {
    const std::string_view before = text_.substr(0, offset);
    const auto line = std::count(before.begin(), before.end(), '\n') + 1;
    const size_t column = offset - (before.rfind('\n') + 1) + 1;
    return {ErrorCode::invalid, fmt::format("{}line {}, column {}: {}: expected {}", path_.empty() ? "" : path_ + ": ",
                                            line, column, found, expected)};
  }
  Error refuse(JsonValue value, std::string_view expected) const {
    const std::string_view bytes = value.bytes();
    return refuse(value.offset(), shortened(bytes, 100), expected);
  }

  static std::string shortened(std::string_view text, size_t size_max) {
    if (text.size() <= size_max) return std::string(text);
    // Not within a character.
    while (size_max > 0 && (static_cast<unsigned char>(text[size_max]) & 0xC0U) == 0x80) --size_max;
    return std::string(text.substr(0, size_max)) + "…";
  }

  // To be called for each that there is.
  Result<void> count_search(JsonValue value) {
    if (++searches_ <= kSearchesMax) return {};
    return refuse(value, fmt::format("at most {} wildcards with stars that are not at one end only, and regular "
                                     "expressions: divide this into several patterns",
                                     kSearchesMax));
  }

  Result<Parts> read_object(JsonValue object) {
    Parts parts;
    for (const JsonMember member : object.members()) {
      const std::string name = string_of(member.key);
      const size_t path_size = path_.size();
      if (name == "$or") {
        auto part = read_or(member.value);
        if (!part) return part.error();
        parts.push_back(std::move(*part));
        continue;
      }
      path_ += (has_path_ ? "." : "") + name;
      const bool had_path = std::exchange(has_path_, true);
      if (depth_of_or_ > 0 && std::find(std::begin(kReserved), std::end(kReserved), name) != std::end(kReserved)) {
        return refuse(member.key,
                      "the name of a field: this one is an operator's, and may not stand here inside a $or");
      }
      if (member.value.is_object()) {
        auto inner = read_object(member.value);
        if (!inner) return inner.error();
        for (PatternPart& part : *inner) parts.push_back(std::move(part));
      } else {
        auto field = read_field(member.value);
        if (!field) return field.error();
        parts.push_back({static_cast<uint32_t>(pattern_.fields.size()), {}});
        pattern_.fields.push_back(std::move(*field));
      }
      path_.resize(path_size);
      has_path_ = had_path;
    }
    if (parts.empty()) return refuse(object, "at least one field");
    return parts;
  }

  Result<PatternPart> read_or(JsonValue list) {
    constexpr std::string_view kExpected = "behind $or a list of at least two objects";
    if (!list.is_array()) return refuse(list, kExpected);
    PatternPart part;
    ++depth_of_or_;
    for (const JsonValue element : list.elements()) {
      if (!element.is_object()) return refuse(element, kExpected);
      auto parts = read_object(element);
      if (!parts) return parts.error();
      part.any_of.push_back(std::move(*parts));
    }
    --depth_of_or_;
    if (part.any_of.size() < 2) return refuse(list, kExpected);
    return part;
  }

  Result<PatternField> read_field(JsonValue list) {
    if (!list.is_array()) return refuse(list, "an object (to go deeper) or a list of alternatives");
    PatternField field{path_, {}, {}};
    for (const JsonValue element : list.elements()) {
      auto test = read_test(element);
      if (!test) return test.error();
      field.alternatives.push_back(std::move(*test));
      field.written.emplace_back(element.bytes());
    }
    if (field.alternatives.empty()) return refuse(list, "at least one alternative");
    return field;
  }

  Result<Test> read_test(JsonValue value) {
    if (value.is_string()) {
      std::string text = string_of(value);
      const auto address = parse_address(text);
      return Test(EqualsString{std::move(text), address});
    }
    if (value.is_number()) return Test(EqualsNumber{std::string(value.bytes()), comparable_number(value.bytes())});
    if (value.is_true()) return Test(Word::true_word);
    if (value.is_false()) return Test(Word::false_word);
    if (value.is_null()) return Test(Word::null_word);
    if (!value.is_object()) return refuse(value, "a string, number, true, false, null or {operator: …}");
    const auto member = only_member(value, fmt::format("one of {}", kOperators));
    if (!member) return member.error();
    const std::string name = string_of(member->key);
    const JsonValue given = member->value;
    if (name == "exactly") return read_text(given, Relation::equals, name);
    if (name == "prefix") return read_prefix(given, name, Relation::starts, Relation::starts_ignoring_case);
    if (name == "suffix") return read_prefix(given, name, Relation::ends, Relation::ends_ignoring_case);
    if (name == "equals-ignore-case") return read_text(given, Relation::equals_ignoring_case, name);
    if (name == "wildcard") return read_wildcard(given);
    if (name == "exists") return read_exists(given);
    if (name == "numeric") return read_numeric(given);
    if (name == "cidr") return read_cidr(given);
    if (name == "anything-but") return read_anything_but(given);
    if (extras_ != nullptr && name == "regex") return read_regex(given);
    return refuse_operator(*member, name);
  }

  Error refuse_operator(const JsonMember& member, const std::string& name) const {
    std::vector<std::string_view> known = {"regex"};
    if (extras_ == nullptr) known.clear();
    for (std::string_view rest = kOperators; !rest.empty();) {
      known.push_back(rest.substr(0, rest.find(", ")));
      rest.remove_prefix(std::min(known.back().size() + 2, rest.size()));
    }
    return refuse(member.key, fmt::format("one of the operators {}{}{}", kOperators, extras_ ? ", regex" : "",
                                          did_you_mean(name, known)));
  }

  Result<JsonMember> only_member(JsonValue object, std::string_view expected) {
    std::optional<JsonMember> only;
    for (const JsonMember member : object.members()) {
      if (only) return refuse(member.key, fmt::format("one operator only, here \"{}\"", only->key.raw_string()));
      only = member;
    }
    if (!only) return refuse(object, expected);
    return *only;
  }

  Result<Test> read_text(JsonValue value, Relation relation, std::string_view name) {
    if (!value.is_string()) return refuse(value, fmt::format("a string behind {}", name));
    return Test(TextTest{relation, string_of(value)});
  }

  Result<Test> read_prefix(JsonValue value, std::string_view name, Relation relation, Relation ignoring_case) {
    const std::string expected = fmt::format(R"(a string behind {}, or {{"equals-ignore-case": a string}})", name);
    if (value.is_string()) return Test(TextTest{relation, string_of(value)});
    if (!value.is_object()) return refuse(value, expected);
    const auto member = only_member(value, expected);
    if (!member) return member.error();
    if (string_of(member->key) != "equals-ignore-case") return refuse(member->key, expected);
    return read_text(member->value, ignoring_case, "equals-ignore-case");
  }

  Result<Pieces> read_pieces(JsonValue value) {
    if (!value.is_string()) return refuse(value, "a string behind wildcard");
    auto pieces = parse_wildcard(string_of(value));
    if (!pieces) return refuse(value, pieces.error().message);
    return pieces;
  }

  Result<Test> read_wildcard(JsonValue value) {
    auto pieces = read_pieces(value);
    if (!pieces) return pieces.error();
    if (auto simple = simple_form(*pieces)) return Test(*std::move(simple));
    if (auto done = count_search(value); !done) return done.error();
    return Test(HasPieces{*std::move(pieces)});
  }

  // Of a wildcard without a star, or with one at an end.
  static std::optional<TextTest> simple_form(const Pieces& pieces) {
    if (pieces.size() == 1) return TextTest{Relation::equals, pieces[0]};
    if (pieces.size() == 2 && pieces[1].empty()) return TextTest{Relation::starts, pieces[0]};
    if (pieces.size() == 2 && pieces[0].empty()) return TextTest{Relation::ends, pieces[1]};
    return std::nullopt;
  }

  Result<Test> read_cidr(JsonValue value) {
    InNetworks test;
    const auto add = [&](JsonValue place, std::string_view text) -> Result<void> {
      const auto network = parse_network(text);
      if (!network) return refuse(place, network.error().message);
      test.networks.push_back(*network);
      return {};
    };
    if (value.is_string()) {
      if (auto done = add(value, string_of(value)); !done) return done.error();
      return Test(std::move(test));
    }
    if (extras_ == nullptr) return refuse(value, R"(a string behind cidr, as in "10.0.0.0/8")");
    if (value.is_object()) return read_network_file(value);
    if (!value.is_array()) return refuse(value, R"(a network, a list of them or {"file": name} behind cidr)");
    for (const JsonValue element : value.elements()) {
      if (!element.is_string()) return refuse(element, R"(networks only, as in "10.0.0.0/8")");
      if (auto done = add(element, string_of(element)); !done) return done.error();
    }
    if (test.networks.empty()) return refuse(value, "at least one network");
    return Test(std::move(test));
  }

  Result<Test> read_network_file(JsonValue value) {
    const auto member = only_member(value, R"({"file": name})");
    if (!member) return member.error();
    if (string_of(member->key) != "file" || !member->value.is_string()) return refuse(value, R"({"file": name})");
    if (!extras_->read_file) return refuse(value, "networks in the pattern: there are no files here");
    const auto text = extras_->read_file(string_of(member->value));
    if (!text) return refuse(value, fmt::format("a file that can be read ({})", text.error().message));
    InNetworks test;
    std::string_view rest = *text;
    for (size_t number = 1; !rest.empty(); ++number) {
      std::string_view line = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(line.size() + 1, rest.size()));
      line = line.substr(0, line.find('#'));
      const size_t begin = line.find_first_not_of(" \t\r");
      if (begin == std::string_view::npos) continue;
      line = line.substr(begin, line.find_last_not_of(" \t\r") + 1 - begin);
      const auto network = parse_network(line);
      if (!network) {
        return refuse(value,
                      fmt::format("in line {} of that file, instead of {}: {}", number, line, network.error().message));
      }
      test.networks.push_back(*network);
    }
    if (test.networks.empty()) return refuse(value, "a file with at least one network");
    return Test(std::move(test));
  }

  Result<Test> read_regex(JsonValue value) {
    if (!value.is_string()) return refuse(value, "a string behind regex");
    if (auto done = count_search(value); !done) return done.error();
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(kExpressionBytesMax);
    std::string text = string_of(value);
    auto expression = std::make_shared<const re2::RE2>(text, options);
    if (!expression->ok()) return refuse(value, "an expression that RE2 takes (" + expression->error() + ")");
    return Test(HasExpression{std::move(text), std::move(expression)});
  }

  Result<Test> read_exists(JsonValue value) {
    if (!value.is_true() && !value.is_false()) return refuse(value, "true or false behind exists");
    return Test(Exists{value.is_true()});
  }

  // ["=", n], one bound, or a lower and then an upper one.
  Result<Test> read_numeric(JsonValue value) {
    constexpr std::string_view kExpected =
        "[\"=\", n], or one or two of \">\" \">=\" \"<\" \"<=\" each with its number, the lower first";
    if (!value.is_array()) return refuse(value, kExpected);
    InRange range{-std::numeric_limits<double>::infinity(), std::numeric_limits<double>::infinity(), true, true};
    std::vector<JsonValue> terms;
    for (const JsonValue element : value.elements()) terms.push_back(element);
    if (terms.size() != 2 && terms.size() != 4) return refuse(value, kExpected);
    for (size_t i = 0; i < terms.size(); i += 2) {
      if (!terms[i].is_string()) return refuse(terms[i], kExpected);
      const std::string sign = string_of(terms[i]);
      if (extras_ != nullptr && terms.size() == 2 && terms[i + 1].is_object()) return read_compared(sign, terms[1]);
      const auto bound = read_number(terms[i + 1], "a number behind " + sign);
      if (!bound) return bound.error();
      const bool lower = sign == ">" || sign == ">=";
      const bool upper = sign == "<" || sign == "<=";
      if (sign == "=" && terms.size() == 2) return Test(InRange{*bound, *bound, true, true});
      if (!(lower && i == 0) && !(upper && (i == 2 || terms.size() == 2))) return refuse(terms[i], kExpected);
      (lower ? range.lower : range.upper) = *bound;
      (lower ? range.lower_included : range.upper_included) = sign.size() == 2;
    }
    if (!(range.lower < range.upper)) return refuse(value, "a lower bound that is less than the upper one");
    return Test(range);
  }

  Result<Test> read_compared(const std::string& sign, JsonValue value) {
    constexpr std::string_view kExpected = R"({"field": path}, as in {"field": "detail.limit"})";
    const auto member = only_member(value, kExpected);
    if (!member) return member.error();
    if (string_of(member->key) != "field" || !member->value.is_string()) return refuse(value, kExpected);
    if (sign != "=" && sign != "<" && sign != "<=" && sign != ">" && sign != ">=") {
      return refuse(value, R"(one of "=" "<" "<=" ">" ">=" before a field)");
    }
    return Test(Compared{sign, string_of(member->value)});
  }

  Result<double> read_number(JsonValue value, std::string_view expected) {
    if (!value.is_number()) return refuse(value, expected);
    const auto number = comparable_number(value.bytes());
    if (!number)
      return refuse(value, "a number that a double holds exactly as written (at most 17 digits, below 1.8e308)");
    return *number;
  }

  Result<Test> read_anything_but(JsonValue value) {
    AnythingBut test;
    if (value.is_object()) {
      if (auto done = read_anything_but_operator(value, test); !done) return done.error();
    } else if (value.is_number() || (value.is_array() && is_list_of_numbers(value))) {
      if (auto done = read_numbers(value, test.numbers); !done) return done.error();
    } else if (auto done = read_strings(value, test.strings); !done) {
      return done.error();
    }
    return Test(std::move(test));
  }

  Result<void> read_anything_but_operator(JsonValue value, AnythingBut& test) {
    constexpr std::string_view kExpected =
        "behind anything-but a string, a number, a list of either, or {\"prefix\": …}, and suffix, equals-ignore-case "
        "and wildcard alike";
    const auto member = only_member(value, kExpected);
    if (!member) return member.error();
    const std::string name = string_of(member->key);
    if (name == "wildcard") return read_wildcards(member->value, test);
    const auto relation = name == "prefix"               ? std::optional(Relation::starts)
                          : name == "suffix"             ? std::optional(Relation::ends)
                          : name == "equals-ignore-case" ? std::optional(Relation::equals_ignoring_case)
                                                         : std::nullopt;
    if (!relation) return refuse(member->key, kExpected);
    std::vector<std::string> texts;
    if (auto done = read_strings(member->value, texts); !done) return done.error();
    for (std::string& text : texts) {
      if (text.empty() && *relation != Relation::equals_ignoring_case) {
        return refuse(member->value, fmt::format("a {} that is not empty: nothing could match", name));
      }
      test.texts.push_back({*relation, std::move(text)});
    }
    return {};
  }

  Result<void> read_wildcards(JsonValue value, AnythingBut& test) {
    const auto add = [&](JsonValue one) -> Result<void> {
      auto pieces = read_pieces(one);
      if (!pieces) return pieces.error();
      if (auto simple = simple_form(*pieces)) {
        test.texts.push_back(*std::move(simple));
        return {};
      }
      test.wildcards.push_back(*std::move(pieces));
      return count_search(one);
    };
    if (!value.is_array()) return add(value);
    for (const JsonValue element : value.elements()) {
      if (auto done = add(element); !done) return done;
    }
    if (test.texts.empty() && test.wildcards.empty()) return refuse(value, "at least one wildcard");
    return {};
  }

  static bool is_list_of_numbers(JsonValue list) {
    for (const JsonValue element : list.elements()) return element.is_number();
    return false;
  }

  // Sorted, as AnythingBut wants them.
  Result<void> read_strings(JsonValue value, std::vector<std::string>& strings) {
    constexpr std::string_view kExpected =
        "a string, or a list of strings only (or, behind anything-but, of numbers only)";
    if (value.is_string()) {
      strings.push_back(string_of(value));
      return {};
    }
    if (!value.is_array()) return refuse(value, kExpected);
    for (const JsonValue element : value.elements()) {
      if (!element.is_string()) return refuse(element, kExpected);
      strings.push_back(string_of(element));
    }
    if (strings.empty()) return refuse(value, kExpected);
    std::sort(strings.begin(), strings.end());
    return {};
  }

  Result<void> read_numbers(JsonValue value, std::vector<double>& numbers) {
    const auto add = [&](JsonValue element) -> Result<void> {
      const auto number = read_number(element, "numbers only, or strings only");
      if (!number) return number.error();
      numbers.push_back(*number);
      return {};
    };
    if (value.is_number()) return add(value);
    for (const JsonValue element : value.elements()) {
      if (auto done = add(element); !done) return done;
    }
    std::sort(numbers.begin(), numbers.end());
    return {};
  }

  const PatternExtras* const extras_;
  std::string_view text_;
  JsonScanner scanner_;
  Pattern pattern_;
  std::string path_;       // of the place being read
  bool has_path_ = false;  // false at the top, where path_ is empty for want of names
  int depth_of_or_ = 0;
  size_t searches_ = 0;
};

}  // namespace

std::optional<Pattern> without_exclusions(const Pattern& pattern) {
  const auto excludes = [&](uint32_t field) {
    const std::vector<Test>& tests = pattern.fields[field].alternatives;
    return std::all_of(tests.begin(), tests.end(), [](const Test& test) {
      const auto* exists = std::get_if<Exists>(&test);
      return (exists != nullptr && !exists->wanted) || std::holds_alternative<AnythingBut>(test);
    });
  };
  Pattern wider = pattern;
  bool any = false;
  for (std::vector<uint32_t>& conjunction : wider.conjunctions) {
    any = std::erase_if(conjunction, excludes) > 0 || any;
  }
  std::erase_if(wider.conjunctions, [](const auto& conjunction) { return conjunction.empty(); });
  if (!any || wider.conjunctions.empty()) return std::nullopt;
  return wider;
}

Result<Pattern> parse_pattern(std::string_view text, const PatternExtras* extras) { return Parser(extras).parse(text); }

}  // namespace kedge
