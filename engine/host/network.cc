#include "host/network.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace kedge {
namespace {

constexpr std::array<uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

Error invalid(std::string message) { return {ErrorCode::invalid, std::move(message)}; }

Result<IpAddress> parse_address(std::string_view text) {
  IpAddress address;
  const std::string copy(text);
  address.six = copy.find(':') != std::string::npos;
  if (inet_pton(address.six ? AF_INET6 : AF_INET, copy.c_str(), address.bytes.data()) == 1) return address;
  return invalid(
      fmt::format("'{}' is not an address like 192.0.2.1 or 2001:db8::1 (names do not resolve in isolation)", text));
}

IpAddress masked(IpAddress address, int prefix) {
  for (int bit = prefix; bit < 128; ++bit) {
    address.bytes[static_cast<size_t>(bit / 8)] &= static_cast<uint8_t>(~(0x80U >> static_cast<unsigned>(bit % 8)));
  }
  return address;
}

}  // namespace

IpAddress IpAddress::of_bytes(bool six, const void* bytes) {
  IpAddress address;
  const auto* const from = static_cast<const uint8_t*>(bytes);
  const bool mapped = six && std::equal(kMapped.begin(), kMapped.end(), from);
  address.six = six && !mapped;
  std::memcpy(address.bytes.data(), mapped ? from + kMapped.size() : from, address.six ? 16 : 4);
  return address;
}

bool IpAddress::is_loopback() const {
  if (!six) return bytes[0] == 127;
  return std::all_of(bytes.begin(), bytes.end() - 1, [](uint8_t byte) { return byte == 0; }) && bytes.back() == 1;
}

std::string IpAddress::text() const {
  std::array<char, INET6_ADDRSTRLEN> out{};
  return inet_ntop(six ? AF_INET6 : AF_INET, bytes.data(), out.data(), out.size());
}

bool IpNetwork::holds(const IpAddress& other) const {
  return other.six == address.six && masked(other, prefix) == address;
}

std::string IpNetwork::text() const {
  return prefix == (address.six ? 128 : 32) ? address.text() : fmt::format("{}/{}", address.text(), prefix);
}

std::string IpService::text() const {
  return address.six ? fmt::format("[{}]:{}", address.text(), port) : fmt::format("{}:{}", address.text(), port);
}

Result<IpNetwork> parse_ip_network(std::string_view text) {
  const size_t slash = text.find('/');
  const auto address = parse_address(text.substr(0, slash));
  if (!address) return address.error();
  const int most = address->six ? 128 : 32;
  IpNetwork network{*address, most};
  if (slash != std::string_view::npos) {
    const std::string_view digits = text.substr(slash + 1);
    const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), network.prefix);
    if (failure != std::errc() || end != digits.data() + digits.size() || network.prefix < 0 || network.prefix > most) {
      return invalid(fmt::format("'{}': behind the slash stands a number from 0 to {}", text, most));
    }
  }
  const IpNetwork right{masked(*address, network.prefix), network.prefix};
  if (right.address == network.address) return network;
  return invalid(fmt::format("'{}' has bits behind its prefix: {} is the network, {} the address", text, right.text(),
                             address->text()));
}

Result<uint16_t> parse_ip_port(std::string_view text) {
  uint16_t port = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (failure == std::errc() && end == text.data() + text.size() && port > 0) return port;
  return invalid(fmt::format("'{}' is not a port: a number from 1 to 65535", text));
}

Result<IpService> parse_ip_service(std::string_view text) {
  const size_t colon = text.rfind(':');
  std::string_view host = text.substr(0, colon == std::string_view::npos ? 0 : colon);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (host.empty() || (!bracketed && host.find(':') != std::string_view::npos)) {
    return invalid(fmt::format("'{}' is not ADDRESS:PORT, like 192.0.2.1:9092 or [2001:db8::1]:9092", text));
  }
  const auto address = parse_address(host);
  if (!address) return address.error();
  const auto port = parse_ip_port(text.substr(colon + 1));
  if (!port) return port.error();
  return IpService{*address, *port};
}

}  // namespace kedge
