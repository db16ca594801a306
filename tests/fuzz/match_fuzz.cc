// rooms: base event match
// A pattern on the first line, a document behind it: whatever they are, reading them ends with an answer or an error,
// and what matches alone matches in company, after a change, by its explanation, and read in trust. The mutator knows
// the grammar: it puts pieces of patterns and documents where JSON begins something.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "match/explain.h"
#include "match/matcher.h"

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

namespace {

using namespace kedge;

void require(bool holds) {
  if (!holds) std::abort();
}

constexpr std::string_view kPieces[] = {
    R"({"a":[1]})",
    R"({"a":{"b":["x"]}})",
    R"("a":)",
    R"("a.b":)",
    R"("b":)",
    R"("$or":[{"a":[1]},{"b":["x"]}],)",
    R"({"exists":false})",
    R"({"exists":true})",
    R"({"prefix":"x"})",
    R"({"suffix":""})",
    R"({"prefix":{"equals-ignore-case":"XÉ"}})",
    R"({"suffix":{"equals-ignore-case":"ß"}})",
    R"({"equals-ignore-case":"ǅ😀"})",
    R"({"exactly":"10.0.0.1"})",
    R"({"wildcard":"*x*y*"})",
    R"({"wildcard":"a*b\\*"})",
    R"({"numeric":[">=",0,"<",1e300]})",
    R"({"numeric":["=",-0.5]})",
    R"({"cidr":"10.0.0.0/8"})",
    R"({"cidr":"2001:db8::/32"})",
    R"({"anything-but":["x","y"]})",
    R"({"anything-but":[1,2.5]})",
    R"({"anything-but":{"wildcard":["*x","a*b*c"]}})",
    R"({"anything-but":{"suffix":"x"}})",
    R"([{"a":1},{"b":"x"}],)",
    R"([[1,"x"],{}],)",
    R"("10.2.3.4")",
    R"("\ud83d\ude00",)",
    R"("\ud800")",
    R"("xxyXÉss",)",
    "9007199254740993,",
    "1e400",
    "-0.0,",
    "122.42916360922355",
    "null,",
    "true",
    "[[[[[[[[[[[[[[[[",
    "{\"a\":{\"a\":{\"a\":",
    "\n",
};

// Places behind which a value, a member or an element may stand.
std::vector<size_t> places_in(std::string_view text) {
  std::vector<size_t> places = {0};
  for (size_t i = 0; i < text.size(); ++i) {
    if (std::string_view("[{,:\n]}\"").find(text[i]) != std::string_view::npos) places.push_back(i + 1);
  }
  return places;
}

bool spells_each_path_once(JsonValue value) {
  bool once = true;
  if (value.is_array()) {
    for (const JsonValue element : value.elements()) once = once && spells_each_path_once(element);
  }
  if (!value.is_object()) return once;
  std::vector<std::string> names;
  for (const JsonMember member : value.members()) {
    std::string name(member.key.raw_string().size(), '\0');
    name.resize(unescape_json(member.key.raw_string(), name.data()));
    once = once && name.find('.') == std::string::npos && spells_each_path_once(member.value);
    names.push_back(std::move(name));
  }
  std::sort(names.begin(), names.end());
  return once && std::adjacent_find(names.begin(), names.end()) == names.end();
}

Matcher in_company(const Pattern& pattern) {
  Matcher::Builder builder;
  for (const char* other : {R"({"a":[1],"b":[{"exists":false}]})", R"({"a":{"b":["x"]}})", R"({"a":[{"prefix":"x"}]})",
                            R"({"a":[{"wildcard":"x*y"}]})", R"({"a":[{"numeric":[">",0]}],"b":["x"]})",
                            R"({"a":[{"anything-but":{"equals-ignore-case":"x"}}]})"}) {
    builder.add(2, *parse_pattern(other));
  }
  builder.add(1, pattern);
  return std::move(builder).build();
}

bool has(const std::vector<uint32_t>& matched, uint32_t index) {
  return std::find(matched.begin(), matched.end(), index) != matched.end();
}

void check_document(const Pattern& pattern, std::string_view document) {
  Matcher::Builder builder;
  builder.add(1, pattern);
  const Matcher alone = std::move(builder).build();
  const Matcher company = in_company(pattern);
  MatchScratch scratch;
  std::vector<uint32_t> matched;
  std::vector<uint32_t> trusted;
  const auto read_in_trust = company.match_document(document, scratch, trusted, Reading::trusted);
  if (!alone.match_document(document, scratch, matched)) return;
  const bool matches = !matched.empty();
  if (!company.match_document(document, scratch, matched)) return;
  require(matches == has(matched, 1));
  JsonScanner scanner;
  scanner.scan(document, JsonRules::lenient);
  if (spells_each_path_once(scanner.root())) require(read_in_trust && trusted == matched);

  const std::pair<uint32_t, const Pattern*> added[] = {{3, &pattern}};
  const uint32_t removed[] = {1};
  require(company.changed(added, removed).match_document(document, scratch, matched).ok());
  require(!has(matched, 1) && has(matched, 3) == matches);

  const auto explanation = explain_document(pattern, document);
  require(explanation && explanation->holds == matches);
  to_text(*explanation);
}

}  // namespace

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned seed) {
  std::minstd_rand random(seed);
  if (random() % 3 == 0) return LLVMFuzzerMutate(data, size, max_size);
  std::string text(reinterpret_cast<const char*>(data), size);
  for (size_t changes = random() % 3 + 1; changes > 0; --changes) {
    const std::vector<size_t> places = places_in(text);
    const size_t place = places[random() % places.size()];
    const size_t end = random() % 2 == 0 ? place : std::max(place, places[random() % places.size()]);
    text.replace(place, end - place, kPieces[random() % std::size(kPieces)]);
  }
  text.resize(std::min(text.size(), max_size));
  std::memcpy(data, text.data(), text.size());
  return text.size();
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t line = std::min(input.find('\n'), input.size());
  const auto pattern = parse_pattern(input.substr(0, line));
  if (!pattern) {
    require(!pattern.error().message.empty());
    return 0;
  }
  check_document(*pattern, input.substr(std::min(line + 1, input.size())));
  return 0;
}
