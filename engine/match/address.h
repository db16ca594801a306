// IP addresses as values, whatever their spelling.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"

namespace kedge {

// 16 bytes in network order. An IPv4 address is its IPv4-mapped IPv6 address (RFC 4291 §2.5.5.2): the two are one.
using Address = std::array<uint8_t, 16>;

// Four decimal parts (leading zeros are decimal; 15 characters at most), or IPv6 in any spelling without a dotted tail
// or a zone. None: the text is no address.
std::optional<Address> parse_address(std::string_view text);

// Whether it lies in ::ffff:0:0/96, and so is an IPv4 address.
bool is_ipv4(const Address&);

// The addresses that agree with `first` in their first `bits` bits, of one family: no IPv6 network holds IPv4
// addresses.
struct Network {
  Address first;  // the other bits are 0
  uint8_t bits;   // of 128, also for IPv4 (96 to 127)
  bool ipv4;

  bool operator==(const Network&) const = default;
};

// `address` with all but its first `bits` bits cleared.
Address masked(Address address, unsigned bits);
bool contains(const Network&, const Address&);

// "address/bits": 0 to 31 for IPv4, 0 to 127 for IPv6; bits of the host may be set. The error says what would be right.
Result<Network> parse_network(std::string_view text);

}  // namespace kedge
