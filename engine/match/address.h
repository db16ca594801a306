// IP addresses as values, whatever their spelling.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace kedge {

// 16 bytes in network order. An IPv4 address is its IPv4-mapped IPv6 address (RFC 4291 §2.5.5.2): the two are one.
using Address = std::array<uint8_t, 16>;

// Four decimal parts (leading zeros are decimal; 15 characters at most), or IPv6 in any spelling without a dotted tail
// or a zone. None: the text is no address.
std::optional<Address> parse_address(std::string_view text);

}  // namespace kedge
