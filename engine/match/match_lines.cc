#include "match/match_lines.h"

#include <fmt/format.h>

#include <istream>
#include <map>
#include <ostream>
#include <string>

#include "base/json.h"
#include "event/text_arena.h"
#include "match/matcher.h"

namespace kedge {
namespace {

struct NamedPattern {
  std::string name;
  Pattern pattern;
};

Result<NamedPattern> read_line(const std::string& line, JsonScanner& scanner) {
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
  auto pattern = parse_pattern(text.is_string() ? texts.resolve(text) : text.bytes());
  if (!pattern) return pattern.error().with(name_text);
  return NamedPattern{std::move(name_text), *std::move(pattern)};
}

// A matcher whose indices are the places of the names in their order, so that what matches comes out sorted.
struct NamedMatcher {
  Matcher matcher;
  std::vector<std::string> names;  // as JSON strings
};

NamedMatcher build(const std::multimap<std::string, Pattern>& patterns) {
  NamedMatcher named;
  Matcher::Builder builder;
  const std::string* last = nullptr;
  for (const auto& [name, pattern] : patterns) {
    if (last == nullptr || *last != name) named.names.push_back(Json(name).dump());
    last = &name;
    builder.add(static_cast<uint32_t>(named.names.size() - 1), pattern);
  }
  named.matcher = std::move(builder).build();
  return named;
}

}  // namespace

int match_lines(std::istream& patterns, std::istream& events, std::ostream& out, std::ostream& errors) {
  int exit_code = 0;
  const auto report = [&](std::string_view what, size_t number, const Error& error) {
    errors << what << " line " << number << ": " << error.message << '\n';
    exit_code = 1;
  };
  JsonScanner scanner;
  std::multimap<std::string, Pattern> valid;
  std::string line;
  for (size_t number = 1; std::getline(patterns, line); ++number) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    auto read = read_line(line, scanner);
    if (!read)
      report("patterns", number, read.error());
    else
      valid.emplace(std::move(read->name), std::move(read->pattern));
  }
  const NamedMatcher named = build(valid);
  MatchScratch scratch;
  std::vector<uint32_t> matched;
  for (size_t number = 1; std::getline(events, line); ++number) {
    if (const auto done = named.matcher.match_document(line, scratch, matched); !done)
      report("events", number, done.error());
    out << "{\"matches\":[";
    for (size_t i = 0; i < matched.size(); ++i) out << (i > 0 ? "," : "") << named.names[matched[i]];
    out << "]}\n";
  }
  return exit_code;
}

}  // namespace kedge
