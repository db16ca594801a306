#include "lua/sandbox.h"

#include <fmt/format.h>

#include <utility>

#include "base/bytes.h"
#include "lua/machine.h"
#include "lua/modules.h"
#include "lua/values.h"

namespace kedge::lua {
namespace {

constexpr size_t kMessageBytesMax = 2000;       // of a script's error
constexpr size_t kGarbageBytesMin = 1U << 20U;  // left by environments, before all of it is collected

struct Protected {
  Body body;
  void* context;
};

int run_protected(lua_State* state) {
  const auto* const call = static_cast<const Protected*>(lua_touserdata(state, 1));
  lua_settop(state, 0);
  call->body(state, call->context);
  return 0;
}

// What the error on top of the stack says. Values that are no text say nothing more than their type.
std::string error_text(lua_State* state) {
  if (lua_type(state, -1) != LUA_TSTRING) return fmt::format("the error is a {} value", luaL_typename(state, -1));
  size_t size = 0;
  const char* const text = lua_tolstring(state, -1, &size);
  return is_utf8({text, size}) ? std::string(utf8_prefix({text, size}, kMessageBytesMax)) : "the error is not UTF-8";
}

// "FILE:LINE: " where the error begins with it.
std::string position_of(const std::string& message) {
  const size_t end = message.find(": ");
  return end == std::string::npos || message.find(' ') < end ? "" : message.substr(0, end + 2);
}

Error error_of(Machine& machine, int status) {
  const std::string text = status == LUA_ERRMEM ? "" : error_text(machine.state);
  switch (machine.budget.exceeded()) {
    case Budget::Exceeded::instructions:
      return {ErrorCode::limit, fmt::format("{}more than {} instructions in one call", position_of(text),
                                            machine.options.limits.instructions)};
    case Budget::Exceeded::memory:
      if (status != LUA_ERRMEM) break;
      return {ErrorCode::limit,
              fmt::format("more than {} bytes of memory in one call", machine.options.limits.memory_bytes)};
    case Budget::Exceeded::nothing:
      break;
  }
  if (status == LUA_ERRMEM) return {ErrorCode::limit, "the machine has no memory left"};
  return {ErrorCode::invalid, text};
}

// Everything that the environment holds goes; its compiled files let go of its globals.
void close(Machine& machine) {
  lua_State* const state = machine.state;
  auto done = protect(machine, [&machine](lua_State* inner) {
    for (const int script : machine.entered) {
      lua_rawgeti(inner, LUA_REGISTRYINDEX, script);
      lua_pushnil(inner);
      lua_setupvalue(inner, -2, 1);
      lua_pop(inner, 1);
    }
  });
  (void)done;  // nothing in it can fail
  for (auto* const list : {&machine.declared, &machine.kept}) {
    for (const int reference : *list) luaL_unref(state, LUA_REGISTRYINDEX, reference);
    list->clear();
  }
  luaL_unref(state, LUA_REGISTRYINDEX, machine.globals);
  luaL_unref(state, LUA_REGISTRYINDEX, machine.loaded);
  machine.globals = machine.loaded = LUA_NOREF;
  machine.entered.clear();
  machine.required.clear();
  machine.in_progress.clear();
  machine.is_open = machine.loading = false;
  // Collecting costs as much as what stays: it waits until there is as much garbage.
  const size_t baseline = machine.budget.baseline_bytes();
  if (machine.budget.used_bytes() > baseline + std::max(baseline, kGarbageBytesMin)) {
    lua_gc(state, LUA_GCCOLLECT);
    machine.budget.set_baseline();
  }
}

void begin(Machine& machine) {
  lua_State* const state = machine.state;
  lua_createtable(state, 0, 8);
  lua_rawgeti(state, LUA_REGISTRYINDEX, machine.environment_metatable);
  lua_setmetatable(state, -2);
  machine.globals = luaL_ref(state, LUA_REGISTRYINDEX);
  lua_createtable(state, 0, 4);
  machine.loaded = luaL_ref(state, LUA_REGISTRYINDEX);
}

Declaration read_declaration(Machine& machine, int reference) {
  lua_State* const state = machine.state;
  Declaration declaration;
  lua_rawgeti(state, LUA_REGISTRYINDEX, reference);
  lua_getfield(state, 1, "word");
  lua_getfield(state, 1, "name");
  lua_getfield(state, 1, "line");
  lua_getfield(state, 1, "fields");
  declaration.word = lua_tostring(state, 2);
  declaration.name = read_value(state, 3, machine.options.limits.result_bytes).get<std::string>();
  declaration.line = static_cast<int>(lua_tointeger(state, 4));
  declaration.data = read_value(state, 5, machine.options.limits.result_bytes, Functions::skip);
  if (declaration.data.empty()) declaration.data = nlohmann::json::object();
  lua_pushnil(state);
  while (lua_next(state, 5) != 0) {
    if (lua_type(state, -2) == LUA_TSTRING && lua_isfunction(state, -1)) {
      declaration.functions.emplace_back(lua_tostring(state, -2));
    }
    lua_pop(state, 1);
  }
  std::sort(declaration.functions.begin(), declaration.functions.end());
  return declaration;
}

}  // namespace

Machine& machine_of(lua_State* state) { return **static_cast<Machine**>(lua_getextraspace(state)); }

Result<void> protect(Machine& machine, Body body, void* context) {
  lua_State* const state = machine.state;
  const int top = lua_gettop(state);
  if (lua_checkstack(state, 8) == 0) return Error{ErrorCode::limit, "the machine has no memory left"};
  Protected call{body, context};
  lua_pushcfunction(state, run_protected);
  lua_pushlightuserdata(state, &call);
  const int status = lua_pcall(state, 1, 0, 0);
  Result<void> result;
  if (status != LUA_OK) result = error_of(machine, status);
  lua_settop(state, top);
  return result;
}

Sandbox::Sandbox(std::unique_ptr<Machine> machine) : machine_(std::move(machine)) {}
Sandbox::~Sandbox() = default;

Result<std::unique_ptr<Sandbox>> Sandbox::create(Options options) {
  auto machine = std::make_unique<Machine>(std::move(options));
  machine->state = lua_newstate(Budget::allocate, &machine->budget);
  if (machine->state == nullptr) return Error{ErrorCode::limit, "the machine has no memory left"};
  *static_cast<Machine**>(lua_getextraspace(machine->state)) = machine.get();
  auto built = protect(*machine, [&machine](lua_State*) { build_base(*machine); });
  if (!built) return built.error().with("making the sandbox");
  lua_gc(machine->state, LUA_GCCOLLECT);
  machine->budget.set_baseline();
  return std::unique_ptr<Sandbox>(new Sandbox(std::move(machine)));
}

Result<Environment> Sandbox::open(const File& file) {
  Machine& machine = *machine_;
  assert(!machine.is_open);
  Environment environment(machine);
  machine.is_open = true;
  if (auto begun = protect(machine, [&](lua_State*) { begin(machine); }); !begun) return begun.error();
  machine.loading = true;
  auto run = protect_within_limits(machine, [&](lua_State*) { run_script(machine, file); });
  machine.loading = false;
  if (!run) return run.error();
  return environment;
}

size_t Sandbox::memory_bytes() const { return machine_->budget.used_bytes(); }

Environment::~Environment() {
  if (machine_ != nullptr) close(*machine_);
}
Environment::Environment(Environment&& other) noexcept : machine_(std::exchange(other.machine_, nullptr)) {}

std::vector<std::string> Environment::modules() const { return {machine_->required.begin(), machine_->required.end()}; }

size_t Environment::declarations() const { return machine_->declared.size(); }

Result<Declaration> Environment::declaration(size_t index) const {
  Declaration declaration;
  const int reference = machine_->declared.at(index);
  auto read = protect(*machine_, [&](lua_State*) { declaration = read_declaration(*machine_, reference); });
  if (!read) return read.error();
  return declaration;
}

Result<Environment::Handle> Environment::keep(const nlohmann::json& value) {
  auto pushed = protect(*machine_, [&](lua_State* state) {
    push_value(state, value);
    machine_->kept.push_back(luaL_ref(state, LUA_REGISTRYINDEX));
  });
  if (!pushed) return pushed.error();
  return Handle{static_cast<int>(machine_->kept.size()) - 1};
}

Result<Environment::Handle> Environment::keep_text(std::string_view json) {
  auto pushed = protect(*machine_, [&](lua_State* state) {
    push_json(state, json);
    machine_->kept.push_back(luaL_ref(state, LUA_REGISTRYINDEX));
  });
  if (!pushed) return pushed.error();
  return Handle{static_cast<int>(machine_->kept.size()) - 1};
}

Result<nlohmann::json> Environment::call(size_t declaration, std::string_view function,
                                         std::span<const Handle> arguments) {
  nlohmann::json result;
  auto called = protect_within_limits(*machine_, [&](lua_State* state) {
    luaL_checkstack(state, static_cast<int>(arguments.size()) + 8, nullptr);
    lua_rawgeti(state, LUA_REGISTRYINDEX, machine_->declared.at(declaration));
    lua_getfield(state, 1, "fields");
    lua_pushlstring(state, function.data(), function.size());
    lua_rawget(state, 2);
    for (const Handle argument : arguments) {
      lua_rawgeti(state, LUA_REGISTRYINDEX, machine_->kept.at(static_cast<size_t>(argument.slot)));
    }
    lua_call(state, static_cast<int>(arguments.size()), 1);
    result = read_value(state, -1, machine_->options.limits.result_bytes);
  });
  if (!called) return called.error();
  return result;
}

}  // namespace kedge::lua
