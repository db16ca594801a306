#include "match/trusted_reader.h"

#include <gtest/gtest.h>

#include <memory>

#include "match/matcher.h"

namespace kedge {
namespace {

Result<bool> trusted(std::string_view pattern, std::string_view event) {
  Matcher::Builder builder;
  builder.add(1, *parse_pattern(pattern));
  MatchScratch scratch;
  std::vector<uint32_t> matched;
  const auto done = std::move(builder).build().match_document(event, scratch, matched, Reading::trusted);
  if (!done) return done.error();
  return !matched.empty();
}

TEST(TrustedReading, StopsBehindTheLastWantedField) {
  EXPECT_TRUE(*trusted(R"({"a":{"b":[1]},"c":["x"]})", R"({"z":[{}],"a":{"b":1,"d":2},"c":"x" and whatever)"));
  EXPECT_TRUE(*trusted(R"({"a":{"b":[1]}})", R"({"a":{"b":1,)"));
}

TEST(TrustedReading, GoesOnWhereMoreMayCome) {
  EXPECT_TRUE(*trusted(R"({"a":{"b":[2]}})", R"({"a":[{"b":1},{"c":"}","b":2}]})"));
  EXPECT_TRUE(*trusted(R"({"a":[2],"b":[{"exists":false}]})", R"({"a":2,"c":[[{"b":1}]]})"));
  EXPECT_FALSE(*trusted(R"({"a":[2],"b":[{"exists":false}]})", R"({"a":2,"c":{"x":"\"}\\"},"b":1})"));
}

TEST(TrustedReading, RefusesWhatItCannotRead) {
  for (const char* event :
       {"", "[1]", "{", "{\"a\"", "{\"a\":", "{\"a\":01}", "{\"a\":tru}", "{\"a\":\"x", "{\"a\":\"\\x\"}",
        "{\"a\":\"\\u12\"}", "{\"a\":[1 2]}", "{\"b\":1 \"a\":1}", "{\"b\":{\"c\":[}", "{,}", "{\"b\"}"}) {
    EXPECT_FALSE(trusted(R"({"a":[1],"zz":[1]})", event)) << event;
  }
  std::string deep = "{\"a\":";
  for (int i = 0; i < 2000; ++i) deep += '[';
  EXPECT_FALSE(trusted(R"({"a":[1]})", deep));
}

// Each text stands at the very end of its memory, so that the address sanitizer sees a step beyond it.
TEST(TrustedReading, NeverReadsBeyondATextThatIsCutOff) {
  const std::string event =
      R"({"unwanted":{"k":["a\\\"}]{[",-1.5e3,{"a":1}]},"a":[{"b":"x\u00e9\n"},{"c":[1,true,null]},"plain"],"d":12.5,"e":{}})";
  for (size_t size = 0; size <= event.size(); ++size) {
    const std::unique_ptr<char[]> memory(new char[size]);
    std::copy_n(event.data(), size, memory.get());
    const std::string_view text(memory.get(), size);
    const auto answer = trusted(R"({"a":{"b":["xé\n"]},"d":[12.5],"zz":[{"exists":false}]})", text);
    EXPECT_EQ(answer.ok(), size == event.size()) << text;
  }
}

}  // namespace
}  // namespace kedge
