#include <gtest/gtest.h>

#include "tests/lua/scripts.h"

namespace kedge::lua {
namespace {

constexpr Limits kSmall = {.instructions = 50'000, .memory_bytes = 4U << 20U, .result_bytes = 10'000};

void expect_over_limit(const std::string& body) {
  const auto result = run(body, nullptr, kSmall);
  ASSERT_FALSE(result.ok()) << body;
  EXPECT_EQ(result.error().code, ErrorCode::limit) << body << ": " << result.error().message;
}

TEST(Limits, EndLoops) {
  expect_over_limit("while true do end");
  expect_over_limit("repeat until false");
  expect_over_limit("::again:: goto again");
  expect_over_limit("for i = 1, math.huge do end");
  expect_over_limit("for i = math.mininteger, math.maxinteger do end");
  expect_over_limit("local function f() return f() end return f()");
  expect_over_limit("for i = 1, 1e9 do for k, v in pairs({1, 2, 3}) do end end");
}

TEST(Limits, EndLoopsInsideOfLibraryFunctions) {
  expect_over_limit("table.sort({3, 2, 1}, function(a, b) while true do end end)");
  expect_over_limit("local t = {} for i = 1, 3000 do t[i] = i end while true do table.sort(t) end");
  expect_over_limit(
      "local t = {} for i = 1, 3000 do t[i] = i end while true do table.insert(t, 1, 0) table.remove(t, 1) end");
  expect_over_limit("local s = ('x'):rep(10000) while true do s:upper() end");
  expect_over_limit("local s = ('x'):rep(10000) while true do s:contains('y') end");
  expect_over_limit("local s = ('x'):rep(10000) while true do s:split('x') end");
  expect_over_limit("local s = ('x'):rep(10000) while true do string.format('%s', s) end");
}

TEST(Limits, CountWhatStringsCost) {
  expect_over_limit("return ('x'):rep(1e12)");
  expect_over_limit("return ('x'):rep(math.maxinteger)");
  expect_over_limit("return ('xxxxxxxx'):rep(math.maxinteger)");
  expect_over_limit("return (''):rep(math.maxinteger)");
  expect_over_limit("return ('x'):rep(1e6, ('y'):rep(1000))");
  expect_over_limit("local s = 'x' while true do s = s .. s end");
  expect_over_limit("local s = ('x'):rep(100000) while true do local t = s .. 'y' end");
  expect_over_limit("local t = {} for i = 1, 1000 do t[i] = ('x'):rep(100) end while true do table.concat(t) end");
  expect_over_limit("return (('x'):rep(1000)):replace('x', ('y'):rep(1000))");
}

TEST(Limits, EndWhatGrows) {
  expect_over_limit("local t = {} for i = 1, 1e9 do t[i] = i end");
  expect_over_limit("local t = {} while true do t = {t, t} end");
  expect_over_limit("local function f(...) return f(1, 2, 3, 4, ...) end f()");
  expect_over_limit("local t = {} for i = 1, 1e9 do t['k' .. i] = true end");
}

TEST(Limits, EndDeepRecursion) {
  EXPECT_FALSE(run("local function f(n) return 1 + f(n + 1) end return f(0)").ok());
  EXPECT_FALSE(run("local function f(t) table.sort(t, function() f(t) end) end f({3, 2, 1})").ok());
  EXPECT_FALSE(run("return " + std::string(10'000, '(') + "1" + std::string(10'000, ')')).ok());
  EXPECT_FALSE(run("return " + std::string(10'000, '{') + std::string(10'000, '}')).ok());
  EXPECT_FALSE(run("return " + std::string(100'000, '~') + "1").ok());
}

TEST(Limits, HoldTheResult) {
  expect_over_limit("return ('x'):rep(1e6)");
  EXPECT_NE(answer(run("return ('x'):rep(20000)", nullptr, kSmall)).find("more than 10000 bytes in one value"),
            std::string::npos);
  EXPECT_NE(
      answer(run("local t = {'abc'} for i = 1, 20 do t = {t, t} end return t", nullptr, kSmall)).find("more than"),
      std::string::npos);
}

TEST(Limits, RefuseTablesThatHoldThemselves) {
  EXPECT_NE(answer("local t = {} t.t = t return t").find("nested deeper than 100 levels"), std::string::npos);
  EXPECT_NE(answer("local t = {} for i = 1, 5000 do t = {t} end return t").find("nested deeper than 100"),
            std::string::npos);
}

TEST(Limits, SayWhereTheLoopIs) {
  const auto result = run("\n\nwhile true do end");
  EXPECT_EQ(answer(result), "error: test.lua:3: more than 200000 instructions in one call");
}

TEST(Limits, HoldWhileAFileIsLoaded) {
  auto sandbox = make_sandbox();
  const auto opened = sandbox->open({File::Kind::script, "loop.lua", "while true do end"});
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().message, "loop.lua:1: more than 200000 instructions in one call");
}

TEST(Limits, AreNewForEachCall) {
  auto sandbox = make_sandbox();
  const File file{File::Kind::script, "work.lua",
                  "thing 'it' { run = function() for i = 1, 50000 do end return 1 end }"};
  auto environment = sandbox->open(file);
  ASSERT_TRUE(environment.ok());
  for (int i = 0; i < 20; ++i) ASSERT_EQ(answer(environment->call(0, "run", {})), "1");
}

TEST(Limits, MemoryIsGivenBack) {
  auto sandbox = make_sandbox();
  ASSERT_TRUE(run(*sandbox, "return 1").ok());
  const size_t before = sandbox->memory_bytes();
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(run(*sandbox, "local t = {} for i = 1, 10000 do t[i] = {} end return #t").ok());
  }
  EXPECT_LE(sandbox->memory_bytes(), before + (4U << 20U));
}

TEST(Limits, TheFirstRunCostsNoMoreThanTheNext) {
  // The instructions that a body needs are the same whether its file was compiled in this run or before.
  Sandbox::Options options;
  options.limits.instructions = 1000;
  auto sandbox = make_sandbox(std::move(options));
  const std::string body = "local s = '" + std::string(100'000, 'x') + "' for i = 1, 400 do end return 1";
  EXPECT_EQ(answer(run(*sandbox, body)), "1");
  EXPECT_EQ(answer(run(*sandbox, body)), "1");
}

}  // namespace
}  // namespace kedge::lua
