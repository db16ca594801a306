// Matcher: the patterns of all rules as one structure, asked once for each event.
//
// An event is walked once along the paths that some pattern wants; whatever no pattern wants is stepped over without
// being looked at. Each pattern waits at the value that is rarest among its own (its anchor); only when an event has
// that value is the rest of the pattern tried, and what several patterns ask is tried once. So an event that no pattern
// wants costs the walk, however many patterns there are.
//
// It needs nothing but the rooms base and event, and may be used by itself:
//
//   Matcher::Builder builder;
//   for (uint32_t i = 0; i < texts.size(); ++i) {
//     const Result<Pattern> pattern = parse_pattern(texts[i]);
//     if (!pattern) return pattern.error();  // says where in the text, what stands there and what would be right
//     builder.add(i, *pattern);
//   }
//   const Matcher matcher = std::move(builder).build();  // shared by threads
//
//   MatchScratch scratch;           // one for each thread
//   std::vector<uint32_t> matched;  // what is asked for: places in `texts`
//   if (const Result<void> done = matcher.match_document(document, scratch, matched); !done) return done.error();
//
// Meaning (event-ruler's):
//   paths     names joined with dots: {"a.b":1} and {"a":{"b":1}} are one path, in patterns and events
//   values    only scalars are values; an object, {} and [] are none; null is one
//   arrays    a field has every value in its array, at any depth; one match is enough
//   together  values from different elements of one array cannot be combined
//   absence   exists: false holds if no value of the path is consistent with the elements chosen for the paths before
//             it, in UTF-16 order of the paths
//   numbers   by value where comparable (number.h), else by text; never equal to a string
//   keys      in an event, every occurrence of a key counts; an empty key right below an empty key of the top is not
//   looked at
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "event/event.h"
#include "match/pattern.h"

namespace kedge {

struct MatchProgram;  // match/program.h
class MatchState;     // match/state.h

// How a document is read. The answers are the same for valid JSON in which no object has a name twice, and no name
// holds a dot that makes it the same path as nested names.
enum class Reading {
  strict,   // all of it is validated
  trusted,  // up to the last field that any pattern wants; what is not checked, trusted_reader.h says
};
Result<Reading> parse_reading(std::string_view);

// What matching needs to remember while it looks at one event; its memory is used again. One for each thread; it may
// be used with any number of matchers in turn.
class MatchScratch {
 public:
  MatchScratch();
  ~MatchScratch();
  MatchScratch(const MatchScratch&) = delete;
  MatchScratch& operator=(const MatchScratch&) = delete;

 private:
  friend class Matcher;
  std::unique_ptr<MatchState> state_;
};

// Immutable; any number of threads may ask it at once, each with a scratch of its own.
class Matcher {
 public:
  class Builder {
   public:
    Builder();
    ~Builder();
    // `index` is what match() answers with. Patterns with one index are or-ed.
    void add(uint32_t index, const Pattern&);
    Matcher build() &&;

   private:
    std::unique_ptr<MatchProgram> program_;
  };

  Matcher();  // without patterns: matches nothing
  ~Matcher();
  Matcher(Matcher&&) noexcept;
  Matcher& operator=(Matcher&&) noexcept;

  // A matcher with these patterns more and those of the indices in `removed` less; this one stays as it is, and may be
  // asked meanwhile. What the change does not touch is shared, so that one pattern among 100,000 costs milliseconds.
  // First is removed, then added. Nothing is removed in fact but the answer: remains() says how many patterns have been
  // left behind, and whoever removes many builds anew once in a while.
  Matcher changed(std::span<const std::pair<uint32_t, const Pattern*>> added, std::span<const uint32_t> removed) const;
  size_t remains() const;

  // Replaces `matched` with the indices of the patterns that `event` matches, ascending, each once. Errors: `invalid`
  // when the event's detail or resources are no JSON (never for an event that a decoder made); `limit` when the
  // values in its arrays can be combined in too many ways to be tried: for all patterns together ten million
  // comparisons beyond what grows with the event, which arrays under a repeated key can need, and so many of numbers
  // with those of another field. `matched` is then empty.
  Result<void> match(const Event& event, MatchScratch&, std::vector<uint32_t>& matched) const;

  // The same for a bare document, which must be a valid JSON object of at most 1,000 levels. As event-ruler does, text
  // behind its closing brace is ignored, and a lone half of a surrogate pair is accepted.
  Result<void> match_document(std::string_view text, MatchScratch&, std::vector<uint32_t>& matched,
                              Reading reading = Reading::strict) const;

  // Whether the event that a text is may match any pattern, by trusted reading. `source`: the event's, where the text
  // is its detail; none: the text is an event in EventBridge's own form. True, too, where nothing that any pattern
  // wants is met: the text may be something else, and has to be read whole to know.
  bool may_match(std::string_view text, std::optional<std::string_view> source, MatchScratch&) const;

 private:
  explicit Matcher(std::unique_ptr<const MatchProgram>);
  Result<void> finish(MatchState&, std::vector<uint32_t>& matched) const;
  std::unique_ptr<const MatchProgram> program_;
};

}  // namespace kedge
