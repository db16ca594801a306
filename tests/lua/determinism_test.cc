// The same input gives the same bytes, in any state and in any order of runs.
#include <gtest/gtest.h>

#include "tests/lua/scripts.h"

namespace kedge::lua {
namespace {

// Touches everything whose order a hash or an address could decide.
constexpr const char* kBody = R"(
  local out = {}
  local t = {}
  for i = 1, 200 do t['key' .. (i * 7919 % 1009)] = i end
  for k, v in pairs(t) do table.insert(out, k .. '=' .. v) end
  for k, v in pairs(x) do table.insert(out, k) end
  local list = {}
  for i = 1, 200 do list[i] = {i = i, k = i % 7} end
  table.sort(list, function(a, b) return a.k < b.k end)
  for _, item in ipairs(list) do table.insert(out, item.i) end
  table.insert(out, tostring(out) .. tostring(pairs) .. json.encode(t))
  return out
)";

TEST(Determinism, EveryStateGivesTheSameBytes) {
  // Each state hashes strings with a seed of its own (its address, and the time).
  const Json argument = Json::parse(R"({"z":1,"y":[3,2,1],"x":{"b":1,"a":2},"w":null})");
  const std::string first = answer(run(kBody, argument));
  ASSERT_EQ(first.substr(0, 1), "[");
  for (int i = 0; i < 20; ++i) EXPECT_EQ(answer(run(kBody, argument)), first);
}

TEST(Determinism, EarlierRunsMakeNoDifference) {
  const Json argument = {{"a", 1}};
  auto sandbox = make_sandbox();
  const std::string first = answer(run(*sandbox, kBody, argument));
  for (const int size : {10, 1000, 5000}) {
    auto used = make_sandbox();
    const auto other = used->open(
        {File::Kind::script, "other.lua", "t = {} for i = 1, " + std::to_string(size) + " do t['x' .. i] = {i} end"});
    EXPECT_TRUE(other.ok());
  }
  for (int i = 0; i < 10; ++i) EXPECT_EQ(answer(run(*sandbox, kBody, argument)), first);
}

TEST(Determinism, ALimitIsReachedAtTheSameInstruction) {
  // The last count before the limit, over many runs of one sandbox and in fresh ones.
  const std::string body = "n = 0 while n < x do n = n + 1 end return n";
  const auto last_that_fits = [&](Sandbox& sandbox) {
    int low = 1;
    int high = 1'000'000;
    while (low + 1 < high) {
      const int middle = (low + high) / 2;
      (run(sandbox, body, middle).ok() ? low : high) = middle;
    }
    return low;
  };
  auto one = make_sandbox();
  const int first = last_that_fits(*one);
  EXPECT_GT(first, 1000);
  EXPECT_EQ(last_that_fits(*one), first);
  auto other = make_sandbox();
  EXPECT_EQ(last_that_fits(*other), first);
}

TEST(Determinism, ASuggestionIsTheSameEverywhere) {
  const std::string first = answer("return json.mgcode");  // as near to decode as to encode
  for (int i = 0; i < 10; ++i) EXPECT_EQ(answer("return json.mgcode"), first);
}

TEST(Determinism, TheFirstErrorIsTheSameEverywhere) {
  const std::string body = "local t = {} for i = 1, 50 do t['k' .. i] = pairs end return t";
  const std::string first = answer(run(body));
  for (int i = 0; i < 10; ++i) EXPECT_EQ(answer(run(body)), first);
}

}  // namespace
}  // namespace kedge::lua
