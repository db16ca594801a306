#include "match/test.h"

#include <re2/re2.h>

#include <algorithm>

#include "match/case_forms.h"

namespace kedge {
namespace {

bool passes_one(const EqualsString& test, const FieldValue& value) {
  if (!value.is_string()) return false;
  return test.address ? parse_address(value.text) == test.address : value.text == test.text;
}

bool passes_one(const EqualsNumber& test, const FieldValue& value) {
  if (!value.is_number()) return false;
  return test.value ? value.nearest() == test.value && value.is_comparable() : value.text == test.text;
}

bool passes_one(Word word, const FieldValue& value) {
  switch (word) {
    case Word::true_word:
      return value.kind == FieldValue::Kind::true_word;
    case Word::false_word:
      return value.kind == FieldValue::Kind::false_word;
    case Word::null_word:
      return value.kind == FieldValue::Kind::null_word;
  }
  return false;
}

bool holds(const TextTest& test, std::string_view text) {
  switch (test.relation) {
    case Relation::equals:
      return text == test.text;
    case Relation::starts:
      return text.starts_with(test.text);
    case Relation::ends:
      return text.ends_with(test.text);
    case Relation::equals_ignoring_case:
      return equals_in_any_case(test.text, text);
    case Relation::starts_ignoring_case:
      return starts_in_any_case(test.text, text);
    case Relation::ends_ignoring_case:
      return ends_in_any_case(test.text, text);
  }
  return false;
}

bool passes_one(const TextTest& test, const FieldValue& value) { return value.is_string() && holds(test, value.text); }

bool passes_one(const HasPieces& test, const FieldValue& value) {
  return value.is_string() && matches_pieces(test.pieces, value.text);
}

bool passes_one(const InNetworks& test, const FieldValue& value) {
  const auto address = value.is_string() ? parse_address(value.text) : std::nullopt;
  return address && std::any_of(test.networks.begin(), test.networks.end(),
                                [&address](const Network& network) { return contains(network, *address); });
}

bool passes_one(const InRange& test, const FieldValue& value) {
  const auto nearest = value.is_number() ? value.nearest() : std::nullopt;
  if (!nearest) return false;
  const double number = *nearest;
  const bool is_in = (test.lower_included ? number >= test.lower : number > test.lower) &&
                     (test.upper_included ? number <= test.upper : number < test.upper);
  return is_in && value.is_comparable();
}

bool passes_one(const AnythingBut& test, const FieldValue& value) {
  if (value.is_string()) {
    const std::string_view text = value.text;
    return !std::binary_search(test.strings.begin(), test.strings.end(), text, std::less<>()) &&
           std::none_of(test.texts.begin(), test.texts.end(),
                        [text](const TextTest& one) { return holds(one, text); }) &&
           std::none_of(test.wildcards.begin(), test.wildcards.end(),
                        [text](const Pieces& pieces) { return matches_pieces(pieces, text); });
  }
  if (!value.is_number() || test.numbers.empty()) return true;
  const auto nearest = value.nearest();
  return !nearest || !std::binary_search(test.numbers.begin(), test.numbers.end(), *nearest) || !value.is_comparable();
}

bool passes_one(const HasExpression& test, const FieldValue& value) {
  return value.is_string() &&
         re2::RE2::PartialMatch(re2::StringPiece(value.text.data(), value.text.size()), *test.expression);
}

bool passes_one(Exists test, const FieldValue&) { return test.wanted; }

bool stands(double one, std::string_view sign, double other) {
  if (sign == "=") return one == other;
  return sign[0] == '<' ? one < other || (sign.size() == 2 && one == other)
                        : one > other || (sign.size() == 2 && one == other);
}

bool passes_compared(const Compared& test, const FieldValue& value, const Fields& fields) {
  if (!value.is_number() || !value.is_comparable()) return false;
  const auto places = fields.values_of(test.path_number);
  for (auto at = places.begin(); at != places.end() && !fields.compared_too_often();) {
    if (const uint32_t behind = fields.end_of_conflict(value, *at); behind > 0) {
      at = std::lower_bound(at, places.end(), behind);
      continue;
    }
    const FieldValue& other = fields.values()[*at];
    if (other.is_number() && other.is_comparable() && stands(value.number.value, test.sign, other.number.value)) {
      return true;
    }
    ++at;
  }
  return false;
}

}  // namespace

bool passes(const Test& test, const FieldValue& value, const Fields& fields) {
  if (const auto* compared = std::get_if<Compared>(&test)) return passes_compared(*compared, value, fields);
  return std::visit(
      [&value](const auto& one) {
        if constexpr (std::is_same_v<std::decay_t<decltype(one)>, Compared>)
          return false;
        else
          return passes_one(one, value);
      },
      test);
}

}  // namespace kedge
