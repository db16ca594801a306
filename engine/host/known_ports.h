// KnownPorts: which ports of a host are known to be open, and what a look at those that are now changes in that.
//
// A port is a protocol, an address and a number on which somebody waits for others; who that is, is remembered by the
// program it runs. What is open and not known is found at once, what is known and closed when it has been so for a
// while (a service that is started anew is no news), each once. A known port that another program holds now is found,
// too. UDP ports of the range that the kernel gives to clients count when they have been open for that while.
//
// A value without I/O. One thread calls.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/time.h"
#include "host/mutation_policy.h"
#include "host/sensor_memory.h"
#include "host/sockets.h"

namespace kedge {

// "tcp/22", "udp/123", "tcp/8000-8999", "tcp/127.0.0.1:5432", "udp/[::1]:323".
struct PortPattern {
  SocketProtocol protocol = SocketProtocol::tcp;
  std::string address;  // empty: any
  uint16_t first = 0, last = 0;

  bool operator==(const PortPattern&) const = default;
};
Result<PortPattern> parse_port_pattern(std::string_view text);

struct Port {
  SocketProtocol protocol = SocketProtocol::tcp;
  SocketEnd local;

  auto operator<=>(const Port&) const = default;
};
std::string to_string(const Port&);  // "tcp 0.0.0.0:22"
bool matches(const Port&, const std::vector<PortPattern>&);

enum class PortChangeKind : uint8_t {
  opened,
  closed,
  taken,  // another program than before waits there
};
std::string_view to_string(PortChangeKind);

struct PortChange {
  PortChangeKind kind = PortChangeKind::opened;
  bool restored = false;  // it is as it is known to be again, after this had been told
  Port port;
  std::string before;  // of what was taken: the program that had it
  Duration since{};    // when it was seen the first time, by the clock that look() is given
};

// What it means that a port is so.
struct MeaningOfPorts {
  std::vector<PortPattern> ports;
  MutationSeverity severity = MutationSeverity::high;
  std::string technique;  // empty: the usual one
};
Meaning meaning_of(const PortChange&, const std::vector<MeaningOfPorts>& own);

class KnownPorts {
 public:
  struct Options {
    std::optional<std::vector<PortPattern>> known;           // none: what is open at the first look that there ever was
    std::vector<PortPattern> allowed;                        // may be open or closed; nothing is found of them
    Duration patience = std::chrono::seconds(30);            // how long what is closed may be being started anew
    uint16_t clients_first = 32'768, clients_last = 60'999;  // net.ipv4.ip_local_port_range
    size_t told_max = 1'000;                                 // ports that are open and not known, and kept in memory
  };
  using Programs = std::map<uint64_t, std::set<std::string>>;  // by the socket's inode: what its holders run

  // `earlier`: what a former one has given to be remembered.
  KnownPorts(Options options, const SensorMemory::Facts& earlier);

  // Sockets of which nobody was asked yet who holds them.
  std::set<uint64_t> unasked(const std::vector<Socket>& sockets) const;

  struct Found {
    std::vector<PortChange> changes;
    std::vector<SensorMemory::Fact> facts;  // to be remembered when the changes are told
  };
  Found look(const std::vector<Socket>& sockets, const Programs& programs, Duration now);

  size_t open() const { return open_; }
  size_t differing() const;                  // ports that are not as they are known to be
  size_t untold() const { return untold_; }  // ports beyond told_max, which wait for room

 private:
  struct Entry {
    bool is_known = false;
    std::string program;                 // whose port it is known to be, or was told to be; empty: not known
    std::optional<PortChangeKind> told;  // how it was told to differ
    std::set<uint64_t> inodes;
    bool is_open = false;
    Duration since{};  // it has been as it is now
  };
  using Entries = std::map<Port, Entry>;

  void see_open(const Port&, Entry&, const std::set<uint64_t>& inodes, const Programs&, Duration now, Found&);
  bool see_closed(const Port&, Entry&, Duration now, Found&);
  void find(PortChangeKind, bool restored, const Port&, const Entry&, std::string before, Found&) const;
  bool is_clients(const Port&) const;
  SensorMemory::Fact fact_of(const Port&, const Entry&) const;

  const Options options_;
  Entries entries_;
  bool is_first_ = true;
  size_t open_ = 0;
  size_t untold_ = 0;
};

}  // namespace kedge
