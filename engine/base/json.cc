#include "base/json.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "base/bytes.h"

namespace kedge {
namespace {

// Builds the document, and lets neither depth nor repeated keys pass, as nlohmann's own builder does.
class StrictBuilder : public nlohmann::json_sax<Json> {
 public:
  StrictBuilder(Json& root, int depth_max) : root_(root), depth_max_(depth_max) {}

  bool null() override { return put(nullptr) != nullptr; }
  bool boolean(bool value) override { return put(value) != nullptr; }
  bool number_integer(number_integer_t value) override { return put(value) != nullptr; }
  bool number_unsigned(number_unsigned_t value) override { return put(value) != nullptr; }
  bool number_float(number_float_t value, const string_t&) override { return put(value) != nullptr; }
  bool string(string_t& value) override { return put(std::move(value)) != nullptr; }
  bool binary(binary_t&) override { return false; }  // there is none in JSON
  bool start_object(std::size_t) override { return open(Json::value_t::object); }
  bool end_object() override { return close(); }
  bool start_array(std::size_t) override { return open(Json::value_t::array); }
  bool end_array() override { return close(); }

  bool key(string_t& name) override {
    auto& members = open_.back()->get_ref<Json::object_t&>();
    const auto [member, is_new] = members.try_emplace(std::move(name));
    if (is_new) {
      member_ = &member->second;
      return true;
    }
    error_ = fmt::format("the key '{}' stands twice in one object", utf8_prefix(member->first, 100));
    return false;
  }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception& cause) override {
    error_ = cause.what();
    // "[json.exception.parse_error.101] parse error at line 1, column 5: ..." → from "parse error" on
    if (const size_t end = error_.find("] "); end != std::string::npos) error_.erase(0, end + 2);
    return false;
  }

  const std::string& error() const { return error_; }

 private:
  // Where it belongs: the root, the end of the array that is open, or the object's member whose key was read.
  template <class Value>
  Json* put(Value&& value) {
    if (open_.empty()) {
      root_ = std::forward<Value>(value);
      return &root_;
    }
    if (!open_.back()->is_array()) {
      *member_ = std::forward<Value>(value);
      return member_;
    }
    auto& items = open_.back()->get_ref<Json::array_t&>();
    return &items.emplace_back(std::forward<Value>(value));
  }
  bool open(Json::value_t type) {
    if (open_.size() < static_cast<size_t>(depth_max_)) {
      open_.push_back(put(type));
      return true;
    }
    error_ = fmt::format("nested deeper than {} levels", depth_max_);
    return false;
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  Json& root_;
  const int depth_max_;
  std::vector<Json*> open_;  // objects and arrays, the root first: nothing is added to one while another in it is open
  Json* member_ = nullptr;   // of the object that is open last
  std::string error_;
};

// UTF-16 order differs from byte order only where a character above U+FFFF (a surrogate pair, D800 to DFFF) meets one
// from U+E000 to U+FFFF. Both strings are valid UTF-8.
bool utf16_less(const std::string& a, const std::string& b) {
  const auto [x, y] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  if (x == a.end() || y == b.end()) return x == a.end() && y != b.end();
  const auto left = static_cast<unsigned char>(*x);
  const auto right = static_cast<unsigned char>(*y);
  const bool left_astral = left >= 0xF0;
  const bool right_astral = right >= 0xF0;
  if (left_astral != right_astral && left >= 0xEE && right >= 0xEE) return left_astral;
  return left < right;
}

bool is_escaped(char c) { return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\'; }

void write_escaped(char c, std::string& out) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      out += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
  }
}

void write_string(const std::string& text, std::string& out) {
  out += '"';
  for (auto at = text.begin(); at != text.end();) {
    const auto stop = std::find_if(at, text.end(), is_escaped);
    out.append(at, stop);
    if (stop == text.end()) break;
    write_escaped(*stop, out);
    at = stop + 1;
  }
  out += '"';
}

constexpr int64_t kIntegerMax = 9'007'199'254'740'992;  // 2^53

Result<void> write_string_checked(const std::string& text, std::string& out) {
  if (!is_utf8(text)) return Error{ErrorCode::invalid, "canonical JSON: a string is not UTF-8"};
  write_string(text, out);
  return {};
}

Result<void> write(const Json& value, std::string& out);

Result<void> write_object(const Json& value, std::string& out) {
  using Member = const Json::object_t::value_type*;
  std::vector<Member> members;
  members.reserve(value.size());
  for (const auto& member : value.get_ref<const Json::object_t&>()) members.push_back(&member);
  std::sort(members.begin(), members.end(), [](Member a, Member b) { return utf16_less(a->first, b->first); });
  out += '{';
  for (size_t i = 0; i < members.size(); ++i) {
    if (i > 0) out += ',';
    if (auto done = write_string_checked(members[i]->first, out); !done) return done;
    out += ':';
    if (auto done = write(members[i]->second, out); !done) return done;
  }
  out += '}';
  return {};
}

Result<void> write(const Json& value, std::string& out) {
  switch (value.type()) {
    case Json::value_t::null:
      out += "null";
      return {};
    case Json::value_t::boolean:
      out += value.get<bool>() ? "true" : "false";
      return {};
    case Json::value_t::string:
      return write_string_checked(value.get_ref<const std::string&>(), out);
    case Json::value_t::object:
      return write_object(value, out);
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned: {
      const bool too_large = value.is_number_unsigned() && value.get<uint64_t>() > static_cast<uint64_t>(kIntegerMax);
      const int64_t number = too_large ? 0 : value.get<int64_t>();
      if (too_large || number > kIntegerMax || number < -kIntegerMax) {
        return Error{ErrorCode::invalid, "canonical JSON: an integer beyond 2^53"};
      }
      out += std::to_string(number);
      return {};
    }
    case Json::value_t::array: {
      out += '[';
      for (size_t i = 0; i < value.size(); ++i) {
        if (i > 0) out += ',';
        if (auto done = write(value[i], out); !done) return done;
      }
      out += ']';
      return {};
    }
    default:
      return Error{ErrorCode::invalid, "canonical JSON: a number with a fraction or exponent"};
  }
}

}  // namespace

Result<Json> parse_json(std::string_view text, int depth_max) {
  Json document;
  StrictBuilder builder(document, depth_max);
  if (!Json::sax_parse(text.begin(), text.end(), &builder)) {
    return Error{ErrorCode::invalid, builder.error().empty() ? "not JSON" : builder.error()};
  }
  return document;
}

Result<std::string> canonical_json(const Json& value) {
  std::string out;
  if (auto done = write(value, out); !done) return done.error();
  return out;
}

}  // namespace kedge
