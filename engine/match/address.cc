#include "match/address.h"

#include <algorithm>
#include <charconv>

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

bool is_ipv4(const Address& address) {
  return std::all_of(address.begin(), address.begin() + 10, [](uint8_t byte) { return byte == 0; }) &&
         address[10] == 0xFF && address[11] == 0xFF;
}

Address masked(Address address, unsigned bits) {
  for (unsigned i = 0; i < address.size(); ++i) {
    const unsigned kept = bits > 8 * i ? std::min(bits - 8 * i, 8U) : 0;
    address[i] &= static_cast<uint8_t>(0xFF00U >> kept);
  }
  return address;
}

bool contains(const Network& network, const Address& address) {
  return network.ipv4 == is_ipv4(address) && masked(address, network.bits) == network.first;
}

Result<Network> parse_network(std::string_view text) {
  const size_t slash = text.find('/');
  if (slash == std::string_view::npos || text.find('/', slash + 1) != std::string_view::npos) {
    return Error{ErrorCode::invalid,
                 R"(an address and a number of bits with one '/' between them, as in "10.0.0.0/8")"};
  }
  const auto address = parse_address(text.substr(0, slash));
  if (!address) return Error{ErrorCode::invalid, "an IPv4 or IPv6 address before the '/'"};
  const bool ipv4 = is_ipv4(*address);
  std::string_view digits = text.substr(slash + 1);
  if (digits.starts_with('+')) digits.remove_prefix(1);
  unsigned bits = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
  if (digits.empty() || read.ec != std::errc() || read.ptr != digits.data() + digits.size() ||
      bits >= (ipv4 ? 32U : 128U)) {
    return Error{ErrorCode::invalid, ipv4
                                         ? "a number of bits from 0 to 31 behind the '/' (one address alone is written "
                                           "as a string without it)"
                                         : "a number of bits from 0 to 127 behind the '/' (one address alone is "
                                           "written as a string without it)"};
  }
  bits += ipv4 ? 96 : 0;
  return Network{masked(*address, bits), static_cast<uint8_t>(bits), ipv4};
}

}  // namespace kedge
