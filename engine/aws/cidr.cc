#include "aws/cidr.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

namespace kedge {
namespace {

constexpr int kIpv4PrefixMin = 8;
constexpr int kIpv6PrefixMin = 32;
constexpr int kMappedPrefix = 96;

bool is_mapped_ipv4(const in6_addr& address) {
  constexpr std::array<uint8_t, 12> kPrefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  return std::equal(kPrefix.begin(), kPrefix.end(), address.s6_addr);
}

std::optional<int> read_prefix(std::string_view digits, int most) {
  int prefix = 0;
  const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), prefix);
  const bool good = failure == std::errc() && end == digits.data() + digits.size() && prefix >= 0 && prefix <= most;
  return good ? std::optional(prefix) : std::nullopt;
}

}  // namespace

bool Cidr::is_broad() const { return prefix < (ipv6 ? kIpv6PrefixMin : kIpv4PrefixMin); }

std::optional<Cidr> parse_cidr(std::string_view text) {
  const size_t slash = text.find('/');
  const std::string address(text.substr(0, slash));
  in_addr ipv4{};
  in6_addr ipv6{};
  const bool is_ipv4 = inet_pton(AF_INET, address.c_str(), &ipv4) == 1;
  if (!is_ipv4 && inet_pton(AF_INET6, address.c_str(), &ipv6) != 1) return std::nullopt;
  const int bits = is_ipv4 ? 32 : 128;
  const auto prefix = slash == std::string_view::npos ? bits : read_prefix(text.substr(slash + 1), bits);
  if (!prefix) return std::nullopt;
  if (is_ipv4) return Cidr{false, *prefix};
  if (is_mapped_ipv4(ipv6) && *prefix >= kMappedPrefix) return Cidr{false, *prefix - kMappedPrefix};
  return Cidr{true, *prefix};
}

}  // namespace kedge
