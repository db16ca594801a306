#include <gtest/gtest.h>

#include "tests/lua/scripts.h"

namespace kedge::lua {
namespace {

TEST(Pairs, GoInKeyOrder) {
  EXPECT_EQ(answer("local keys = {} for k in pairs({z = 1, a = 2, [10] = 3, [-1] = 4, [2.5] = 5, [true] = 6, B = 7}) "
                   "do table.insert(keys, tostring(k)) end return keys"),
            R"(["-1","2.5","10","B","a","z","true"])");
}

TEST(Pairs, TellLargeIntegersApart) {
  EXPECT_EQ(answer("local t = {[9007199254740993] = 'b', [9007199254740992] = 'a', [9007199254740994] = 'c'} "
                   "local s = '' for _, v in pairs(t) do s = s .. v end return s"),
            "\"abc\"");
}

TEST(Pairs, RefuseKeysWithoutAnOrder) {
  EXPECT_NE(answer("for k in pairs({[{}] = 1}) do end").find("a key that is a table has no order"), std::string::npos);
}

TEST(Pairs, SkipWhatTheLoopRemoves) {
  EXPECT_EQ(answer("local t, s = {a = 1, b = 2, c = 3}, '' for k in pairs(t) do s = s .. k t.b = nil end return s"),
            "\"ac\"");
}

TEST(Get, NeverFails) {
  const Json event = {{"detail", {{"a", {{"b", 1}}}, {"list", {10, {{"c", 2}}}}}}, {"none", nullptr}};
  EXPECT_EQ(answer("return get(x, 'detail.a.b')", event), "1");
  EXPECT_EQ(answer("return get(x, 'detail.list.2.c')", event), "2");
  EXPECT_EQ(answer("return get(x, 'detail.a.b.c.d')", event), "null");
  EXPECT_EQ(answer("return get(x, 'none.at.all')", event), "null");
  EXPECT_EQ(answer("return get(nil, 'a')"), "null");
  EXPECT_EQ(answer("return get('text', 'a.b')"), "null");
  EXPECT_EQ(answer("return get(x, '')", event), "null");
  EXPECT_EQ(answer("return get(x, '...')", event), "null");
  EXPECT_EQ(answer("return get(string, 'nothing.there')"), "null");
  EXPECT_EQ(answer("return get(x, 'detail.list.99999999999999999999')", event), "null");
}

TEST(Strings, ArePlainAndBounded) {
  EXPECT_EQ(answer("return ('a.b'):find('.', 1, true)"), "2");
  EXPECT_EQ(answer("return ('abc'):find('c')"), "3");
  EXPECT_EQ(answer("return ('abcabc'):find('b', -2)"), "5");
  EXPECT_EQ(answer("return ('abc'):find('')"), "1");
  EXPECT_EQ(answer("return ('abc'):find('x') == nil"), "true");
  EXPECT_EQ(answer("return ('abc'):find('a', 100) == nil"), "true");
  EXPECT_EQ(answer("return ('a,b,,c'):split(',')"), R"(["a","b","","c"])");
  EXPECT_EQ(answer("return ('a.b.c'):replace('.', '::')"), "\"a::b::c\"");
  EXPECT_EQ(answer("return ('  x y '):trim() .. '|' .. ('   '):trim()"), "\"x y|\"");
  EXPECT_EQ(answer("return {('arn:aws'):starts_with('arn:'), ('x'):ends_with('xx'), ('abc'):contains('bc')}"),
            "[true,false,true]");
  EXPECT_EQ(answer("return string.format('%d %5.1f %s %q', 3, 2.25, true, 'a\"b')"), R"("3   2.2 true \"a\\\"b\"")");
  EXPECT_EQ(answer("return {('abc'):byte(1, 3)}"), "[97,98,99]");
  EXPECT_NE(answer("return ('x'):rep(1000):byte(1, 1000)").find("more than 250"), std::string::npos);
  EXPECT_NE(answer("return string.format('%1000d', 1)").find("error:"), std::string::npos);
  EXPECT_NE(answer("return string.format('100%', 1)").find("invalid conversion"), std::string::npos);
}

TEST(Sort, IsStableAndRightForAnyComparator) {
  EXPECT_EQ(answer("local t = {5, 3, 9, 1, 1, 7, 2} table.sort(t) return t"), "[1,1,2,3,5,7,9]");
  EXPECT_EQ(answer("local t = {'b', 'a'} table.sort(t, function(a, b) return a > b end) return t"), R"(["b","a"])");
  EXPECT_EQ(
      answer("local t = {} for i = 1, 100 do t[i] = {k = i % 3, i = i} end "
             "table.sort(t, function(a, b) return a.k < b.k end) "
             "for i = 2, 100 do if t[i].k == t[i-1].k and t[i].i < t[i-1].i then return false end end return true"),
      "true");
  EXPECT_EQ(answer("local t = {3, 1, 2} table.sort(t, function() return true end) return #t"), "3");
  EXPECT_NE(answer("table.sort({1, 'x'})").find("attempt to compare"), std::string::npos);
  EXPECT_EQ(answer("local t = {} table.sort(t) return t"), "[]");
}

TEST(Tables, HaveWhatListsNeed) {
  EXPECT_EQ(answer("local t = {1, 2, 3} table.insert(t, 4) table.insert(t, 1, 0) table.remove(t, 2) return t"),
            "[0,2,3,4]");
  EXPECT_EQ(answer("return table.concat({'a', 'b', 3}, '-')"), "\"a-b-3\"");
  EXPECT_EQ(answer("local a, b = table.unpack({1, 2}) return a + b"), "3");
  EXPECT_NE(answer("return table.unpack({}, 1, 1e7)").find("more than 250"), std::string::npos);
  EXPECT_NE(answer("return table.unpack({}, math.mininteger, math.maxinteger)").find("more than 250"),
            std::string::npos);
}

TEST(JsonLibrary, ReadsAndWrites) {
  EXPECT_EQ(answer(R"(return json.encode({b = 1, a = {1, 2.5, true, "x"}, n = json.null}))"),
            R"("{\"a\":[1,2.5,true,\"x\"],\"b\":1,\"n\":null}")");
  EXPECT_EQ(answer(R"(return json.decode('{"a":[1,null,{"b":null}]}'))"), R"({"a":[1,null,{}]})");
  EXPECT_NE(answer("return json.decode('{')").find("json.decode: parse error"), std::string::npos);
  EXPECT_EQ(answer("return json.encode({})"), "\"[]\"");
  EXPECT_EQ(answer("return json.encode(json.decode('{}'))"), "\"{}\"");
}

TEST(Values, GoInAndOutAsTheyAre) {
  const Json value =
      Json::parse(R"({"s":"text","i":-9007199254740993,"f":0.5,"t":true,"list":[1,[],{}],"o":{"k":{}}})");
  EXPECT_EQ(answer("return x", value), value.dump());
}

TEST(Values, AreTheSameFromTextAsFromADocument) {
  auto sandbox = make_sandbox();
  const File file{File::Kind::script, "same.lua", "thing 'it' { run = function(x) return {x, json.encode(x)} end }"};
  for (const char* text :
       {R"({"s":"t\u00e9xt","i":-9007199254740993,"u":18446744073709551615,"f":0.5,"t":true,"n":null,"e":{"n":null}})",
        R"([1,null,[],{},[[]],{"o":{"k":{}}},""])", "7", "\"x\"", "true"}) {
    auto environment = sandbox->open(file);
    const auto from_text = environment->keep_text(text);
    const auto from_document = environment->keep(Json::parse(text));
    ASSERT_TRUE(from_text.ok() && from_document.ok());
    EXPECT_EQ(answer(environment->call(0, "run", std::vector{*from_text})),
              answer(environment->call(0, "run", std::vector{*from_document})));
  }
  auto environment = sandbox->open(file);
  EXPECT_FALSE(environment->keep_text("{\"a\":").ok());
}

TEST(Values, NullMembersAreNilAndNullItemsAreNull) {
  const Json value = Json::parse(R"({"a":null,"list":[1,null,3]})");
  EXPECT_EQ(answer("return {x.a == nil, #x.list, x.list[2] == json.null}", value), "[true,3,true]");
  EXPECT_EQ(answer("return x", value), R"({"list":[1,null,3]})");
}

TEST(Values, WhatIsNoDataIsNamed) {
  EXPECT_EQ(answer("return {plan = {steps = {1, pairs}}}"), "error: plan.steps[2]: a function is not data");
  EXPECT_EQ(answer("return {1, 2, a = 3}"),
            "error: a table that is neither a list (keys 1 to n) nor a map (strings as keys)");
  EXPECT_EQ(answer("return {a = 0/0}"), "error: a: a number that JSON cannot hold (infinite or not a number)");
  EXPECT_EQ(answer("return '\\xff'"), "error: a string that is not UTF-8");
}

}  // namespace
}  // namespace kedge::lua
