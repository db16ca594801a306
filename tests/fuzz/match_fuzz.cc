// rooms: base event match
// A pattern on the first line, a document behind it: whatever they are, reading them ends with an answer or an error,
// and what matches alone matches in company, by the matcher and by its explanation.
#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "match/explain.h"
#include "match/matcher.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace kedge;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t line = std::min(input.find('\n'), input.size());
  const auto pattern = parse_pattern(input.substr(0, line));
  if (!pattern) {
    require(!pattern.error().message.empty());
    return 0;
  }
  const std::string_view document = input.substr(std::min(line + 1, input.size()));
  Matcher::Builder alone_builder;
  alone_builder.add(1, *pattern);
  const Matcher alone = std::move(alone_builder).build();
  Matcher::Builder company_builder;
  for (const char* other :
       {R"({"a":[1],"b":[{"exists":false}]})", R"({"a":{"b":["x"]}})", R"({"a":[{"prefix":"x"}]})"}) {
    company_builder.add(2, *parse_pattern(other));
  }
  company_builder.add(1, *pattern);
  const Matcher company = std::move(company_builder).build();

  MatchScratch scratch;
  std::vector<uint32_t> matched;
  const auto done = alone.match_document(document, scratch, matched);
  if (!done) return 0;
  const bool matches = !matched.empty();
  const auto together = company.match_document(document, scratch, matched);
  require(!together || matches == (std::count(matched.begin(), matched.end(), 1) == 1));
  const auto explanation = explain_document(*pattern, document);
  require(explanation && explanation->holds == matches);
  to_text(*explanation);
  return 0;
}
