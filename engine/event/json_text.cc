#include "event/json_text.h"

#include <simdjson.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/bytes.h"
#include "event/json_walk.h"

namespace kedge {

// simdjson's first stage, by itself: the widest implementation that this machine has, chosen at run time.
struct JsonScanner::FirstStage {
  std::unique_ptr<simdjson::internal::dom_parser_implementation> parser;
  size_t capacity = 0;

  bool reserve(size_t bytes) {
    if (bytes <= capacity) return true;
    const size_t wanted = std::max<size_t>(std::bit_ceil(bytes), 16U << 10U);
    const auto* best = static_cast<const simdjson::implementation*>(simdjson::get_active_implementation());
    if (best->create_dom_parser_implementation(wanted, 1, parser) != simdjson::SUCCESS) return false;
    capacity = wanted;
    return true;
  }
};

namespace {

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Behind the digits that begin at `at`, eight at a time.
const char* skip_digits(const char* at, const char* end) {
  for (; end - at >= 8; at += 8) {
    uint64_t bytes = 0;
    std::memcpy(&bytes, at, 8);
    bytes ^= 0x3030303030303030ULL;  // a digit is now 0 to 9, and plus 0x76 still below 0x80
    const uint64_t others = (((bytes & 0x7F7F7F7F7F7F7F7FULL) + 0x7676767676767676ULL) | bytes) & 0x8080808080808080ULL;
    if (others == 0) continue;
    if constexpr (std::endian::native == std::endian::little) return at + (std::countr_zero(others) >> 3);
    break;
  }
  while (at != end && is_digit(*at)) ++at;
  return at;
}

// RFC 8259 §6: -? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?
// Behind the number that begins at `at`; null: there is none.
const char* skip_number(const char* at, const char* end) {
  const auto digits = [&at, end] {
    const char* const begin = at;
    at = skip_digits(at, end);
    return at != begin;
  };
  if (at != end && *at == '-') ++at;
  if (at != end && *at == '0') {
    ++at;
  } else if (!digits()) {
    return nullptr;
  }
  if (at != end && *at == '.' && (++at, !digits())) return nullptr;
  if (at != end && (*at == 'e' || *at == 'E')) {
    ++at;
    if (at != end && (*at == '+' || *at == '-')) ++at;
    if (!digits()) return nullptr;
  }
  return at;
}

#ifdef __SSE2__
constexpr size_t kBytesAtOnce = 32;

// Which of that many bytes are digits.
uint64_t find_digits(const char* at) {
  const __m128i zero = _mm_set1_epi8('0');
  const __m128i nine = _mm_set1_epi8(9);
  const auto find = [&](const char* from) {
    const __m128i values = _mm_sub_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)), zero);
    return static_cast<uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(values, nine), values)));
  };
  return find(at) | find(at + 16) << 16U;
}

// Whether a token of fewer bytes is -? (0 | [1-9][0-9]*) (. [0-9]+)? and nothing else: no exponent, no space behind it.
// That many bytes must be there.
bool is_plain_number(const char* token, size_t size) {
  const uint64_t start = *token == '-' ? 1 : 0;
  const uint64_t end = uint64_t{1} << size;
  const uint64_t others = ~find_digits(token) & (end - 1) & ~start;
  const auto whole_end = static_cast<size_t>(std::countr_zero(others | end));
  const bool has_point = others != 0;
  return (others & (others - 1)) == 0 && whole_end != start && (token[start] != '0' || whole_end == start + 1) &&
         (!has_point || (token[whole_end] == '.' && whole_end + 1 != size));
}
#endif

// The same of true, false and null.
const char* skip_word(const char* at, const char* end) {
  for (const std::string_view word : {"true", "false", "null"}) {
    if (std::string_view(at, static_cast<size_t>(end - at)).starts_with(word)) return at + word.size();
  }
  return nullptr;
}

