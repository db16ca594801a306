// Once it has seen an event of each size, neither decoding nor matching takes memory.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "event/decoder.h"
#include "match/matcher.h"

namespace {
std::atomic<size_t> allocations{0};
std::atomic<size_t> bytes{0};  // all that was ever taken
}  // namespace

// Not inlined: GCC would take them for a mismatched pair.
[[gnu::noinline]] void* operator new(size_t size) {
  ++allocations;
  bytes += size;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void* operator new(size_t size, const std::nothrow_t&) noexcept {
  ++allocations;
  bytes += size;
  return std::malloc(size);
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, size_t) noexcept { std::free(memory); }

namespace kedge {
namespace {

TEST(SteadyState, TakesNoMemoryForAnEvent) {
  const std::string messages[] = {
      R"({"eventVersion":"1.09","userIdentity":{"arn":"arn:x","note":"a \"quoted\" \u00e9"},"eventSource":"s3.amazonaws.com",)"
      R"("eventName":"PutBucketAcl","eventID":"e\/1","eventType":"AwsApiCall","awsRegion":"eu-west-1",)"
      R"("requestParameters":{"grants":[{"type":"Group","uri":"all"},{"type":"User"}]},"n":[1,2.5,1e3]})",
      R"({"id":"i","detail-type":"t","source":"s","resources":["a"],"detail":{"eventName":"X"}})",
      R"({"specversion":"1.0","id":"1","source":"s","type":"t","subject":"x","data":{"a":[{"b":1},{"b":2}]}})",
      R"({"Type":"Notification","Message":"{\"id\":\"i\",\"detail-type\":\"t\",\"source\":\"s\",\"detail\":{}}"})",
  };
  Matcher::Builder builder;
  for (const char* text :
       {R"({"source":["aws.s3"],"detail":{"eventName":[{"prefix":"Put"}],"errorCode":[{"exists":false}]}})",
        R"({"detail":{"requestParameters":{"grants":{"type":["Group"],"uri":["none","nobody"]}}}})",
        R"({"detail":{"n":[{"numeric":[">",2]}],"userIdentity":{"note":[{"anything-but":"x"}]}}})",
        R"({"resources":["a"]})", R"({"detail":{"a":{"b":[2],"c":[{"exists":false}]}}})"}) {
    builder.add(1, *parse_pattern(text));
  }
  const Matcher matcher = std::move(builder).build();
  Decoder decoder({});
  MatchScratch scratch;
  std::vector<Event> events;
  std::vector<uint32_t> matched;
  const auto handle_all = [&] {
    size_t count = 0;
    for (const std::string& message : messages) {
      events.clear();
      if (decoder.decode({message, {}}, events)) continue;
      for (const Event& event : events) count += matcher.match(event, scratch, matched) ? 1 : 0;
    }
    return count;
  };
  ASSERT_EQ(handle_all(), std::size(messages));
  const size_t before = allocations;
  for (int round = 0; round < 10; ++round) handle_all();
  EXPECT_EQ(allocations - before, 0U);
}

TEST(SteadyState, TakesNoMemoryForABareDocument) {
  const std::string documents[] = {
      R"({"a":"x","b":[{"c":1,"d":"caf\u00e9"},{"c":2.5,"d":"y"}],"e":{"f":{"g":null}},"h":[true,[-122.46553602559838]]})",
      R"({"b":{"c":-0.1e-7},"a":["p","q\n"],"e":{}})", R"({})"};
  Matcher::Builder builder;
  for (const char* text :
       {R"({"a":["x",{"prefix":{"equals-ignore-case":"P"}}]})",
        R"({"b":{"c":[{"numeric":[">",1]}],"d":[{"suffix":"\u00e9"}]}})",
        R"({"h":[{"numeric":["<",0]}],"e":{"f":{"g":[{"exists":true}]}}})",
        R"({"a":[{"anything-but":{"wildcard":"*q*"}}]})", R"({"$or":[{"b":{"c":[1]}},{"z":[{"exists":false}]}]})"}) {
    builder.add(1, *parse_pattern(text));
  }
  const Matcher matcher = std::move(builder).build();
  MatchScratch scratch;
  std::vector<uint32_t> matched;
  const auto match_all = [&] {
    size_t count = 0;
    for (const Reading reading : {Reading::strict, Reading::trusted}) {
      for (const std::string& document : documents) {
        count += matcher.match_document(document, scratch, matched, reading) ? 1 : 0;
      }
    }
    return count;
  };
  ASSERT_EQ(match_all(), 2 * std::size(documents));
  const size_t before = allocations;
  for (int round = 0; round < 10; ++round) match_all();
  EXPECT_EQ(allocations - before, 0U);
}

// What is taken in all is more than what is held at any time, and grows as the work does.
size_t taken_by(const std::vector<std::string>& texts) {
  const size_t before = bytes;
  Matcher::Builder builder;
  for (const std::string& text : texts) {
    const auto pattern = parse_pattern(text);
    EXPECT_TRUE(pattern) << pattern.error().message;
    if (pattern) builder.add(0, *pattern);
  }
  const Matcher matcher = std::move(builder).build();
  return bytes - before;
}

std::string list(int size, const std::string& before, const std::string& behind) {
  std::string text;
  for (int i = 0; i < size; ++i) text += (i > 0 ? "," : "") + before + std::to_string(i) + behind;
  return text;
}

constexpr size_t kMega = 1U << 20U;

TEST(HostilePattern, OfManyWildcardsIsCompiledInBounds) {
  EXPECT_LT(taken_by({R"({"a":[)" + list(1000, R"({"wildcard":"*a*12345)", R"(*"})") + "]}"}), 20 * kMega);
}

TEST(HostilePattern, WhoseAlternativesMultiplyIsCompiledInBounds) {
  EXPECT_LT(taken_by({R"({"k":[)" + list(249, "\"s", "\"") + R"(],"$or":[)" +
                      list(1000, R"({"x":[{"anything-but":"v)", R"("}]})") + "]}"}),
            1000 * kMega);
}

TEST(HostilePattern, ThatSharesALongListWithOthersIsCompiledInBounds) {
  std::vector<std::string> texts;
  for (int i = 0; i < 10; ++i) {
    texts.push_back(R"({"k":[)" + list(10'000, "\"s", "\"") + R"(],"x":[{"anything-but":"v)" + std::to_string(i) +
                    "\"}]}");
  }
  EXPECT_LT(taken_by(texts), 1000 * kMega);
}

}  // namespace
}  // namespace kedge
