// The gold standard: what matching means, written for being obviously right and for nothing else. It reads the
// pattern's text itself and shares with the engine only the JSON scanner (which has an oracle of its own).
#pragma once

#include <arpa/inet.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <codecvt>
#include <cstdlib>
#include <cstring>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "event/json_text.h"

namespace kedge::reference {

inline std::string text_of(JsonValue string) {
  std::string text(string.raw_string().size(), '\0');
  text.resize(unescape_json(string.raw_string(), text.data()));
  return text;
}

// A scalar of an event: its path, and for each array around it the element that it stands in.
struct Value {
  std::string path;
  JsonValue json;
  std::map<int, int> elements;  // array → index
};

class Event {
 public:
  explicit Event(JsonValue document) { object(document, "", true, {}); }
  const std::vector<Value>& values() const { return values_; }

 private:
  using Elements = std::map<int, int>;

  void object(JsonValue value, const std::string& path, bool is_top, const Elements& elements) {
    for (const JsonMember member : value.members()) {
      const std::string name = text_of(member.key);
      if (name.empty() && !is_top && path.empty()) continue;
      any(member.value, is_top ? name : path + "." + name, elements);
    }
  }
  void any(JsonValue value, const std::string& path, const Elements& elements) {
    if (value.is_object()) return object(value, path, false, elements);
    if (!value.is_array()) return values_.push_back({path, value, elements});
    const int number = arrays_++;
    int index = 0;
    for (const JsonValue element : value.elements()) {
      Elements inside = elements;
      if (element.is_object() || element.is_array()) inside[number] = index;
      any(element, path, inside);
      ++index;
    }
  }

