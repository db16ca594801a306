#include "trail/record_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/json.h"

namespace kedge {
namespace {

size_t length_of(unsigned char first) { return first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4; }

// Of one character of valid UTF-8.
uint32_t code_point(std::string_view character) {
  const auto first = static_cast<unsigned char>(character[0]);
  if (character.size() == 1) return first;
  uint32_t code = first & (0xFFU >> (character.size() + 1));
  for (const char c : character.substr(1)) code = (code << 6U) | (static_cast<unsigned char>(c) & 0x3FU);
  return code;
}

bool misleads(uint32_t code) {
  const auto within = [&](uint32_t first, uint32_t last) { return first <= code && code <= last; };
  return code < 0x20 || within(0x7F, 0x9F) || code == 0xAD || code == 0x61C ||  // C0, DEL, C1, soft hyphen, Arabic mark
         within(0x200B, 0x200F) || within(0x2028, 0x202E) ||                    // zero width, separators, embeddings
         within(0x2060, 0x206F) || code == 0xFEFF || within(0xE0000, 0xE007F) ||  // isolates, byte order mark, tags
         within(0xFDD0, 0xFDEF) || (code & 0xFFFEU) == 0xFFFE;                    // noncharacters
}

}  // namespace

std::string printable(std::string_view text) {
  const auto is_plain = [](char c) { return c >= 0x20 && c < 0x7F; };
  if (std::all_of(text.begin(), text.end(), is_plain)) return std::string(text);
  std::string result;
  while (!text.empty()) {
    const std::string_view character = text.substr(0, length_of(static_cast<unsigned char>(text[0])));
    if (!is_utf8(character)) {
      result += fmt::format("\\x{{{:02x}}}", static_cast<unsigned char>(text[0]));
      text.remove_prefix(1);
      continue;
    }
    const uint32_t code = code_point(character);
    result += misleads(code) ? fmt::format("\\u{{{:x}}}", code) : std::string(character);
    text.remove_prefix(character.size());
  }
  return result;
}

const Json* value_at(const Json& record, std::string_view pointer) {
  const Json* value = &record;
  while (!pointer.empty()) {
    pointer.remove_prefix(1);
    const std::string_view name = pointer.substr(0, pointer.find('/'));
    const auto* const members = value->get_ptr<const Json::object_t*>();
    if (members == nullptr) return nullptr;
    const auto member = members->find(name);
    if (member == members->end()) return nullptr;
    value = &member->second;
    pointer.remove_prefix(name.size());
  }
  return value;
}

std::string raw_text_at(const Json& record, const char* pointer) {
  const Json* const value = value_at(record, pointer);
  if (value == nullptr || value->is_null()) return "";
  return value->is_string() ? value->get<std::string>() : value->dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string text_at(const Json& record, const char* pointer) { return printable(raw_text_at(record, pointer)); }

}  // namespace kedge
