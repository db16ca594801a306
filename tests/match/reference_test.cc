// The matcher against the reference: all small patterns on all small events, then random larger ones.
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <random>

#include "match/matcher.h"
#include "tests/match/reference_matcher.h"

namespace kedge {
namespace {

constexpr std::string_view kMatchesNothing = R"({"a":["no value"],"b":[{"exists":false}],"b.c":["no value"]})";

// Whether no object has a name twice, or one with a dot.
bool spells_each_path_once(JsonValue value) {
  bool once = true;
  if (value.is_array()) {
    for (const JsonValue element : value.elements()) once = once && spells_each_path_once(element);
  }
  if (value.is_object()) {
    std::vector<std::string> names;
    for (const JsonMember member : value.members()) {
      names.push_back(reference::text_of(member.key));
      once = once && names.back().find('.') == std::string::npos && spells_each_path_once(member.value);
    }
    std::sort(names.begin(), names.end());
    once = once && std::adjacent_find(names.begin(), names.end()) == names.end();
  }
  return once;
}

// One matcher of all patterns, and each event's answer compared pattern by pattern.
void expect_reference_answers(const std::vector<std::string>& patterns, const std::vector<std::string>& events) {
  Matcher::Builder builder;
  std::deque<reference::Pattern> references;
  for (uint32_t i = 0; i < patterns.size(); ++i) {
    const auto pattern = parse_pattern(patterns[i]);
    ASSERT_TRUE(pattern || pattern.error().code == ErrorCode::limit) << pattern.error().message << "\n" << patterns[i];
    references.emplace_back(pattern ? std::string_view(patterns[i]) : kMatchesNothing);
    if (pattern) builder.add(i, *pattern);
  }
  const Matcher matcher = std::move(builder).build();
  MatchScratch scratch;
  JsonScanner scanner;
  std::vector<uint32_t> matched;
  for (const std::string& text : events) {
    const auto done = matcher.match_document(text, scratch, matched);
    ASSERT_TRUE(done) << done.error().message << "\n" << text;
    ASSERT_EQ(scanner.scan(text), nullptr) << text;
    const reference::Event event(scanner.root());
    for (uint32_t i = 0; i < patterns.size(); ++i) {
      const bool found = std::binary_search(matched.begin(), matched.end(), i);
      ASSERT_EQ(found, references[i].matches(event)) << patterns[i] << "\n" << text;
    }
    std::vector<uint32_t> trusted;
    if (!spells_each_path_once(scanner.root())) continue;
    const auto read = matcher.match_document(text, scratch, trusted, Reading::trusted);
    ASSERT_TRUE(read) << read.error().message << "\n" << text;
    ASSERT_EQ(trusted, matched) << text;
  }
}

// Every combination of one text of each list.
std::vector<std::string> product(const std::vector<std::vector<std::string>>& lists) {
  std::vector<std::string> all = {""};
  for (const auto& list : lists) {
    std::vector<std::string> longer;
    for (const std::string& start : all) {
      for (const std::string& text : list) longer.push_back(start + text);
    }
    all = std::move(longer);
  }
  return all;
}

TEST(Reference, AgreesOnAllSmallPatternsAndEvents) {
  std::vector<std::string> patterns;
  const auto lists = [](const std::string& key) {
    std::vector<std::string> texts = {""};
    for (const char* tests : {"[1]", "[2,3]", "[{\"exists\":false}]", "[{\"exists\":true}]", "[{\"anything-but\":1}]",
                              "[1,{\"exists\":false}]"}) {
      texts.push_back(",\"" + key + "\":" + tests);
    }
    return texts;
  };
  for (std::string& text : product({lists("a.x"), lists("a.y"), lists("a")})) {
    if (!text.empty()) patterns.push_back("{" + text.substr(1) + "}");
  }

  const std::vector<std::string> elements = {"1",
                                             "2",
                                             "[1]",
                                             "{\"x\":1}",
                                             "{\"x\":2}",
                                             "{\"y\":1}",
                                             "{\"y\":2}",
                                             "{\"x\":1,\"y\":2}",
                                             "{\"x\":[1,2],\"y\":1}",
                                             "{\"x\":[]}",
                                             "[{\"x\":1},{\"y\":1}]"};
  std::vector<std::string> events = {"{}", "{\"a\":[]}", "{\"a\":null}"};
  for (const std::string& first : elements) {
    events.push_back("{\"a\":" + first + "}");
    events.push_back("{\"a\":[" + first + "]}");
    for (const std::string& second : elements) {
      events.push_back("{\"a\":[" + first + "," + second + "]}");
      events.push_back("{\"a\":" + first + ",\"a\":" + second + "}");
      events.push_back("{\"a\":[" + first + "],\"a\":[" + second + "]}");
    }
  }
  expect_reference_answers(patterns, events);
}

class Generator {
 public:
  explicit Generator(uint32_t seed) : random_(seed) {}

