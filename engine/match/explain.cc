// The verdict is the matcher's. The tree is evaluated field by field beside it; where every field holds by itself and
// the whole does not, it is the arrays: the values stand in different elements.
#include "match/explain.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "match/matcher.h"
#include "match/state.h"
#include "match/test.h"

namespace kedge {
namespace {

constexpr size_t kValuesShown = 5;
constexpr size_t kBytesShown = 100;

std::string quoted(const FieldValue& value) {
  const std::string_view text = utf8_prefix(value.text, kBytesShown);
  const std::string_view rest = text.size() < value.text.size() ? "…" : "";
  return value.is_string() ? fmt::format("\"{}{}\"", text, rest) : fmt::format("{}{}", text, rest);
}

class Explainer {
 public:
  explicit Explainer(const Pattern& pattern) : pattern_(pattern) {
    for (PatternField& field : pattern_.fields) {
      paths_.push_back(tree_.add(field.path));
      for (Test& test : field.alternatives) {
        if (auto* compared = std::get_if<Compared>(&test)) {
          compared->path_number = tree_.add(compared->path);
        }
      }
    }
  }

  const PathTree& tree() const { return tree_; }
  Fields& fields() { return fields_; }

  Explanation explain(bool matches) {
    Explanation whole = group(pattern_.parts, "the pattern: all of");
    if (whole.holds && !matches) {
      whole.found = pattern_.conjunctions.size() > 1 || !fields_.has_elements()
                        ? "each clause holds by itself, but no choice of the alternatives holds together"
                        : "each clause holds by itself, but the values stand in different elements of an array";
    }
    if (!whole.holds && matches) whole.found = "where a path is given twice, the later one in the text holds";
    whole.holds = matches;
    return whole;
  }

 private:
  Explanation group(const std::vector<PatternPart>& parts, std::string clause) {
    Explanation all{true, std::move(clause), {}, {}};
    for (const PatternPart& part : parts) {
      all.parts.push_back(part.any_of.empty() ? field(part.field) : any(part.any_of));
      all.holds = all.parts.back().holds;
      if (!all.holds) break;
    }
    return all;
  }

  Explanation any(const std::vector<std::vector<PatternPart>>& alternatives) {
    Explanation one{false, "$or: one of", {}, {}};
    for (const auto& parts : alternatives) {
      one.parts.push_back(group(parts, "all of"));
      one.holds = one.holds || one.parts.back().holds;
    }
    return one;
  }

  Explanation field(uint32_t number) {
    const PatternField& field = pattern_.fields[number];
    const auto places = fields_.values_of(paths_[number]);
    Explanation clause{
        false,
        fmt::format("{}: {}{}", field.path, field.written.size() > 1 ? "one of " : "", fmt::join(field.written, ", ")),
        places.empty() ? "nothing" : "",
        {}};
    for (size_t i = 0; i < places.size(); ++i) {
      const FieldValue& value = fields_.values()[places[i]];
      for (const Test& test : field.alternatives) clause.holds = clause.holds || passes(test, value, fields_);
      if (i < kValuesShown) clause.found += (i > 0 ? ", " : "") + quoted(value);
    }
    if (places.size() > kValuesShown) clause.found += fmt::format(", and {} more", places.size() - kValuesShown);
    const bool may_be_absent = places.empty() || fields_.has_elements();
    clause.holds = clause.holds ||
                   (may_be_absent && std::any_of(field.alternatives.begin(), field.alternatives.end(), wants_absence));
    return clause;
  }

  Pattern pattern_;
  PathTree tree_;
  std::vector<uint32_t> paths_;
  Fields fields_;
};

Matcher matcher_of(const Pattern& pattern) {
  Matcher::Builder builder;
  builder.add(0, pattern);
  return std::move(builder).build();
}

void write(const Explanation& explanation, size_t depth, std::string& out) {
  out += fmt::format("{} {}{}", explanation.holds ? "yes" : "no ", std::string(2 * depth, ' '), explanation.clause);
  if (!explanation.found.empty()) {
    out += explanation.parts.empty() ? "; found " : "; ";
    out += explanation.found;
  }
  out += '\n';
  for (const Explanation& part : explanation.parts) write(part, depth + 1, out);
}

}  // namespace

Result<Explanation> explain(const Pattern& pattern, const Event& event) {
  MatchScratch scratch;
  std::vector<uint32_t> matched;
  if (auto done = matcher_of(pattern).match(event, scratch, matched); !done) return done.error();
  JsonScanner detail;
  JsonScanner resources;
  detail.scan(event.detail);
  resources.scan(event.resources);
  Explainer explainer(pattern);
  explainer.fields().collect(explainer.tree(), event, detail.root(), resources.root());
  return explainer.explain(!matched.empty());
}

Result<Explanation> explain_document(const Pattern& pattern, std::string_view document) {
  MatchScratch scratch;
  std::vector<uint32_t> matched;
  if (auto done = matcher_of(pattern).match_document(document, scratch, matched); !done) return done.error();
  JsonScanner scanner;
  scanner.scan(document, JsonRules::lenient);
  Explainer explainer(pattern);
  explainer.fields().collect(explainer.tree(), scanner.root());
  return explainer.explain(!matched.empty());
}

std::string first_failed(const Explanation& explanation) {
  if (explanation.holds) return "";
  const Explanation* failed = &explanation;
  // The last part of an "all of" is the one that failed; of a $or, all have.
  const auto is_choice = [](const Explanation& one) { return one.parts.size() > 1 && !one.parts.front().holds; };
  while (!is_choice(*failed) && !failed->parts.empty() && !failed->parts.back().holds) failed = &failed->parts.back();
  if (is_choice(*failed)) return fmt::format("none of the {} alternatives of a $or", failed->parts.size());
  if (!failed->parts.empty()) return failed->found;
  return failed->found.empty() ? failed->clause : fmt::format("found {} at {}", failed->found, failed->clause);
}

std::string to_text(const Explanation& explanation) {
  std::string out;
  write(explanation, 0, out);
  return out;
}

}  // namespace kedge
