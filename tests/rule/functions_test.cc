#include "rule/functions.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "lua/sandbox.h"
#include "tests/rule/rule_directory.h"

namespace kedge {
namespace {

// What the expression gives, as text; or the error.
std::string value_of(const std::string& expression) {
  const ActionCatalog actions = test_actions();
  lua::Sandbox::Options options;
  options.words = {"it"};
  options.functions = rule_functions(actions);
  auto sandbox = lua::Sandbox::create(std::move(options));
  auto environment = (*sandbox)->open(
      {lua::File::Kind::script, "x.lua", "it 'is' { run = function() return " + expression + " end }"});
  if (!environment) return environment.error().message;
  const auto result = environment->call(0, "run", {});
  return result ? result->dump() : result.error().message;
}

TEST(Re, MatchesAnywhereAndGivesGroups) {
  EXPECT_EQ(value_of("re.match('arn:aws:s3:::images', 's3:+(.*)')"), R"(["s3:::images","images"])");
  EXPECT_EQ(value_of("re.match('abc', '^b')"), "null");
  EXPECT_EQ(value_of("re.match('ac', 'a(b)?(c)')"), R"(["ac",null,"c"])");
  EXPECT_EQ(value_of("re.match('a', '(')"), "x.lua:1: re.match: the pattern '(' is not RE2: missing ): (");
  EXPECT_EQ(value_of("re.match(nil, 'a')"), "x.lua:1: re.match: takes a text and a pattern");
}

TEST(Re, IsLinearWhereBacktrackingIsNot) {
  EXPECT_EQ(value_of("re.match(('a'):rep(5000), '(a*)*(a*)*(a*)*b')"), "null");
}

TEST(Cidr, IsReadByItsPrefix) {
  EXPECT_EQ(value_of("cidr.parse('208.236.235.254/0')"),
            R"({"address":"208.236.235.254","network":"0.0.0.0/0","prefix":0,"version":4})");
  EXPECT_EQ(value_of("cidr.parse('2001:db8::1/32').network"), "\"2001:db8::/32\"");
  EXPECT_EQ(value_of("cidr.parse('10.0.0.1').prefix"), "32");
  for (const char* text : {"", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "10.0.0/8", "::/129", "10.0.0.0/8 ", "x"}) {
    EXPECT_EQ(value_of("cidr.parse('" + std::string(text) + "')"), "null") << text;
  }
  EXPECT_EQ(value_of("cidr.parse(nil)"), "null");
}

TEST(Cidr, ContainsAddressesAndNetworks) {
  EXPECT_TRUE(*cidr_contains("10.0.0.0/8", "10.255.0.1"));
  EXPECT_TRUE(*cidr_contains("10.0.0.0/9", "10.127.0.0/16"));
  EXPECT_FALSE(*cidr_contains("10.0.0.0/9", "10.128.0.0"));
  EXPECT_FALSE(*cidr_contains("10.0.0.0/16", "10.0.0.0/8"));
  EXPECT_FALSE(*cidr_contains("0.0.0.0/0", "::1"));
  EXPECT_TRUE(*cidr_contains("::/0", "2001:db8::/32"));
  EXPECT_FALSE(cidr_contains("ten", "10.0.0.0").ok());
}

TEST(Time, IsSecondsOrNothing) {
  EXPECT_EQ(value_of("time.parse('1970-01-02T00:00:00Z')"), "86400");
  EXPECT_EQ(value_of("time.parse('1970-01-01T00:00:01.5Z')"), "1.5");
  EXPECT_EQ(value_of("time.parse('yesterday')"), "null");
  EXPECT_EQ(value_of("time.parse(nil)"), "null");
}

TEST(Action, BuildsAStep) {
  EXPECT_EQ(value_of("action.door.close({ door = 'x', locks = { 'a' } }, { timeout = '2m' })"),
            R"({"action":"door.close","args":{"door":"x","locks":["a"]},"timeout_ms":120000,"version":3})");
}

}  // namespace
}  // namespace kedge