// Four hexadecimal digits, or a negative number.
int32_t read_hex4(std::string_view text, size_t at) {
  if (at + 4 > text.size()) return -1;
  int32_t value = 0;
  for (size_t i = at; i < at + 4; ++i) {
    const char c = text[i];
    const int digit = is_digit(c)            ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

bool is_high_surrogate(int32_t unit) { return unit >= 0xD800 && unit <= 0xDBFF; }
bool is_low_surrogate(int32_t unit) { return unit >= 0xDC00 && unit <= 0xDFFF; }

size_t write_utf8(uint32_t code, char* out) {
  const auto byte = [](uint32_t value) { return static_cast<char>(value); };
  if (code < 0x80) {
    out[0] = byte(code);
    return 1;
  }
  if (code < 0x800) {
    out[0] = byte(0xC0 | code >> 6U);
    out[1] = byte(0x80 | (code & 0x3F));
    return 2;
  }
  if (code < 0x10000) {
    out[0] = byte(0xE0 | code >> 12U);
    out[1] = byte(0x80 | (code >> 6U & 0x3F));
    out[2] = byte(0x80 | (code & 0x3F));
    return 3;
  }
  out[0] = byte(0xF0 | code >> 18U);
  out[1] = byte(0x80 | (code >> 12U & 0x3F));
  out[2] = byte(0x80 | (code >> 6U & 0x3F));
  out[3] = byte(0x80 | (code & 0x3F));
  return 4;
}

}  // namespace

std::string_view JsonValue::bytes() const {
  const char* begin = text_->bytes.data() + text_->marks[mark_];
  const char* end = text_->bytes.data() + text_->marks[is_object() || is_array() ? text_->ends[mark_] : mark_ + 1];
  if (is_object() || is_array()) ++end;
  while (is_space(end[-1])) --end;
  return {begin, static_cast<size_t>(end - begin)};
}

JsonValue JsonValue::member(std::string_view name) const {
  JsonValue found;
  if (!is_object()) return found;
  std::string unescaped;
  for (const JsonMember member : members()) {
    std::string_view key = member.key.raw_string();
    if (text_->escapes_in(key)) {
      unescaped.resize(key.size());
      key = std::string_view(unescaped).substr(0, unescape_json(key, unescaped.data()));
    }
    if (key == name) found = member.value;
  }
  return found;
}

JsonScanner::JsonScanner(size_t depth_max)
    : depth_max_(depth_max), first_stage_(std::make_unique<FirstStage>()), open_(depth_max), opened_(depth_max) {}

JsonScanner::~JsonScanner() = default;

bool JsonScanner::refuse(JsonError::Kind kind, size_t offset, std::string_view expected) {
  error_ = {kind, offset, std::string(expected)};
  return false;
}

// Remembers where objects and arrays end.
class JsonScanner::EndsVisitor {
 public:
  static constexpr bool kSeesText = false;
  EndsVisitor(uint32_t* ends, uint32_t* opened) : ends_(ends), opened_(opened) {}
  bool open(uint32_t depth, uint32_t mark, bool) { return opened_[depth] = mark, true; }
  void close(uint32_t depth, uint32_t mark) { ends_[opened_[depth]] = mark; }

 private:
  uint32_t* ends_;
  uint32_t* opened_;
};

const JsonError* JsonScanner::scan(std::string_view bytes, JsonRules rules) {
  if (!find_marks(bytes)) return &error_;
  if (ends_.size() <= mark_count_) ends_.resize(std::bit_ceil<size_t>(mark_count_ + 1));
  text_.ends = ends_.data();
  return check_grammar(rules, EndsVisitor(ends_.data(), opened_.data())) ? nullptr : &error_;
}

bool JsonScanner::find_marks(std::string_view bytes) {
  text_ = {};
  if (bytes.empty()) return refuse(JsonError::Kind::syntax, 0, "a value");
  if (bytes.size() > UINT32_MAX / 2 || !first_stage_->reserve(bytes.size())) {
    return refuse(JsonError::Kind::syntax, bytes.size(), "a text that fits into memory");
  }
  auto& parser = *first_stage_->parser;
  const auto* begin = reinterpret_cast<const uint8_t*>(bytes.data());
  const auto status = parser.stage1(begin, bytes.size(), simdjson::stage1_mode::regular);
  if (status != simdjson::SUCCESS) {
    if (!is_utf8(bytes)) return refuse(JsonError::Kind::utf8, bytes.size(), "UTF-8");
    if (status == simdjson::EMPTY) return refuse(JsonError::Kind::syntax, 0, "a value");
    if (status == simdjson::UNCLOSED_STRING) return refuse(JsonError::Kind::syntax, bytes.size(), "a closing quote");
    return refuse(JsonError::Kind::syntax, bytes.size(), "strings whose control characters are escaped");
  }
  mark_count_ = parser.n_structural_indexes;
  text_ = {bytes, parser.structural_indexes.get(), nullptr, bytes.find('\\')};
  return true;
}

// What follows the text's value.
bool JsonScanner::check_end(size_t mark, JsonRules rules) {
  if (rules == JsonRules::strict && mark != mark_count_) {
    return refuse(JsonError::Kind::syntax, text_.marks[mark], "nothing more behind the value");
  }
  return !text_.has_escapes() || check_escapes(mark < mark_count_ ? text_.marks[mark] : text_.bytes.size(), rules);
}

// Behind a number or one of the three words; null: there is none. A token reaches to the next mark, so whatever stands
// too much behind it is noticed.
const char* JsonScanner::scalar_end(size_t mark) {
#ifdef __SSE2__
  if (mark < mark_count_) {
    const char* const token = text_.bytes.data() + text_.marks[mark];
    const size_t size = text_.marks[mark + 1] - text_.marks[mark];
    const bool has_room = text_.bytes.size() - text_.marks[mark] >= kBytesAtOnce;
    if (size < kBytesAtOnce && has_room && is_plain_number(token, size)) return token + size;
  }
#endif
  return any_scalar_end(mark);
}

const char* JsonScanner::any_scalar_end(size_t mark) {
  if (mark >= mark_count_) return refuse(JsonError::Kind::syntax, text_.bytes.size(), "a value"), nullptr;
  const char* const begin = text_.bytes.data() + text_.marks[mark];
  const char* const end = text_.bytes.data() + text_.marks[mark + 1];
  const char* const token_end = *begin == '-' || is_digit(*begin) ? skip_number(begin, end) : skip_word(begin, end);
  const char* at = token_end;
  while (at != nullptr && at != end && is_space(*at)) ++at;
  if (at != end) return refuse(JsonError::Kind::syntax, text_.marks[mark], "a value"), nullptr;
  return token_end;
}

bool JsonScanner::check_escapes(size_t size, JsonRules rules) {
  const std::string_view bytes = text_.bytes.substr(0, size);
  for (size_t at = bytes.find('\\'); at != std::string_view::npos; at = bytes.find('\\', at)) {
    const char kind = at + 1 < bytes.size() ? bytes[at + 1] : '\0';
    if (kind != 'u') {
      if (kind == '\0' || std::string_view("\"\\/bfnrt").find(kind) == std::string_view::npos) {
        return refuse(JsonError::Kind::syntax, at, "one of the escapes \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX");
      }
      at += 2;
      continue;
    }
    const int32_t unit = read_hex4(bytes, at + 2);
    if (unit < 0) return refuse(JsonError::Kind::syntax, at, "four hexadecimal digits behind \\u");
    const bool pair =
        is_high_surrogate(unit) && bytes.substr(at + 6, 2) == "\\u" && is_low_surrogate(read_hex4(bytes, at + 8));
    if (rules == JsonRules::strict && !pair && (is_high_surrogate(unit) || is_low_surrogate(unit))) {
      return refuse(JsonError::Kind::utf8, at, "both halves of a surrogate pair");
    }
    at += pair ? 12 : 6;
  }
  return true;
}

size_t unescape_json(std::string_view raw, char* out) {
  char* const begin = out;
  for (size_t at = 0; at < raw.size();) {
    const size_t escape = std::min(raw.find('\\', at), raw.size());
    std::memcpy(out, raw.data() + at, escape - at);
    out += escape - at;
    at = escape;
    if (at == raw.size()) break;
    const char kind = raw[at + 1];
    if (kind != 'u') {
      static constexpr std::string_view kNames = "\"\\/bfnrt";
      static constexpr std::string_view kMeant = "\"\\/\b\f\n\r\t";
      *out++ = kMeant[kNames.find(kind)];
      at += 2;
      continue;
    }
    auto code = static_cast<uint32_t>(read_hex4(raw, at + 2));
    at += 6;
    const int32_t low = raw.substr(at, 2) == "\\u" ? read_hex4(raw, at + 2) : -1;
    if (is_high_surrogate(static_cast<int32_t>(code)) && is_low_surrogate(low)) {
      code = 0x10000 + ((code - 0xD800) << 10U) + (static_cast<uint32_t>(low) - 0xDC00);
      at += 6;
    }
    out += write_utf8(code, out);
  }
  return static_cast<size_t>(out - begin);
}

bool is_json_number(std::string_view text) {
  return skip_number(text.data(), text.data() + text.size()) == text.data() + text.size();
}

bool are_json_escapes(std::string_view raw) {
  for (size_t at = raw.find('\\'); at != std::string_view::npos; at = raw.find('\\', at)) {
    const char kind = at + 1 < raw.size() ? raw[at + 1] : '\0';
    if (kind == 'u' ? read_hex4(raw, at + 2) < 0
                    : kind == '\0' || std::string_view("\"\\/bfnrt").find(kind) == std::string_view::npos) {
      return false;
    }
    at += kind == 'u' ? 6 : 2;
  }
  return true;
}

}  // namespace kedge
