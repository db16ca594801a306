#include "host/known_ports.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace kedge {
namespace {

constexpr const char* kMarker = "ports";  // the fact that there was a first look
constexpr std::string_view kPrefix = "port ";

constexpr std::array<std::string_view, 3> kKinds = {"opened", "closed", "taken"};

Error no_pattern(std::string_view text) {
  return {ErrorCode::invalid, fmt::format("'{}' names no port: write tcp/22, udp/8000-8999, tcp/127.0.0.1:5432 or "
                                          "tcp/[::1]:5432",
                                          text)};
}

std::optional<uint16_t> port_number(std::string_view text) {
  uint16_t number = 0;
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool good = wrong == std::errc() && end == text.data() + text.size() && number != 0;
  return good ? std::optional(number) : std::nullopt;
}

// As the kernel's list writes it.
std::optional<std::string> tidy_address(std::string text) {
  const bool is_bracketed = text.starts_with('[') && text.ends_with(']');
  if (is_bracketed) text = text.substr(1, text.size() - 2);
  std::array<unsigned char, 16> bytes{};
  std::array<char, INET6_ADDRSTRLEN> tidy{};
  const int family = is_bracketed ? AF_INET6 : AF_INET;
  if (inet_pton(family, text.c_str(), bytes.data()) != 1) return std::nullopt;
  return inet_ntop(family, bytes.data(), tidy.data(), tidy.size());
}

// "tcp 0.0.0.0:22", as to_string() writes it.
std::optional<Port> parse_port(std::string_view text) {
  const size_t gap = text.find(' ');
  const size_t colon = text.rfind(':');
  if (gap == std::string_view::npos || colon == std::string_view::npos || colon < gap) return std::nullopt;
  const std::string_view protocol = text.substr(0, gap);
  const auto address = tidy_address(std::string(text.substr(gap + 1, colon - gap - 1)));
  const auto number = port_number(text.substr(colon + 1));
  if (!address || !number || (protocol != "tcp" && protocol != "udp")) return std::nullopt;
  return Port{protocol == "tcp" ? SocketProtocol::tcp : SocketProtocol::udp, {*address, *number}};
}

bool is_loopback(const std::string& address) {
  return address.starts_with("127.") || address == "::1" || address.starts_with("::ffff:127.");
}

std::set<std::string> programs_of(const std::set<uint64_t>& inodes, const KnownPorts::Programs& programs) {
  std::set<std::string> all;
  for (const uint64_t inode : inodes) {
    const auto found = programs.find(inode);
    if (found != programs.end()) all.insert(found->second.begin(), found->second.end());
  }
  return all;
}

}  // namespace

