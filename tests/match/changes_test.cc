// Matchers that are changed while others ask them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <random>
#include <thread>

#include "match/matcher.h"

namespace kedge {
namespace {

using testing::ElementsAre;

Pattern pattern_of(const std::string& text) {
  auto pattern = parse_pattern(text);
  EXPECT_TRUE(pattern) << text;
  return *std::move(pattern);
}

std::vector<uint32_t> ask(const Matcher& matcher, const std::string& event) {
  MatchScratch scratch;
  std::vector<uint32_t> matched;
  EXPECT_TRUE(matcher.match_document(event, scratch, matched));
  return matched;
}

TEST(ChangedMatcher, HasWhatWasAddedAndNotWhatWasRemoved) {
  Matcher::Builder builder;
  builder.add(1, pattern_of(R"({"a":[1]})"));
  builder.add(2, pattern_of(R"({"a":[1,2]})"));
  const Matcher before = std::move(builder).build();
  const Pattern three = pattern_of(R"({"b":[{"numeric":[">",0]}],"a":[1]})");
  const Pattern again = pattern_of(R"({"c":[1]})");
  const Matcher after = before.changed(std::vector<std::pair<uint32_t, const Pattern*>>{{3, &three}, {2, &again}},
                                       std::vector<uint32_t>{1});
  EXPECT_THAT(ask(before, R"({"a":1,"b":1,"c":1})"), ElementsAre(1, 2));
  EXPECT_THAT(ask(after, R"({"a":1,"b":1,"c":1})"), ElementsAre(2, 3));
  EXPECT_EQ(before.remains(), 0U);
  EXPECT_EQ(after.remains(), 1U);
}

// After any changes the answers are those of a matcher that was built at once.
TEST(ChangedMatcher, AnswersAsOneThatWasBuiltAtOnce) {
  std::mt19937 random(7);
  const auto below = [&random](uint32_t limit) { return static_cast<uint32_t>(random() % limit); };
  const auto number = [&below](uint32_t limit) { return std::to_string(below(limit)); };
  const auto some_pattern = [&] {
    switch (below(4)) {
      case 0:
        return R"({"s":["v)" + number(3) + R"("],"n":[)" + number(20) + "]}";
      case 1:
        return R"({"n":[{"numeric":[">=",)" + number(10) + R"(,"<",)" + std::to_string(10 + below(10)) + "]}]}";
      case 2:
        return R"({"s":[{"prefix":"v)" + number(3) + R"("}],"n":[{"anything-but":)" + number(9) + "}]}";
      default:
        return R"({"$or":[{"s":[{"wildcard":"*)" + number(3) + R"("}]},{"n":[)" + number(20) + "]}]}";
    }
  };
  std::vector<Pattern> live(40, pattern_of(R"({"none":[1]})"));
  Matcher matcher;
  for (int round = 0; round < 200; ++round) {
    const uint32_t index = below(40);
    live[index] = pattern_of(some_pattern());
    matcher = matcher.changed(std::vector<std::pair<uint32_t, const Pattern*>>{{index, &live[index]}},
                              std::vector<uint32_t>{index});
    Matcher::Builder builder;
    for (uint32_t i = 0; i < live.size(); ++i) builder.add(i, live[i]);
    const Matcher built = std::move(builder).build();
    const std::string event = R"({"s":"v)" + number(3) + R"(","n":)" + number(20) + "}";
    ASSERT_EQ(ask(matcher, event), ask(built, event)) << event;
  }
}

TEST(ChangedMatcher, IsAskedByManyThreadsWhileItIsReplaced) {
  std::mutex mutex;
  Matcher::Builder builder;
  for (uint32_t i = 0; i < 100; ++i) {
    builder.add(i, pattern_of(R"({"a":[)" + std::to_string(i) + R"(],"b":[{"prefix":"x"}]})"));
  }
  auto current = std::make_shared<const Matcher>(std::move(builder).build());
  std::atomic<bool> done = false;
  std::atomic<size_t> wrong = 0;
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      MatchScratch scratch;
      std::vector<uint32_t> matched;
      for (uint32_t i = 0; !done; i = (i + 1) % 100) {
        std::shared_ptr<const Matcher> matcher;
        {
          const std::lock_guard lock(mutex);
          matcher = current;
        }
        const std::string event = R"({"a":)" + std::to_string(i) + R"(,"b":"xy"})";
        const Reading reading = t % 2 == 0 ? Reading::strict : Reading::trusted;
        // Each is there, but while the odd ones are away.
        if (!matcher->match_document(event, scratch, matched, reading) || matched.size() > 1 ||
            (i % 2 == 0 && matched != std::vector<uint32_t>{i})) {
          ++wrong;
        }
      }
    });
  }
  for (uint32_t round = 0; round < 300; ++round) {
    const uint32_t odd = 2 * (round % 50) + 1;
    const Pattern pattern = pattern_of(R"({"a":[)" + std::to_string(odd) + "]}");
    const auto without = std::make_shared<const Matcher>(current->changed({}, std::vector<uint32_t>{odd}));
    const auto with = std::make_shared<const Matcher>(
        without->changed(std::vector<std::pair<uint32_t, const Pattern*>>{{odd, &pattern}}, {}));
    for (const auto& next : {without, with}) {
      const std::lock_guard lock(mutex);
      current = next;
    }
  }
  done = true;
  threads.clear();
  EXPECT_EQ(wrong, 0U);
}

}  // namespace
}  // namespace kedge
