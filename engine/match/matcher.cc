#include "match/matcher.h"

#include <fmt/format.h>

#include <algorithm>

#include "match/program.h"
#include "match/state.h"

namespace kedge {

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
                                     : state.scanner.scan(text, JsonRules::lenient);
  if (error != nullptr) {
    return Error{ErrorCode::invalid, fmt::format("byte {}: expected {}", error->offset, error->expected)};
  }
  if (reading == Reading::strict) {
    if (!state.scanner.root().is_object()) return Error{ErrorCode::invalid, "byte 0: expected an object"};
    state.fields.collect(program_->paths, state.scanner.root());
  }
  return finish(state, matched);
}

Result<void> Matcher::finish(MatchState& state, std::vector<uint32_t>& matched) const {
  if (!state.run(*program_)) {
    return Error{ErrorCode::limit,
                 fmt::format("the elements of this event's arrays can be combined in too many ways: given up "
                             "after {} tries",
                             ElementSearch::kStepsMax)};
  }
  for (const uint32_t pattern : state.matched()) matched.push_back(program_->indices[pattern]);
  std::sort(matched.begin(), matched.end());
  return {};
}

}  // namespace kedge