Result<PortPattern> parse_port_pattern(std::string_view text) {
  PortPattern pattern;
  const size_t slash = text.find('/');
  const std::string_view protocol = text.substr(0, slash);
  if (slash == std::string_view::npos || (protocol != "tcp" && protocol != "udp")) return no_pattern(text);
  if (protocol == "udp") pattern.protocol = SocketProtocol::udp;
  std::string_view numbers = text.substr(slash + 1);
  if (const size_t colon = numbers.rfind(':'); colon != std::string_view::npos) {
    const auto address = tidy_address(std::string(numbers.substr(0, colon)));
    if (!address) return no_pattern(text);
    pattern.address = *address;
    numbers.remove_prefix(colon + 1);
  }
  const size_t dash = numbers.find('-');
  const auto first = port_number(numbers.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : port_number(numbers.substr(dash + 1));
  if (!first || !last || *last < *first) return no_pattern(text);
  pattern.first = *first;
  pattern.last = *last;
  return pattern;
}

std::string to_string(const Port& port) {
  return fmt::format("{} {}", to_string(port.protocol), to_string(port.local));
}

bool matches(const Port& port, const std::vector<PortPattern>& patterns) {
  return std::any_of(patterns.begin(), patterns.end(), [&](const PortPattern& one) {
    return one.protocol == port.protocol && (one.address.empty() || one.address == port.local.address) &&
           one.first <= port.local.port && port.local.port <= one.last;
  });
}

std::string_view to_string(PortChangeKind kind) { return kKinds.at(static_cast<size_t>(kind)); }

Meaning meaning_of(const PortChange& change, const std::vector<MeaningOfPorts>& own) {
  Meaning meaning{MutationCategory::network, MutationSeverity::high, {"T1571"}, false};
  if (change.kind == PortChangeKind::opened && is_loopback(change.port.local.address)) {
    meaning.severity = MutationSeverity::medium;
  }
  if (change.kind == PortChangeKind::taken) meaning.techniques = {"T1036.004"};
  if (change.kind == PortChangeKind::closed)
    meaning = {MutationCategory::network, MutationSeverity::medium, {"T1489"}, false};
  const auto line =
      std::find_if(own.begin(), own.end(), [&](const auto& one) { return matches(change.port, one.ports); });
  if (line != own.end()) {
    meaning.severity = line->severity;
    if (!line->technique.empty()) meaning.techniques = {line->technique};
  }
  if (change.restored) meaning.severity = MutationSeverity::informational;
  return meaning;
}

KnownPorts::KnownPorts(Options options, const SensorMemory::Facts& earlier) : options_(std::move(options)) {
  is_first_ = !options_.known && !earlier.contains(kMarker);
  for (auto fact = earlier.lower_bound(std::string(kPrefix)); fact != earlier.end() && fact->first.starts_with(kPrefix);
       ++fact) {
    const auto port = parse_port(std::string_view(fact->first).substr(kPrefix.size()));
    if (!port || !fact->second.is_object() || matches(*port, options_.allowed)) continue;
    Entry entry;
    entry.is_known = options_.known ? matches(*port, *options_.known) : fact->second.value("known", false);
    entry.program = fact->second.value("program", "");
    const auto told = std::find(kKinds.begin(), kKinds.end(), fact->second.value("told", ""));
    if (told != kKinds.end()) entry.told = static_cast<PortChangeKind>(told - kKinds.begin());
    const bool is_told_so = entry.told == PortChangeKind::opened;
    if (entry.is_known && is_told_so) entry.told.reset();  // the list was changed since
    if (!entry.is_known && !is_told_so) continue;
    entries_.emplace(*port, std::move(entry));
  }
}

std::set<uint64_t> KnownPorts::unasked(const std::vector<Socket>& sockets) const {
  std::set<uint64_t> inodes;
  for (const Socket& socket : sockets) {
    if (!socket.is_waiting || socket.local.port == 0) continue;
    const Port port{socket.protocol, socket.local};
    if (matches(port, options_.allowed)) continue;
    const auto entry = entries_.find(port);
    const bool counts =
        is_first_ || !is_clients(port) || (entry != entries_.end() && (entry->second.is_known || entry->second.told));
    const bool is_new = entry == entries_.end() || !entry->second.inodes.contains(socket.inode);
    if (counts && is_new) inodes.insert(socket.inode);
  }
  return inodes;
}

KnownPorts::Found KnownPorts::look(const std::vector<Socket>& sockets, const Programs& programs, Duration now) {
  Found found;
  std::map<Port, std::set<uint64_t>> open;
  for (const Socket& socket : sockets) {
    const Port port{socket.protocol, socket.local};
    if (!socket.is_waiting || socket.local.port == 0 || matches(port, options_.allowed)) continue;
    open[port].insert(socket.inode);
  }
  open_ = open.size();
  untold_ = 0;
  for (const auto& [port, inodes] : open) {
    const auto [entry, is_new] = entries_.try_emplace(port);
    if (is_new) entry->second.is_known = is_first_ || (options_.known && matches(port, *options_.known));
    see_open(port, entry->second, inodes, programs, now, found);
  }
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    const bool is_over = !open.contains(entry->first) && see_closed(entry->first, entry->second, now, found);
    entry = is_over ? entries_.erase(entry) : std::next(entry);
  }
  if (is_first_) found.facts.push_back({kMarker, Json{{"learned", open.size()}}});
  is_first_ = false;
  return found;
}

