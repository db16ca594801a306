#include "rule/rule_sandbox.h"

#include "base/json.h"
#include "rule/functions.h"

namespace kedge {
namespace {

// The host's functions take one value; what a script gives beyond the first is an error rather than ignored.
lua::HostFunction adapted(const HostFunction& function) {
  return {function.module + "." + function.name, [call = function.call](const Json& arguments) -> Result<Json> {
            if (arguments.size() > 1) return Error{ErrorCode::invalid, "takes one argument"};
            return call(arguments.empty() ? Json() : arguments[0]);
          }};
}

}  // namespace

lua::File lua_file(const RuleFiles& files, const std::string& path) {
  const auto kind = path.ends_with(".json") ? lua::File::Kind::data : lua::File::Kind::script;
  return {kind, path, files.texts.at(path)};
}

Result<std::unique_ptr<lua::Sandbox>> make_rule_sandbox(const RuleFiles& files, const RuleSet::Options& options,
                                                        const std::string& word) {
  lua::Sandbox::Options sandbox;
  sandbox.limits = {.instructions = static_cast<int64_t>(options.limits.instructions),
                    .memory_bytes = options.limits.memory_bytes,
                    .result_bytes = options.limits.result_bytes};
  sandbox.words = {word};
  sandbox.functions = rule_functions(*options.actions);
  for (const HostFunction& function : options.host_functions) sandbox.modules.push_back(adapted(function));
  sandbox.resolve = [&files](std::string_view name) -> Result<lua::File> {
    const auto path = files.module_path(name);
    if (!path) return path.error();
    return lua_file(files, *path);
  };
  return lua::Sandbox::create(std::move(sandbox));
}

}  // namespace kedge
