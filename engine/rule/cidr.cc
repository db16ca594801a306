#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/json.h"
#include "rule/functions.h"

namespace kedge {
namespace {

// An address with the number of its leading bits that count.
struct Network {
  int family = AF_INET;
  std::array<uint8_t, 16> bytes{};
  int prefix = 0;

  int bits() const { return family == AF_INET ? 32 : 128; }
};

Error not_a_network(const std::string& text) {
  return {ErrorCode::invalid,
          fmt::format("'{}' is neither an address nor a network such as 10.0.0.0/8 or 2001:db8::/32", text)};
}

Result<Network> parse_network(const std::string& text) {
  const size_t slash = text.find('/');
  const std::string address = text.substr(0, slash);
  Network network;
  network.family = address.find(':') == std::string::npos ? AF_INET : AF_INET6;
  if (inet_pton(network.family, address.c_str(), network.bytes.data()) != 1) return not_a_network(text);
  network.prefix = network.bits();
  if (slash == std::string::npos) return network;
  const char* const begin = text.data() + slash + 1;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(begin, end, network.prefix);
  const bool in_range = network.prefix >= 0 && network.prefix <= network.bits();
  if (error != std::errc() || rest != end || !in_range) return not_a_network(text);
  return network;
}

std::array<uint8_t, 16> masked(const std::array<uint8_t, 16>& bytes, int prefix) {
  std::array<uint8_t, 16> result = bytes;
  for (int i = 0; i < 16; ++i) {
    const int kept = std::clamp(prefix - 8 * i, 0, 8);
    result[static_cast<size_t>(i)] &= static_cast<uint8_t>(0xFF00U >> static_cast<unsigned>(kept));
  }
  return result;
}

std::string to_text(int family, const std::array<uint8_t, 16>& bytes) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  return inet_ntop(family, bytes.data(), text.data(), text.size());
}

}  // namespace

Result<Json> parse_cidr(const std::string& text) {
  const auto network = parse_network(text);
  if (!network) return network.error();
  const std::string first = to_text(network->family, masked(network->bytes, network->prefix));
  return Json{{"network", fmt::format("{}/{}", first, network->prefix)},
              {"address", to_text(network->family, network->bytes)},
              {"prefix", network->prefix},
              {"version", network->family == AF_INET ? 4 : 6}};
}

Result<bool> cidr_contains(const std::string& network, const std::string& inner) {
  const auto outer = parse_network(network);
  if (!outer) return outer.error();
  const auto other = parse_network(inner);
  if (!other) return other.error();
  return outer->family == other->family && outer->prefix <= other->prefix &&
         masked(outer->bytes, outer->prefix) == masked(other->bytes, outer->prefix);
}

}  // namespace kedge
