// Networks and addresses as people write them, each in one way only.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace kedge {

struct IpAddress {
  bool six = false;
  std::array<uint8_t, 16> bytes{};  // the first four, of IPv4

  // Of a socket that speaks IPv4 over IPv6, the IPv4 address.
  static IpAddress of_bytes(bool six, const void* bytes);
  bool is_loopback() const;
  std::string text() const;  // "192.0.2.1", "2001:db8::1"
  auto operator<=>(const IpAddress&) const = default;
};

struct IpNetwork {
  IpAddress address;
  int prefix = 0;

  bool holds(const IpAddress&) const;
  std::string text() const;  // "192.0.2.0/24"; an address alone where it is one
  auto operator<=>(const IpNetwork&) const = default;
};

struct IpService {
  IpAddress address;
  uint16_t port = 0;

  std::string text() const;  // "192.0.2.1:9092", "[2001:db8::1]:9092"
  auto operator<=>(const IpService&) const = default;
};

// Errors say what would be right.
Result<IpNetwork> parse_ip_network(std::string_view);
Result<IpService> parse_ip_service(std::string_view);
Result<uint16_t> parse_ip_port(std::string_view);

}  // namespace kedge
