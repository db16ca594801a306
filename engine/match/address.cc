#include "match/address.h"

#include <algorithm>

namespace kedge {
namespace {

std::optional<Address> parse_ipv4(std::string_view text) {
  if (text.size() > 15) return std::nullopt;
  Address address{};
  address[10] = address[11] = 0xFF;
  size_t part = 0;
  uint32_t value = 0;
  bool has_digit = false;
  for (const char c : text) {
    if (c >= '0' && c <= '9') {
      value = value * 10 + static_cast<uint32_t>(c - '0');
      if (value > 255) return std::nullopt;
      has_digit = true;
    } else if (c == '.' && has_digit && part < 3) {
      address[12 + part++] = static_cast<uint8_t>(value);
      value = 0;
      has_digit = false;
    } else {
      return std::nullopt;
    }
  }
  if (part != 3 || !has_digit) return std::nullopt;
  address[15] = static_cast<uint8_t>(value);
  return address;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<Address> parse_ipv6(std::string_view text) {
  Address address{};
  size_t filled = 0;
  std::optional<size_t> gap;  // where "::" stands
  size_t at = 0;
  if (text.starts_with("::")) {
    gap = 0;
    at = 2;
  }
  while (at < text.size()) {
    uint32_t group = 0;
    const size_t begin = at;
    for (; at < text.size() && hex_digit(text[at]) >= 0; ++at) {
      group = group << 4U | static_cast<uint32_t>(hex_digit(text[at]));
      if (group > 0xFFFF) return std::nullopt;
    }
    if (at == begin || filled == address.size()) return std::nullopt;
    address[filled++] = static_cast<uint8_t>(group >> 8U);
    address[filled++] = static_cast<uint8_t>(group & 0xFFU);
    if (at == text.size()) break;
    if (text[at] != ':' || ++at == text.size()) return std::nullopt;
    if (text[at] == ':') {
      if (gap) return std::nullopt;
      gap = filled;
      ++at;
    }
  }
  if (gap.has_value() == (filled == address.size())) return std::nullopt;
  if (gap)
    std::rotate(address.begin() + static_cast<std::ptrdiff_t>(*gap),
                address.begin() + static_cast<std::ptrdiff_t>(filled), address.end());
  return address;
}

}  // namespace

std::optional<Address> parse_address(std::string_view text) {
  // Most strings are no addresses: a glance at the first characters tells.
  if (text.size() < 2 || (hex_digit(text[0]) < 0 && text[0] != ':')) return std::nullopt;
  return text.find(':') == std::string_view::npos ? parse_ipv4(text) : parse_ipv6(text);
}

}  // namespace kedge
