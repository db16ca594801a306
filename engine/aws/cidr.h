// Ranges of addresses, and how much of the world they hold.
#pragma once

#include <optional>
#include <string_view>

namespace kedge {

struct Cidr {
  bool ipv6 = false;
  int prefix = 0;  // 0 to 32, or to 128

  // AWS's measure of "public": more than a /8 of IPv4 or a /32 of IPv6. "0.0.0.0/1" with
  // "128.0.0.0/1" is the world as much as "0.0.0.0/0" is.
  bool is_broad() const;

  bool operator==(const Cidr&) const = default;
};

// "192.0.2.0/24", "2001:db8::/32", a bare address. Bits beyond the prefix do not matter: "208.236.235.254/0" is the
// world. IPv4 written as IPv6 (::ffff:0:0/96) is IPv4.
std::optional<Cidr> parse_cidr(std::string_view);

}  // namespace kedge
