#include "lua/sandbox.h"

#include <gtest/gtest.h>

#include <map>

#include "tests/lua/scripts.h"

namespace kedge::lua {
namespace {

// Modules from a map of names to texts; a name that ends in ".json" is a data file, required without the ending.
Sandbox::Options with_modules(std::map<std::string, std::string> texts) {
  Sandbox::Options options;
  options.resolve = [texts = std::move(texts)](std::string_view name) -> Result<File> {
    if (const auto script = texts.find(std::string(name)); script != texts.end()) {
      return File{File::Kind::script, "lib/" + script->first + ".lua", script->second};
    }
    return Error{ErrorCode::not_found, "there is no module '" + std::string(name) + "'"};
  };
  return options;
}

std::string run_file(Sandbox& sandbox, const std::string& text) {
  auto environment = sandbox.open({File::Kind::script, "main.lua", text});
  if (!environment) return answer(environment.error());
  if (environment->declarations() == 0) return "nothing declared";
  return answer(environment->call(0, "run", {}));
}

TEST(Sandbox, SaysWhereASyntaxErrorIs) {
  auto sandbox = make_sandbox();
  EXPECT_EQ(run_file(*sandbox, "local a = 1\nlocal b = = 2\n"), "error: main.lua:2: unexpected symbol near '='");
}

TEST(Sandbox, SaysWhereARunFailed) {
  auto sandbox = make_sandbox();
  EXPECT_EQ(run_file(*sandbox, "thing 'a' {\n run = function()\n return nothing.there end }"),
            "error: main.lua:3: attempt to index a nil value (global 'nothing')");
}

TEST(Sandbox, CollectsDeclarations) {
  auto sandbox = make_sandbox();
  auto environment = sandbox->open({File::Kind::script, "two.lua",
                                    "thing 'first' { a = 1, list = {}, run = function() end }\n\nthing 'second' {\n}"});
  ASSERT_TRUE(environment.ok());
  ASSERT_EQ(environment->declarations(), 2U);
  const auto first = environment->declaration(0);
  EXPECT_EQ(first->word, "thing");
  EXPECT_EQ(first->name, "first");
  EXPECT_EQ(first->line, 1);
  EXPECT_EQ(first->data, Json::parse(R"({"a":1,"list":[]})"));
  EXPECT_EQ(first->functions, std::vector<std::string>{"run"});
  EXPECT_EQ(environment->declaration(1)->line, 3);
  EXPECT_EQ(environment->declaration(1)->data, Json::object());
}

TEST(Sandbox, DeclarationsStandOutsideOfFunctions) {
  auto sandbox = make_sandbox();
  EXPECT_NE(run_file(*sandbox, "thing 'a' { run = function() thing 'b' {} end }").find("outside of every function"),
            std::string::npos);
}

TEST(Require, GivesWhatTheModuleReturnsOnce) {
  auto sandbox = make_sandbox(with_modules({{"a.b", "count = (count or 0) + 1 return {count = count}"}}));
  const std::string text = "local m, n = require 'a.b', require 'a.b' thing 'x' { run = function() return {m, n} end }";
  EXPECT_EQ(run_file(*sandbox, text), R"([{"count":1},{"count":1}])");
  EXPECT_EQ(run_file(*sandbox, text), R"([{"count":1},{"count":1}])");  // a module starts anew in each environment
}

TEST(Require, NamesTheModulesThatWereReached) {
  auto sandbox = make_sandbox(with_modules({{"a", "require 'b' return {}"}, {"b", "return {}"}, {"c", "return {}"}}));
  auto environment = sandbox->open({File::Kind::script, "main.lua", "require 'a'"});
  ASSERT_TRUE(environment.ok());
  EXPECT_EQ(environment->modules(), (std::vector<std::string>{"a", "b"}));
}

TEST(Require, RefusesCyclesAndUnknownNames) {
  auto sandbox =
      make_sandbox(with_modules({{"a", "require 'b' return {}"}, {"b", "require 'a' return {}"}, {"c", ""}}));
  EXPECT_EQ(run_file(*sandbox, "require 'a'"),
            "error: lib/b.lua:1: the module 'a' requires itself, by way of others or not");
  auto other = make_sandbox(with_modules({{"c", ""}}));
  EXPECT_EQ(run_file(*other, "\nrequire 'd'"), "error: main.lua:2: there is no module 'd'");
  auto empty = make_sandbox(with_modules({{"c", ""}}));
  EXPECT_EQ(run_file(*empty, "require 'c'"), "error: main.lua:1: the module 'c' returns nothing");
}

TEST(Require, BelongsOutsideOfFunctions) {
  auto sandbox = make_sandbox(with_modules({{"a", "return {}"}}));
  EXPECT_NE(run_file(*sandbox, "thing 'x' { run = function() require 'a' end }").find("outside of every function"),
            std::string::npos);
}

TEST(HostFunctions, AreCalledWithValuesAndGiveValues) {
  Sandbox::Options options;
  options.functions.push_back({"net.add", [](const Json& arguments) -> Result<Json> {
                                 return Json(arguments[0].get<int>() + arguments[1].get<int>());
                               }});
  options.functions.push_back({"net.deep.echo", [](const Json& arguments) -> Result<Json> { return arguments; }});
  options.modules.push_back({"aws.policy.judge", [](const Json&) -> Result<Json> { return Json("public"); }});
  auto sandbox = make_sandbox(std::move(options));
  EXPECT_EQ(run_file(*sandbox, "thing 'x' { run = function() return net.add(2, 3) end }"), "5");
}

TEST(HostFunctions, TakeNilAsNull) {
  Sandbox::Options options;
  options.functions.push_back({"deep.er.echo", [](const Json& arguments) -> Result<Json> { return arguments; }});
  auto sandbox = make_sandbox(std::move(options));
  EXPECT_EQ(run_file(*sandbox, "thing 'x' { run = function() return deep.er.echo(nil, {a = 1}, 's') end }"),
            R"([null,{"a":1},"s"])");
}

TEST(HostFunctions, CanBeModules) {
  Sandbox::Options options;
  options.modules.push_back({"aws.policy.judge", [](const Json&) -> Result<Json> { return Json("public"); }});
  auto sandbox = make_sandbox(std::move(options));
  EXPECT_EQ(run_file(*sandbox, "local p = require 'aws.policy' thing 'x' { run = function() return p.judge() end }"),
            "\"public\"");
}

TEST(HostFunctions, FailAtTheLineThatCalledThem) {
  Sandbox::Options options;
  options.functions.push_back({"net.fail", [](const Json&) -> Result<Json> {
                                 return Error{ErrorCode::invalid, "no such thing"};
                               }});
  auto sandbox = make_sandbox(std::move(options));
  EXPECT_EQ(run_file(*sandbox, "thing 'x' { run = function()\n\nreturn net.fail() end }"),
            "error: main.lua:3: net.fail: no such thing");
}

TEST(HostFunctions, UnknownOnesAreNamedWithWhatWasMeant) {
  Sandbox::Options options;
  options.functions.push_back({"action.aws.s3.block", [](const Json&) -> Result<Json> { return Json(1); }});
  auto sandbox = make_sandbox(std::move(options));
  EXPECT_EQ(run_file(*sandbox, "thing 'x' { run = function() return action.aws.s3.blok {} end }"),
            "error: main.lua:1: action.aws.s3 has no 'blok' (did you mean 'block'?)");
}

}  // namespace
}  // namespace kedge::lua
