#include "match/match_lines.h"

#include <fmt/format.h>

#include <algorithm>
#include <istream>
#include <map>
#include <ostream>
#include <string>

#include "base/json.h"
#include "event/text_arena.h"

namespace kedge {
namespace {

struct NamedPattern {
  std::string name;
  Pattern pattern;
};

Result<NamedPattern> read_line(const std::string& line, JsonScanner& scanner, const PatternExtras* extras) {
  if (const JsonError* error = scanner.scan(line)) {
    return Error{ErrorCode::invalid, fmt::format("byte {}: expected {}", error->offset, error->expected)};
  }
  const JsonValue name = scanner.root().member("name");
  const JsonValue text = scanner.root().member("pattern");
  if (!name.is_string() || !(text.is_string() || text.is_object())) {
    return Error{ErrorCode::invalid, R"(expected {"name": string, "pattern": object or string})"};
  }
  TextArena texts;
  std::string name_text(texts.resolve(name));
  auto pattern = parse_pattern(text.is_string() ? texts.resolve(text) : text.bytes(), extras);
  if (!pattern) return pattern.error().with(name_text);
  return NamedPattern{std::move(name_text), *std::move(pattern)};
}

}  // namespace

// The indices are the places of the names in their order, so that what matches comes out sorted.
LineMatcher::LineMatcher(std::istream& patterns, std::ostream& errors, const PatternExtras* extras) {
  JsonScanner scanner;
  std::multimap<std::string, Pattern> valid;
  std::string line;
  for (size_t number = 1; std::getline(patterns, line); ++number) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    auto read = read_line(line, scanner, extras);
    if (read) {
      valid.emplace(std::move(read->name), std::move(read->pattern));
    } else {
      errors << "patterns line " << number << ": " << read.error().message << '\n';
      ++invalid_patterns_;
    }
  }
  Matcher::Builder builder;
  const std::string* last = nullptr;
  for (const auto& [name, pattern] : valid) {
    if (last == nullptr || *last != name) names_.push_back(Json(name).dump());
    last = &name;
    builder.add(static_cast<uint32_t>(names_.size() - 1), pattern);
  }
  matcher_ = std::move(builder).build();
}

void LineMatcher::match(std::string_view lines, size_t first, Reading reading, bool with_lines, Work& work) const {
  work.counts.resize(names_.size());
  for (; !lines.empty(); ++first) {
    const std::string_view line = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(std::min(line.size() + 1, lines.size()));
    ++work.events;
    if (const auto done = matcher_.match_document(line, work.scratch, work.matched, reading); !done) {
      work.errors += fmt::format("events line {}: {}\n", first, done.error().message);
      ++work.invalid;
    }
    for (const uint32_t name : work.matched) ++work.counts[name];
    if (!with_lines) continue;
    work.out += "{\"matches\":[";
    for (size_t i = 0; i < work.matched.size(); ++i) {
      if (i > 0) work.out += ',';
      work.out += names_[work.matched[i]];
    }
    work.out += "]}\n";
  }
}

}  // namespace kedge
