#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "lua/values.h"

namespace kedge::lua {
namespace {

using nlohmann::json;

// Takes the parser's tokens and builds Lua tables on the stack: for each open table the table itself, and behind it the
// key that waits for its value.
class Builder : public nlohmann::json_sax<json> {
 public:
  explicit Builder(lua_State* state) : state_(state) {}

  bool null() override {
    if (!open_.empty() && open_.back().is_object) return lua_pop(state_, 1), true;  // the key: the member reads as nil
    if (open_.empty()) return lua_pushnil(state_), true;
    lua_pushlightuserdata(state_, nullptr);
    return place();
  }
  bool boolean(bool value) override { return lua_pushboolean(state_, value ? 1 : 0), place(); }
  bool number_integer(number_integer_t value) override { return lua_pushinteger(state_, value), place(); }
  bool number_unsigned(number_unsigned_t value) override {
    if (value <= INT64_MAX) return number_integer(static_cast<number_integer_t>(value));
    return number_float(static_cast<number_float_t>(value), {});
  }
  bool number_float(number_float_t value, const string_t&) override { return lua_pushnumber(state_, value), place(); }
  bool string(string_t& value) override { return lua_pushlstring(state_, value.data(), value.size()), place(); }
  bool binary(binary_t&) override { return false; }

  bool start_object(std::size_t) override { return start(true); }
  bool start_array(std::size_t) override { return start(false); }
  bool key(string_t& name) override { return lua_pushlstring(state_, name.data(), name.size()), true; }
  bool end_object() override {
    if (open_.back().size == 0) mark_as_object(state_);
    return end_array();
  }
  bool end_array() override {
    open_.pop_back();
    return place();
  }

  bool parse_error(std::size_t position, const std::string&, const json::exception&) override {
    luaL_error(state_, "not JSON, at byte %d", static_cast<int>(position));
    return false;
  }

 private:
  struct Open {
    bool is_object;
    lua_Integer size;
  };

  bool start(bool is_object) {
    luaL_checkstack(state_, 6, "a document is nested too deep");
    lua_createtable(state_, 0, 0);
    open_.push_back({is_object, 0});
    return true;
  }

  // Moves the value on top of the stack to where it belongs.
  bool place() {
    if (open_.empty()) return true;
    Open& table = open_.back();
    ++table.size;
    if (table.is_object) {
      lua_rawset(state_, -3);
    } else {
      lua_rawseti(state_, -2, table.size);
    }
    return true;
  }

  lua_State* state_;
  std::vector<Open> open_;
};

}  // namespace

void push_json(lua_State* state, std::string_view text) {
  Builder builder(state);
  luaL_checkstack(state, 6, nullptr);
  json::sax_parse(text.begin(), text.end(), &builder);
}

}  // namespace kedge::lua