  std::vector<Value> values_;
  int arrays_ = 0;
};

// Digits and exponent, without zeros at either end: equal for equal numbers.
inline std::string decimal(std::string text) {
  const bool negative = text[0] == '-';
  if (negative) text.erase(0, 1);
  long exponent = 0;
  if (const size_t e = text.find_first_of("eE"); e != std::string::npos) {
    exponent = std::strtol(text.c_str() + e + 1, nullptr, 10);
    text.resize(e);
  }
  if (const size_t point = text.find('.'); point != std::string::npos) {
    exponent -= static_cast<long>(text.size() - point - 1);
    text.erase(point, 1);
  }
  while (!text.empty() && text.back() == '0') {
    text.pop_back();
    ++exponent;
  }
  text.erase(0, text.find_first_not_of('0'));
  if (text.empty()) return "0";
  return (negative ? "-" : "") + text + "e" + std::to_string(exponent);
}

inline std::optional<double> comparable(const std::string& text) {
  const double value = std::strtod(text.c_str(), nullptr);
  if (!std::isfinite(value)) return std::nullopt;
  for (int digits = 0; digits <= 17; ++digits) {
    char shortest[64];
    std::snprintf(shortest, sizeof shortest, "%.*e", digits, value);
    if (std::strtod(shortest, nullptr) != value) continue;
    if (decimal(shortest) != decimal(text)) return std::nullopt;
    return value == 0 ? 0 : value;
  }
  return std::nullopt;
}

// An IPv6 address, or an IPv4 one as its mapped IPv6 address, in its one canonical spelling.
inline std::optional<std::string> address(const std::string& text) {
  unsigned char bytes[16];
  std::string plain = text;
  if (text.find(':') == std::string::npos) {
    std::string part;
    plain = "::ffff:";
    int parts = 1;
    for (const char c : text + ".") {
      if (c == '.') {
        if (part.empty() || part.size() > 12 || std::stoll(part) > 255) return std::nullopt;
        plain += std::to_string(std::stoll(part));
        if (parts++ < 4) plain += '.';
        part.clear();
      } else if (c >= '0' && c <= '9') {
        part += c;
      } else {
        return std::nullopt;
      }
    }
    if (text.size() > 15) return std::nullopt;
  } else if (text.find('.') != std::string::npos) {
    return std::nullopt;
  }
  if (inet_pton(AF_INET6, plain.c_str(), bytes) != 1) return std::nullopt;
  return std::string(reinterpret_cast<char*>(bytes), sizeof bytes);
}

inline size_t character_size(const std::string& text, size_t at) {
  const auto byte = static_cast<unsigned char>(text[at]);
  return std::min<size_t>(byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4, text.size() - at);
}

// A character in upper (lower) case: of ASCII, and of the few others that the tests use.
inline std::string in_case(const std::string& character, bool upper) {
  static const std::map<std::string, std::pair<std::string, std::string>> others = {
      {"é", {"é", "É"}}, {"É", {"é", "É"}}, {"ß", {"ß", "SS"}}, {"ς", {"ς", "Σ"}},  {"Σ", {"σ", "Σ"}},
      {"K", {"k", "K"}}, {"İ", {"i̇", "İ"}}, {"ŉ", {"ŉ", "ʼN"}}, {"😀", {"??", "??"}}};
  const auto found = others.find(character);
  if (found != others.end()) return upper ? found->second.second : found->second.first;
  if (character.size() > 1) return character;
  return {static_cast<char>(upper ? std::toupper(character[0]) : std::tolower(character[0]))};
}

// Every text that a pattern's text stands for when case is ignored.
inline std::vector<std::string> spellings(const std::string& pattern) {
  std::vector<std::string> all = {""};
  for (size_t at = 0; at < pattern.size(); at += character_size(pattern, at)) {
    const std::string character = pattern.substr(at, character_size(pattern, at));
    std::vector<std::string> longer;
    for (const std::string& start : all) {
      longer.push_back(start + in_case(character, false));
      longer.push_back(start + in_case(character, true));
    }
    all = std::move(longer);
  }
  return all;
}

inline bool wildcard_passes(const std::string& pattern, size_t p, const std::string& text, size_t t) {
  if (p == pattern.size()) return t == text.size();
  if (pattern[p] == '*') {
    return wildcard_passes(pattern, p + 1, text, t) || (t < text.size() && wildcard_passes(pattern, p, text, t + 1));
  }
  if (pattern[p] == '\\') ++p;
  return t < text.size() && pattern[p] == text[t] && wildcard_passes(pattern, p + 1, text, t + 1);
}

// Of prefix, suffix, equals-ignore-case and wildcard, with what stands behind them.
inline bool text_passes(const std::string& name, JsonValue given, const std::string& text) {
  if (name == "wildcard") return wildcard_passes(text_of(given), 0, text, 0);
  const bool ignoring_case = name == "equals-ignore-case" || given.is_object();
  const std::string pattern = text_of(given.is_object() ? (*given.members().begin()).value : given);
  for (const std::string& spelling : ignoring_case ? spellings(pattern) : std::vector<std::string>{pattern}) {
    if (name == "prefix"   ? text.starts_with(spelling)
        : name == "suffix" ? text.ends_with(spelling)
                           : text == spelling) {
      return true;
    }
  }
  return false;
}

inline bool in_network(const std::string& network, const std::string& text) {
  const size_t slash = network.find('/');
  const auto first = address(network.substr(0, slash));
  const auto other = address(text);
  if (!other) return false;
  const std::string mapped = std::string(10, '\0') + "\xFF\xFF";
  if (first->starts_with(mapped) != other->starts_with(mapped)) return false;
  const int bits = std::stoi(network.substr(slash + 1)) + (first->starts_with(mapped) ? 96 : 0);
  for (int i = 0; i < bits; ++i) {
    const auto bit = [i](const std::string& bytes) { return bytes[static_cast<size_t>(i) / 8] >> (7 - i % 8) & 1; };
    if (bit(*first) != bit(*other)) return false;
  }
  return true;
}

// Whether an alternative of a pattern (no exists: false) is met by a value.
inline bool passes(JsonValue test, JsonValue value) {
  if (test.is_string()) {
    if (!value.is_string()) return false;
    const auto wanted = address(text_of(test));
    return wanted ? address(text_of(value)) == wanted : text_of(value) == text_of(test);
  }
  if (test.is_number()) {
    if (!value.is_number()) return false;
    const auto wanted = comparable(std::string(test.bytes()));
    if (!wanted) return value.bytes() == test.bytes();
    return comparable(std::string(value.bytes())) == wanted;
  }
  if (!test.is_object()) return test.bytes() == value.bytes();  // true, false, null

  const JsonMember only = *test.members().begin();
  const std::string name = text_of(only.key);
  const JsonValue given = only.value;
  if (name == "exists") return given.is_true();
  if (name == "exactly") return value.is_string() && text_of(value) == text_of(given);
  if (name == "prefix" || name == "suffix" || name == "equals-ignore-case" || name == "wildcard") {
    return value.is_string() && text_passes(name, given, text_of(value));
  }
  if (name == "cidr") return value.is_string() && in_network(text_of(given), text_of(value));
  if (name == "numeric") {
    const auto number = value.is_number() ? comparable(std::string(value.bytes())) : std::nullopt;
    if (!number) return false;
    std::string sign;
    for (const JsonValue term : given.elements()) {
      if (term.is_string()) {
        sign = text_of(term);
        continue;
      }
      const double bound = *comparable(std::string(term.bytes()));
      const bool holds = sign == "="    ? *number == bound
                         : sign == "<"  ? *number < bound
                         : sign == "<=" ? *number <= bound
                         : sign == ">"  ? *number > bound
                                        : *number >= bound;
      if (!holds) return false;
    }
    return true;
  }
  // anything-but: a value, a list of them, or {operator: the same}
  const std::string listed_by = given.is_object() ? text_of((*given.members().begin()).key) : "";
  const JsonValue listed = given.is_object() ? (*given.members().begin()).value : given;
  const auto is_listed = [&](JsonValue one) {
    if (!listed_by.empty()) return value.is_string() && text_passes(listed_by, one, text_of(value));
    if (one.is_string()) return value.is_string() && text_of(value) == text_of(one);
    return value.is_number() && comparable(std::string(value.bytes())) == comparable(std::string(one.bytes()));
  };
  if (!listed.is_array()) return !is_listed(listed);
  for (const JsonValue one : listed.elements()) {
    if (is_listed(one)) return false;
  }
  return true;
}

inline bool is_absence(JsonValue test) {
  return test.is_object() && test.member("exists").present() && test.member("exists").is_false();
}

inline std::u16string utf16(const std::string& text) {
  return std::wstring_convert<std::codecvt_utf8_utf16<char16_t>, char16_t>().from_bytes(text);
}

// Paths in UTF-16 order, each with its list of alternatives.
using Conjunction = std::map<std::u16string, std::pair<std::string, JsonValue>>;

// `so_far`, with all that `pattern` adds to it: more than one where there is a $or.
inline std::vector<Conjunction> expand(JsonValue pattern, const std::string& prefix, std::vector<Conjunction> so_far) {
  for (const JsonMember member : pattern.members()) {
    const std::string name = text_of(member.key);
    if (name == "$or") {
      std::vector<Conjunction> all;
      for (const JsonValue alternative : member.value.elements()) {
        for (Conjunction& one : expand(alternative, prefix, so_far)) all.push_back(std::move(one));
      }
      so_far = std::move(all);
    } else if (member.value.is_object()) {
      so_far = expand(member.value, prefix + name + ".", std::move(so_far));
    } else {
      for (Conjunction& one : so_far) one[utf16(prefix + name)] = {prefix + name, member.value};
    }
  }
  return so_far;
}

inline bool consistent(const Value& value, const std::map<int, int>& chosen) {
  for (const auto& [array, index] : value.elements) {
    const auto found = chosen.find(array);
    if (found != chosen.end() && found->second != index) return false;
  }
  return true;
}

inline bool holds(Conjunction::const_iterator next, Conjunction::const_iterator end, const Event& event,
                  const std::map<int, int>& chosen) {
  if (next == end) return true;
  const auto& [path, alternatives] = next->second;
  for (const JsonValue test : alternatives.elements()) {
    bool is_present = false;
    for (const Value& value : event.values()) {
      if (value.path != path || !consistent(value, chosen)) continue;
      is_present = true;
      if (is_absence(test) || !passes(test, value.json)) continue;
      std::map<int, int> more = chosen;
      more.insert(value.elements.begin(), value.elements.end());
      if (holds(std::next(next), end, event, more)) return true;
    }
    if (is_absence(test) && !is_present && holds(std::next(next), end, event, chosen)) return true;
  }
  return false;
}

// A valid pattern.
class Pattern {
 public:
  explicit Pattern(std::string_view text) {
    scanner_.scan(text, JsonRules::lenient);
    conjunctions_ = expand(scanner_.root(), "", {Conjunction()});
  }

  bool matches(const Event& event) const {
    for (const Conjunction& one : conjunctions_) {
      if (holds(one.begin(), one.end(), event, {})) return true;
    }
    return false;
  }

 private:
  JsonScanner scanner_;
  std::vector<Conjunction> conjunctions_;
};

}  // namespace kedge::reference
