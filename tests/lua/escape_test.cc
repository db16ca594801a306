// Attacks: what a script may not reach, and what it may not do to the engine or to the next run.
#include <gtest/gtest.h>

#include <array>

#include "tests/lua/scripts.h"

namespace kedge::lua {
namespace {

TEST(Escape, NothingThatActsOrLoadsIsThere) {
  for (const char* name :
       {"io",           "os",           "debug",          "package", "coroutine", "load",   "loadstring", "loadfile",
        "dofile",       "pcall",        "xpcall",         "next",    "rawget",    "rawset", "rawequal",   "rawlen",
        "setmetatable", "getmetatable", "collectgarbage", "print",   "warn",      "_G",     "utf8",       "module",
        "newproxy",     "arg"}) {
    EXPECT_EQ(answer(std::string("return ") + name + " == nil"), "true") << name;
  }
}

TEST(Escape, NoPatternFunctionIsReachable) {
  for (const char* name : {"match", "gmatch", "gsub", "dump", "pack", "unpack", "packsize"}) {
    EXPECT_NE(answer(std::string("return string.") + name).find("string has no"), std::string::npos) << name;
    EXPECT_NE(answer(std::string("return ('x'):") + name + "('x')").find("string has no"), std::string::npos) << name;
  }
  EXPECT_NE(answer("return ('x'):rep(20):find('.-.-.-b')").find("plain text"), std::string::npos);
}

TEST(Escape, NoRandomNumberIsReachable) {
  EXPECT_NE(answer("return math.random()").find("math has no 'random'"), std::string::npos);
  EXPECT_NE(answer("return math.randomseed()").find("math has no"), std::string::npos);
}

TEST(Escape, BinaryChunksAreRefused) {
  auto sandbox = make_sandbox();
  const File file{File::Kind::script, "binary.lua", std::string("\x1bLua\x54\x00\x19\x93\r\n\x1a\n", 12)};
  const auto opened = sandbox->open(file);
  ASSERT_FALSE(opened.ok());
  EXPECT_NE(opened.error().message.find("attempt to load a binary chunk"), std::string::npos);
}

TEST(Escape, SharedTablesCannotBeChanged) {
  for (const char* attack : {"string.upper = nil", "string.mine = 1", "table.insert(string, 1)", "table.remove(math)",
                             "json.encode = tostring", "math['pi'] = 3", "table.insert(table, 1, 2)"}) {
    auto sandbox = make_sandbox();
    (void)run(*sandbox, attack);
    EXPECT_EQ(answer(run(std::string(attack) + " return 'changed'")).substr(0, 6), "error:") << attack;
    EXPECT_EQ(answer("return {('a'):upper(), math.pi > 3.1, json.encode({1})}"), "[\"A\",true,\"[1]\"]");
  }
}

TEST(Escape, NothingSurvivesInGlobals) {
  auto sandbox = make_sandbox();
  const std::string body = "seen = (seen or 0) + 1 string = string or nil return seen";
  EXPECT_EQ(answer(run(*sandbox, body)), "1");
  EXPECT_EQ(answer(run(*sandbox, body)), "1");
}

TEST(Escape, NothingSurvivesInUpvalues) {
  auto sandbox = make_sandbox();
  const File file{File::Kind::script, "counter.lua",
                  "local count = 0 local function add() count = count + 1 return count end\n"
                  "thing 'it' { run = function() add() return add() end }"};
  for (int i = 0; i < 3; ++i) {
    auto environment = sandbox->open(file);
    ASSERT_TRUE(environment.ok());
    EXPECT_EQ(answer(environment->call(0, "run", {})), "2");
  }
}

TEST(Escape, AnEnvironmentCanBeReplacedOnlyForItself) {
  auto sandbox = make_sandbox();
  EXPECT_EQ(answer(run(*sandbox, "_ENV.string = 1 pairs = 2 return {string, pairs}")), "[1,2]");
  EXPECT_EQ(answer(run(*sandbox, "return {type(string), type(pairs)}")), R"(["table","function"])");
}

TEST(Escape, NoAddressIsShown) {
  EXPECT_EQ(answer("return tostring({}) .. tostring(pairs) .. tostring(string) .. tostring(json.null)"),
            "\"tablefunctiontablenull\"");
  EXPECT_EQ(answer("return string.format('%s %10s', {}, pairs)"), "\"table   function\"");
  for (const char* body : {"return string.format('%p', {})", "return string.format('%20p', 'x')",
                           "return string.format('%-5p', pairs)", "return string.format('%%%p', 'x')"}) {
    EXPECT_EQ(answer(body).find("0x"), std::string::npos) << body;
    EXPECT_NE(answer(body).find("%p is not offered"), std::string::npos) << body;
  }
  EXPECT_EQ(answer("return string.format('%q', {})").find("0x"), std::string::npos);
  EXPECT_EQ(answer("return {} .. 'x'").find("0x"), std::string::npos);
  EXPECT_EQ(answer("return {} < {}").find("0x"), std::string::npos);
  EXPECT_EQ(answer("return ({}).a.b").find("0x"), std::string::npos);
  EXPECT_EQ(answer("error({})"), "error: the error is a table value");
  EXPECT_EQ(answer("error(pairs)"), "error: the error is a function value");
  EXPECT_EQ(answer("error()"), "error: the error is a nil value");
}

TEST(Escape, ACloseVariableRunsNothing) {
  EXPECT_NE(answer("local y <close> = {} return 1").find("non-closable"), std::string::npos);
}

TEST(Escape, DataFilesAreFrozenAtEveryDepth) {
  const auto options = [] {
    Sandbox::Options result;
    result.resolve = [](std::string_view) -> Result<File> {
      return File{File::Kind::data, "data.json", R"({"a":{"b":[1,2,{"c":3}]},"none":null})"};
    };
    return result;
  };
  const auto with_data = [&](const std::string& body) {
    auto sandbox = make_sandbox(options());
    const File file{File::Kind::script, "test.lua",
                    "local data = require 'data' thing 'it' { run = function() " + body + "\nend }"};
    auto environment = sandbox->open(file);
    if (!environment) return answer(environment.error());
    return answer(environment->call(0, "run", {}));
  };
  EXPECT_EQ(with_data("return data"), R"({"a":{"b":[1,2,{"c":3}]}})");
  EXPECT_EQ(with_data("local n = 0 for k, v in pairs(data.a) do n = n + #v end return n"), "3");
  EXPECT_EQ(with_data("local n = 0 for i, v in ipairs(data.a.b) do n = n + i end return n"), "6");
  EXPECT_EQ(with_data("return get(data, 'a.b.3.c')"), "3");
  for (const char* attack : {"data.x = 1", "data.a.b[1] = 5", "data.a.b[3].c = 4", "table.insert(data.a.b, 9)",
                             "table.remove(data.a.b)", "table.sort(data.a.b, function() return true end)"}) {
    EXPECT_NE(with_data(attack).find("shared and cannot be changed"), std::string::npos) << attack;
  }
}

TEST(Escape, ErrorsOfAnySizeAreCut) {
  const auto result = run("error(('x'):rep(100000))");
  ASSERT_FALSE(result.ok());
  EXPECT_LE(result.error().message.size(), 2000U);
}

TEST(Escape, AFailedRunLeavesTheSandboxAsItWas) {
  auto sandbox = make_sandbox();
  for (const char* attack : {"while true do end", "local t = {} for i = 1, 1e9 do t[i] = {} end", "error('no')",
                             "local function f() return f() + 1 end return f()", "return ('x'):rep(1e9)"}) {
    EXPECT_FALSE(run(*sandbox, attack).ok()) << attack;
    EXPECT_EQ(answer(run(*sandbox, "return 1 + 1")), "2") << attack;
  }
}

}  // namespace
}  // namespace kedge::lua