  std::string pattern(int depth = 0) {
    std::string text = "{";
    const size_t members = below(3) + 1;
    for (size_t i = 0; i < members; ++i) {
      text += i > 0 ? "," : "";
      if (depth < 3 && below(6) == 0) {
        text += "\"$or\":[" + pattern(depth + 1) + "," + pattern(depth + 1) + "]";
      } else {
        text += key() + ":" + (depth < 3 && below(3) == 0 ? pattern(depth + 1) : alternatives());
      }
    }
    return text + "}";
  }

  std::string event(int depth = 0) {
    std::string text = "{";
    const size_t members = depth == 0 ? below(5) + 1 : below(4);
    for (size_t i = 0; i < members; ++i) text += (i > 0 ? "," : "") + key() + ":" + value(depth + 1);
    return text + "}";
  }

 private:
  size_t below(size_t limit) { return random_() % limit; }
  const char* one_of(std::initializer_list<const char*> texts) { return texts.begin()[below(texts.size())]; }

  std::string key() {
    return one_of({"\"a\"", "\"b\"", "\"c\"", "\"a.b\"", "\"\\u0061\"", "\"é\"", "\"a-\"", "\"b.c.a\""});
  }

  std::string scalar() {
    return one_of({"1",
                   "2",
                   "1.0",
                   "10e-1",
                   "-0",
                   "0",
                   "0.1",
                   "9007199254740993",
                   "9007199254740992",
                   "1e400",
                   "true",
                   "false",
                   "null",
                   "\"x\"",
                   "\"xy\"",
                   "\"\\u0078\"",
                   "\"\"",
                   "\"1\"",
                   "\"10.0.0.1\"",
                   "\"010.0.0.1\"",
                   "\"::ffff:a00:1\"",
                   "\"::1\"",
                   "\"0:0::1\"",
                   "\"é\"",
                   "\"É\"",
                   "\"XY\"",
                   "\"yxy\"",
                   "\"xyxxyXxy\"",
                   "\"straße\"",
                   "\"STRASSE\"",
                   "\"k\"",
                   "\"K\"",
                   "\"??\"",
                   "\"10.2.3.4\"",
                   "\"2001:db8::7\"",
                   "\"😀\"",
                   "\"\\ud83d\\ude00\""});
  }

  std::string value(int depth) {
    const size_t kind = depth > 5 ? 0 : below(8);
    if (kind < 4) return scalar();
    if (kind < 6) return event(depth);
    std::string text = "[";
    const size_t elements = below(4);
    for (size_t i = 0; i < elements; ++i) text += (i > 0 ? "," : "") + value(depth + 1);
    return text + "]";
  }

