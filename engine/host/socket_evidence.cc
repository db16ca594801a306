#include "host/socket_evidence.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>

#include <array>
#include <charconv>
#include <cstring>
#include <optional>

#include "base/files.h"

namespace kedge {
namespace {

constexpr size_t kTableBytesMax = 64U << 20U;  // some 400,000 sockets
constexpr std::array<const char*, 8> kProtocols = {"tcp", "tcp6", "udp", "udp6", "raw", "raw6", "packet", "unix"};

// The kernel's numbers of TCP states; UDP and raw sockets use two of them.
constexpr std::array<const char*, 13> kStates = {
    "unknown", "established", "syn-sent", "syn-received", "fin-wait-1", "fin-wait-2",      "time-wait",
    "closed",  "close-wait",  "last-ack", "listening",    "closing",    "new-syn-received"};

std::vector<std::string_view> words(std::string_view line, size_t count_max) {
  std::vector<std::string_view> all;
  while (all.size() < count_max) {
    const size_t begin = line.find_first_not_of(' ');
    if (begin == std::string_view::npos) break;
    line.remove_prefix(begin);
    const size_t end = all.size() + 1 == count_max ? line.size() : std::min(line.find(' '), line.size());
    all.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
  return all;
}

std::optional<uint64_t> number_of(std::string_view text, int base) {
  uint64_t number = 0;
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (wrong != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// "0100007F:1F90": words of 32 bits as this machine holds them in memory, and the port.
std::optional<std::string> address_of(std::string_view text) {
  const size_t colon = text.find(':');
  const bool six = colon == 32;
  if (colon != 8 && !six) return std::nullopt;
  std::array<uint32_t, 4> parts{};
  for (size_t i = 0; i < colon / 8; ++i) {
    const auto part = number_of(text.substr(i * 8, 8), 16);
    if (!part) return std::nullopt;
    parts[i] = static_cast<uint32_t>(*part);
  }
  const auto port = number_of(text.substr(colon + 1), 16);
  std::array<char, INET6_ADDRSTRLEN> shown{};
  if (!port || inet_ntop(six ? AF_INET6 : AF_INET, parts.data(), shown.data(), shown.size()) == nullptr) {
    return std::nullopt;
  }
  return fmt::format(fmt::runtime(six ? "[{}]:{}" : "{}:{}"), shown.data(), *port);
}

// sl local remote st tx:rx tr:tm retrnsmt uid timeout inode
std::optional<Json> internet_socket(std::string_view protocol, std::string_view line) {
  const auto all = words(line, 11);
  if (all.size() < 10) return std::nullopt;
  const auto local = address_of(all[1]);
  const auto remote = address_of(all[2]);
  const auto state = number_of(all[3], 16);
  const auto uid = number_of(all[7], 10);
  const auto inode = number_of(all[9], 10);
  if (!local || !remote || !state || !uid || !inode) return std::nullopt;
  return Json{{"local", *local},
              {"remote", *remote},
              {"state", protocol.starts_with("tcp") ? kStates[*state < kStates.size() ? *state : 0]
                                                    : (*state == 1 ? "connected" : "open")},
              {"uid", *uid},
              {"inode", *inode}};
}

// sk RefCnt Type Proto Iface R Rmem User Inode
std::optional<Json> packet_socket(std::string_view line) {
  const auto all = words(line, 9);
  const auto inode = all.size() == 9 ? number_of(all[8], 10) : std::nullopt;
  const auto uid = inode ? number_of(all[7], 10) : std::nullopt;
  const auto interface = uid ? number_of(all[4], 10) : std::nullopt;
  if (!interface) return std::nullopt;
  return Json{{"state", "open"},
              {"interface", *interface},
              {"ether_type", std::string(all[3])},
              {"uid", *uid},
              {"inode", *inode}};
}

// Num: RefCount Protocol Flags Type St Inode Path
std::optional<Json> unix_socket(std::string_view line) {
  constexpr uint64_t kAccepts = 0x10000;
  const auto all = words(line, 8);
  const auto inode = all.size() >= 7 ? number_of(all[6], 10) : std::nullopt;
  const auto flags = inode ? number_of(all[3], 16) : std::nullopt;
  if (!flags || !all[0].ends_with(':') || all[3].size() != 8) return std::nullopt;
  Json socket = {{"state", (*flags & kAccepts) != 0 ? "listening"
                           : all[5] == "03"         ? "connected"
                                                    : "open"},
                 {"inode", *inode}};
  if (all.size() == 8) put_text(socket, "path", all[7]);
  return socket;
}

}  // namespace

std::vector<Json> parse_sockets(std::string_view protocol, std::string_view table) {
  std::vector<Json> sockets;
  for (std::string_view rest = table; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    auto socket = protocol == "packet" ? packet_socket(line)
                  : protocol == "unix" ? unix_socket(line)
                                       : internet_socket(protocol, line);
    if (!socket) continue;
    (*socket)["protocol"] = protocol;
    sockets.push_back(*std::move(socket));
  }
  return sockets;
}

void capture_sockets(EvidenceWriter& writer, const SeenProcesses& seen) {
  EvidenceList list(writer, "sockets", writer.limits().sockets);
  for (const auto& [network, process] : seen.network_namespaces) {
    for (const char* protocol : kProtocols) {
      const std::string path = fmt::format("/proc/{}/net/{}", process, protocol);
      const auto table = read_file(path, kTableBytesMax);
      // A kernel without a protocol has no table of it.
      if (!table && table.error().code != ErrorCode::not_found) {
        writer.cut(fmt::format("{} sockets of network namespace {}", protocol, network), std::nullopt,
                   table.error().message);
      }
      for (Json& socket : table ? parse_sockets(protocol, *table) : std::vector<Json>()) {
        if (!list.has_room()) continue;
        socket["network_namespace"] = std::to_string(network);
        const auto holders = seen.sockets.find(socket["inode"].get<uint64_t>());
        if (holders != seen.sockets.end()) socket["pids"] = holders->second;
        list.add(socket);
      }
    }
  }
  list.write();
}

}  // namespace kedge
