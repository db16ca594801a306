#include "match/test.h"

#include <algorithm>

namespace kedge {
namespace {

bool passes_one(const EqualsString& test, const FieldValue& value) {
  if (!value.is_string()) return false;
  return test.address ? parse_address(value.text) == test.address : value.text == test.text;
}

bool passes_one(const EqualsNumber& test, const FieldValue& value) {
  if (!value.is_number()) return false;
  return test.value ? value.number == test.value : value.text == test.text;
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

bool passes_one(const HasPrefix& test, const FieldValue& value) {
  return value.is_string() && value.text.starts_with(test.prefix);
}

bool passes_one(const InRange& test, const FieldValue& value) {
  if (!value.number) return false;
  const double number = *value.number;
  return (test.lower_included ? number >= test.lower : number > test.lower) &&
         (test.upper_included ? number <= test.upper : number < test.upper);
}

bool passes_one(const AnythingBut& test, const FieldValue& value) {
  if (value.is_string()) {
    const auto starts = [&value](const std::string& prefix) { return value.text.starts_with(prefix); };
    return !std::binary_search(test.strings.begin(), test.strings.end(), value.text, std::less<>()) &&
           std::none_of(test.prefixes.begin(), test.prefixes.end(), starts);
  }
  return !value.number || !std::binary_search(test.numbers.begin(), test.numbers.end(), *value.number);
}

bool passes_one(Exists test, const FieldValue&) { return test.wanted; }

}  // namespace

bool passes(const Test& test, const FieldValue& value) {
  return std::visit([&value](const auto& one) { return passes_one(one, value); }, test);
}

}  // namespace kedge