void KnownPorts::see_open(const Port& port, Entry& entry, const std::set<uint64_t>& inodes, const Programs& programs,
                          Duration now, Found& found) {
  const bool is_new = !entry.is_open && entry.inodes.empty();
  if (!entry.is_open) entry.since = now;
  entry.is_open = true;
  const bool has_changed = entry.inodes != inodes;
  entry.inodes = inodes;
  const std::set<std::string> holders = has_changed ? programs_of(inodes, programs) : std::set<std::string>{};
  const bool is_another = !holders.empty() && !entry.program.empty() && !holders.contains(entry.program);
  if (!entry.is_known) {
    if (is_another) entry.told.reset();
    if (!holders.empty() && (entry.program.empty() || is_another)) entry.program = *holders.begin();
    if (entry.told) return;
    if (is_clients(port) && now - entry.since < options_.patience) return;
    if (differing() >= options_.told_max) {
      ++untold_;
      return;
    }
    entry.told = PortChangeKind::opened;
    return find(PortChangeKind::opened, false, port, entry, "", found);
  }
  const bool is_back = entry.told == PortChangeKind::closed;
  if (is_back) {
    entry.told.reset();
    find(PortChangeKind::closed, true, port, entry, "", found);
  }
  const bool was_taken = entry.told == PortChangeKind::taken;
  if (is_another && !was_taken) {
    entry.told = PortChangeKind::taken;
    return find(PortChangeKind::taken, false, port, entry, entry.program, found);
  }
  if (was_taken && holders.contains(entry.program)) {
    entry.told.reset();
    return find(PortChangeKind::taken, true, port, entry, entry.program, found);
  }
  const bool learns = entry.program.empty() && !holders.empty();
  if (learns) entry.program = *holders.begin();
  if ((is_new || learns) && !is_back) found.facts.push_back(fact_of(port, entry));
}

// Whether nothing is to be known of it any more.
bool KnownPorts::see_closed(const Port& port, Entry& entry, Duration now, Found& found) {
  const bool is_first_time = entry.is_open || (entry.inodes.empty() && entry.since == Duration{});
  if (is_first_time) entry.since = now;
  entry.is_open = false;
  entry.inodes.clear();
  if (!entry.is_known && !entry.told) return true;
  if (now - entry.since < options_.patience) return false;
  if (!entry.is_known) {
    find(PortChangeKind::opened, true, port, entry, "", found);
    found.facts.back().value.reset();
    return true;
  }
  if (entry.told == PortChangeKind::closed) return false;
  entry.told = PortChangeKind::closed;
  find(PortChangeKind::closed, false, port, entry, "", found);
  return false;
}

void KnownPorts::find(PortChangeKind kind, bool restored, const Port& port, const Entry& entry, std::string before,
                      Found& found) const {
  found.changes.push_back({kind, restored, port, std::move(before), entry.since});
  found.facts.push_back(fact_of(port, entry));
}

bool KnownPorts::is_clients(const Port& port) const {
  return port.protocol == SocketProtocol::udp && options_.clients_first <= port.local.port &&
         port.local.port <= options_.clients_last;
}

SensorMemory::Fact KnownPorts::fact_of(const Port& port, const Entry& entry) const {
  Json value = {{"known", entry.is_known}, {"program", entry.program}};
  if (entry.told) value["told"] = to_string(*entry.told);
  return {std::string(kPrefix) + to_string(port), std::move(value)};
}

size_t KnownPorts::differing() const {
  return static_cast<size_t>(
      std::count_if(entries_.begin(), entries_.end(), [](const auto& one) { return one.second.told.has_value(); }));
}

}  // namespace kedge
