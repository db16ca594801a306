#include "match/conjunctions.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

namespace kedge {
namespace {

// By UTF-16 units, as Java sorts: bytes, but that what lies beyond U+FFFF comes before U+E000 to U+FFFF.
bool utf16_less(std::string_view a, std::string_view b) {
  const auto [x, y] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  if (x == a.end() || y == b.end()) return x == a.end() && y != b.end();
  const auto left = static_cast<unsigned char>(*x);
  const auto right = static_cast<unsigned char>(*y);
  if (left >= 0xEE && right >= 0xEE && (left >= 0xF0) != (right >= 0xF0)) return left >= 0xF0;
  return left < right;
}

// A conjunction under construction: its paths, each with its field.
using Choice = std::map<std::string_view, uint32_t, decltype(&utf16_less)>;
using Parts = std::vector<PatternPart>;

Error too_far() {
  return {ErrorCode::limit,
          fmt::format("the $or of this pattern multiply out to more than {} combinations, {} paths in all or {} "
                      "alternatives in all: divide it into several patterns",
                      kConjunctionsMax, kConjunctionPathsMax, kAlternativesMax)};
}

// A list of networks has a key for each.
size_t alternatives_of(const PatternField& field) {
  size_t count = field.alternatives.size();
  for (const Test& test : field.alternatives) {
    if (const auto* list = std::get_if<InNetworks>(&test)) count += list->networks.size() - 1;
  }
  return count;
}

// `copied`: paths copied so far.
Result<void> extend(std::vector<Choice>& choices, const Parts& parts, const Pattern& pattern, size_t& copied) {
  for (const PatternPart& part : parts) {
    if (part.any_of.empty()) {
      for (Choice& choice : choices) choice.insert_or_assign(pattern.fields[part.field].path, part.field);
      continue;
    }
    std::vector<Choice> extended;
    for (const Parts& alternative : part.any_of) {
      for (const Choice& choice : choices) copied += choice.size() + 1;
      if (copied > 4 * kConjunctionPathsMax) return too_far();
      std::vector<Choice> copies = choices;
      if (auto done = extend(copies, alternative, pattern, copied); !done) return done;
      if (extended.size() + copies.size() > kConjunctionsMax) return too_far();
      std::move(copies.begin(), copies.end(), std::back_inserter(extended));
    }
    choices = std::move(extended);
  }
  return {};
}

}  // namespace

Result<void> multiply_out(Pattern& pattern) {
  std::vector<Choice> choices = {Choice(&utf16_less)};
  size_t copied = 0;
  if (auto done = extend(choices, pattern.parts, pattern, copied); !done) return done;
  std::vector<size_t> alternatives_by_field;
  for (const PatternField& field : pattern.fields) alternatives_by_field.push_back(alternatives_of(field));
  size_t paths = 0;
  size_t alternatives = 0;
  for (const Choice& choice : choices) {
    std::vector<uint32_t> conjunction;
    for (const auto& [path, field] : choice) {
      conjunction.push_back(field);
      alternatives += alternatives_by_field[field];
    }
    if (conjunction.size() > kPathsMax) {
      return Error{ErrorCode::limit, fmt::format("{} paths in one pattern: at most {}; divide it into several patterns",
                                                 conjunction.size(), kPathsMax)};
    }
    paths += conjunction.size();
    if (alternatives > kAlternativesMax) return too_far();
    pattern.conjunctions.push_back(std::move(conjunction));
  }
  return paths > kConjunctionPathsMax ? Result<void>(too_far()) : Result<void>();
}

}  // namespace kedge
