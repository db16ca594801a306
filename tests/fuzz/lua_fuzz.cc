// rooms: base lua
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/json.h"
#include "lua/sandbox.h"

namespace {

using kedge::Json;
using kedge::Result;
namespace lua = kedge::lua;

std::unique_ptr<lua::Sandbox> make_sandbox() {
  lua::Sandbox::Options options;
  options.limits = {.instructions = 20'000, .memory_bytes = 4U << 20U, .result_bytes = 10'000};
  options.words = {"rule"};
  options.functions.push_back({"host.echo", [](const Json& arguments) -> Result<Json> { return arguments; }});
  options.resolve = [](std::string_view) -> Result<lua::File> {
    return lua::File{lua::File::Kind::data, "data.json", R"({"list":[1,2,{"a":3}]})"};
  };
  auto sandbox = lua::Sandbox::create(std::move(options));
  if (!sandbox) __builtin_trap();
  return *std::move(sandbox);
}

// What the text says, as one string: the declaration's data and what its function `run` returns for a document.
std::string run(const std::string& text) {
  auto sandbox = make_sandbox();
  auto environment = sandbox->open({lua::File::Kind::script, "fuzz.lua", text});
  if (!environment) return environment.error().message;
  if (environment->declarations() == 0) return "nothing";
  const auto declaration = environment->declaration(0);
  if (!declaration) return declaration.error().message;
  const auto argument = environment->keep(Json{{"a", {1, "two", nullptr}}, {"b", {{"c", true}}}});
  const auto result = environment->call(0, "run", std::vector{*argument});
  return declaration->data.dump() + (result ? result->dump() : result.error().message);
}

}  // namespace

// Any text: it ends, within the limits, in the same words in every sandbox, and none of them is an address.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const std::string said = run(text);
  if (said != run(text)) __builtin_trap();
  return 0;
}
