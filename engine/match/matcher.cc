#include "match/matcher.h"

#include <fmt/format.h>

#include <algorithm>

#include "match/program.h"
#include "match/state.h"

namespace kedge {

Result<Reading> parse_reading(std::string_view text) {
  if (text == "strict") return Reading::strict;
  if (text == "trusted") return Reading::trusted;
  return Error{ErrorCode::invalid, fmt::format("no way to read is called '{}': strict or trusted", text)};
}

MatchScratch::MatchScratch() : state_(std::make_unique<MatchState>()) {}
MatchScratch::~MatchScratch() = default;

Matcher::Builder::Builder() : program_(std::make_unique<MatchProgram>()) {}
Matcher::Builder::~Builder() = default;

void Matcher::Builder::add(uint32_t index, const Pattern& pattern) { program_->add(index, pattern); }

Matcher Matcher::Builder::build() && {
  program_->finish();
  return Matcher(std::move(program_));
}

Matcher::Matcher() : Matcher(std::make_unique<MatchProgram>()) {}
Matcher::Matcher(std::unique_ptr<const MatchProgram> program) : program_(std::move(program)) {}
Matcher::~Matcher() = default;
Matcher::Matcher(Matcher&&) noexcept = default;
Matcher& Matcher::operator=(Matcher&&) noexcept = default;

Matcher Matcher::changed(std::span<const std::pair<uint32_t, const Pattern*>> added,
                         std::span<const uint32_t> removed) const {
  auto program = std::make_unique<MatchProgram>(*program_);
  for (const uint32_t index : removed) program->remove(index);
  for (const auto& [index, pattern] : added) program->add(index, *pattern);
  program->finish();
  return Matcher(std::move(program));
}

size_t Matcher::remains() const { return program_->removed; }

Result<void> Matcher::match(const Event& event, MatchScratch& scratch, std::vector<uint32_t>& matched) const {
  MatchState& state = *scratch.state_;
  matched.clear();
  const auto scan = [](JsonScanner& scanner, std::string_view text, std::string_view name) -> Result<JsonValue> {
    const JsonError* error = scanner.scan(text);
    if (error == nullptr) return scanner.root();
    return Error{ErrorCode::invalid,
                 fmt::format("byte {} of the event's {}: expected {}", error->offset, name, error->expected)};
  };
  JsonValue detail = event.document;
  if (!detail.present()) {
    const auto scanned = scan(state.scanner, event.detail, "detail");
    if (!scanned) return scanned.error();
    detail = *scanned;
  }
  JsonValue resources;
  if (program_->paths.step(PathTree::kRoot, "resources") != PathTree::kNone && event.resources != "[]") {
    const auto scanned = scan(state.resources_scanner, event.resources, "resources");
    if (!scanned) return scanned.error();
    resources = *scanned;
  }
  state.fields.collect(program_->paths, event, detail, resources);
  return finish(state, matched);
}

Result<void> Matcher::match_document(std::string_view text, MatchScratch& scratch, std::vector<uint32_t>& matched,
                                     Reading reading) const {
  MatchState& state = *scratch.state_;
  matched.clear();
  const JsonError* const error = reading == Reading::trusted
                                     ? state.trusted_reader.read(program_->paths, text, state.fields)
                                     : state.strict_reader.read(program_->paths, text, state.fields);
  if (error != nullptr) {
    return Error{ErrorCode::invalid, fmt::format("byte {}: expected {}", error->offset, error->expected)};
  }
  return finish(state, matched);
}

bool Matcher::may_match(std::string_view text, std::optional<std::string_view> source, MatchScratch& scratch) const {
  MatchState& state = *scratch.state_;
  const PathTree& paths = program_->paths;
  const uint32_t root = source ? paths.step(PathTree::kRoot, "detail") : PathTree::kRoot;
  if (root == PathTree::kNone) return true;
  if (state.trusted_reader.read(paths, text, state.fields, root) != nullptr) return true;
  if (state.fields.values().empty()) return true;
  const uint32_t source_node = paths.step(PathTree::kRoot, "source");
  if (source && source_node != PathTree::kNone) state.fields.add(source_node, FieldValue::Kind::string, *source);
  return !state.run(*program_) || !state.matched().empty();
}

Result<void> Matcher::finish(MatchState& state, std::vector<uint32_t>& matched) const {
  if (!state.run(*program_)) {
    return Error{ErrorCode::limit,
                 fmt::format("the values in this event's arrays can be combined in too many ways: given up after {} "
                             "comparisons",
                             ElementSearch::kStepsMax)};
  }
  for (const uint32_t pattern : state.matched()) matched.push_back(program_->indices[pattern]);
  state.sort(matched);
  return {};
}

}  // namespace kedge