  std::string alternative() {
    if (below(3) == 0) return scalar();
    if (below(2) == 0) {
      return one_of({"{\"suffix\":\"y\"}",
                     "{\"suffix\":\"\"}",
                     "{\"suffix\":\"xy\"}",
                     "{\"prefix\":{\"equals-ignore-case\":\"X\"}}",
                     "{\"prefix\":{\"equals-ignore-case\":\"straß\"}}",
                     "{\"suffix\":{\"equals-ignore-case\":\"xY\"}}",
                     "{\"suffix\":{\"equals-ignore-case\":\"ße\"}}",
                     "{\"equals-ignore-case\":\"straße\"}",
                     "{\"equals-ignore-case\":\"K\"}",
                     "{\"equals-ignore-case\":\"k\"}",
                     "{\"equals-ignore-case\":\"é\"}",
                     "{\"equals-ignore-case\":\"😀\"}",
                     "{\"equals-ignore-case\":\"Xy\"}",
                     "{\"wildcard\":\"x*y\"}",
                     "{\"wildcard\":\"*x*\"}",
                     "{\"wildcard\":\"*xy*xy\"}",
                     "{\"wildcard\":\"*\"}",
                     "{\"wildcard\":\"\"}",
                     "{\"wildcard\":\"x*x*y\"}",
                     "{\"wildcard\":\"*X*y*\"}",
                     "{\"wildcard\":\"10.*.1\"}",
                     "{\"cidr\":\"10.0.0.0/8\"}",
                     "{\"cidr\":\"0.0.0.0/0\"}",
                     "{\"cidr\":\"::/0\"}",
                     "{\"cidr\":\"2001:db8::/32\"}",
                     "{\"cidr\":\"10.0.0.0/31\"}",
                     "{\"anything-but\":{\"suffix\":[\"y\",\"e\"]}}",
                     "{\"anything-but\":{\"equals-ignore-case\":[\"xy\",\"STRASSE\"]}}",
                     "{\"anything-but\":{\"wildcard\":\"x*\"}}",
                     "{\"anything-but\":{\"wildcard\":[\"*x*y\",\"1\"]}}"});
    }
    return one_of({"{\"exists\":true}", "{\"exists\":false}", "{\"exists\":false}", "{\"prefix\":\"x\"}",
                   "{\"prefix\":\"\"}", "{\"prefix\":\"xy\"}", "{\"exactly\":\"10.0.0.1\"}", "{\"anything-but\":\"x\"}",
                   "{\"anything-but\":[1,0.1]}", "{\"anything-but\":[\"xy\",\"x\",\"10.0.0.1\"]}",
                   "{\"anything-but\":{\"prefix\":\"x\"}}", "{\"anything-but\":{\"prefix\":[\"xy\",\"1\"]}}",
                   "{\"numeric\":[\">\",0]}", "{\"numeric\":[\"=\",1]}", "{\"numeric\":[\">=\",0,\"<\",1]}",
                   "{\"numeric\":[\"<=\",9007199254740992]}"});
  }

  std::string alternatives() {
    std::string text = "[" + alternative();
    for (size_t more = below(3); more > 0; --more) text += "," + alternative();
    return text + "]";
  }

  std::mt19937 random_;
};

TEST(Reference, AgreesOnRandomPatternsAndEvents) {
  const uint32_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Generator generator(seed);
  // Some tens of seconds under the sanitizers; each run draws anew, and the fuzzer of this room goes on for as long as
  // wanted.
  for (int round = 0; round < 60 && !HasFatalFailure(); ++round) {
    std::vector<std::string> patterns;
    std::vector<std::string> events;
    // One pattern alone in some rounds, so that trusted reading stops early; many in others, so that they crowd.
    const int count = round % 3 == 0 ? 1 : round % 3 == 1 ? 12 : 60;
    for (int i = 0; i < count; ++i) patterns.push_back(generator.pattern());
    for (int i = 0; i < 12; ++i) events.push_back(generator.event());
    expect_reference_answers(patterns, events);
  }
}

}  // namespace
}  // namespace kedge
