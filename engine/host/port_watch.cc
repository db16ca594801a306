#include "host/port_watch.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdio>

#include "base/bytes.h"
#include "base/files.h"
#include "host/processes.h"

namespace kedge {
namespace {

constexpr size_t kHoldersTold = 5;
constexpr const char* kReason = "ports";

}  // namespace

std::pair<uint16_t, uint16_t> clients_ports() {
  const auto text = read_file("/proc/sys/net/ipv4/ip_local_port_range", 4096);
  std::pair<uint16_t, uint16_t> range;
  const bool read = text && std::sscanf(text->c_str(), "%hu %hu", &range.first, &range.second) == 2;
  return read ? range : std::pair<uint16_t, uint16_t>{32'768, 60'999};
}

Result<std::unique_ptr<PortWatch>> PortWatch::open(Options options, Clock& clock, Random& random, Emit emit,
                                                   SensorMemory::Remember remember,
                                                   const SensorMemory::Facts& earlier) {
  auto table = SocketTable::open();
  if (!table) return table.error();
  if (auto tried = table->read(SocketTable::Wanted::waiting); !tried) return tried.error();
  std::tie(options.known.clients_first, options.known.clients_last) = clients_ports();
  return std::unique_ptr<PortWatch>(new PortWatch(std::move(options), *std::move(table), clock, random, std::move(emit),
                                                  std::move(remember), earlier));
}

PortWatch::PortWatch(Options options, SocketTable table, Clock& clock, Random& random, Emit emit,
                     SensorMemory::Remember remember, const SensorMemory::Facts& earlier)
    : options_(std::move(options)),
      clock_(clock),
      random_(random),
      emit_(std::move(emit)),
      remember_(std::move(remember)),
      table_(std::move(table)),
      known_(options_.known, earlier) {}

void PortWatch::turn() {
  const Duration now = clock_.elapsed();
  if (now < next_) return;
  next_ = now + options_.every * (900 + random_.below(200)) / 1'000;
  const auto sockets = table_.read(SocketTable::Wanted::waiting);
  tell_failure(sockets ? nullptr : &sockets.error());
  if (!sockets) return;
  actors_.next_round();
  const KnownPorts::Programs programs = ask(known_.unasked(*sockets));
  KnownPorts::Found found = known_.look(*sockets, programs, now);
  for (const PortChange& change : found.changes) tell(change, *sockets);
  for (SensorMemory::Fact& fact : found.facts) remember_(std::move(fact));
  has_looked_ = true;
}

// What the holders run; who holds which socket is kept for tell().
KnownPorts::Programs PortWatch::ask(const std::set<uint64_t>& inodes) {
  KnownPorts::Programs programs;
  holders_ = holders_of_sockets(inodes);
  for (const auto& [inode, numbers] : holders_) {
    for (const pid_t number : numbers) {
      const auto process = read_process(number);
      if (process && process->image) programs[inode].insert(process->image->path);
    }
  }
  return programs;
}

void PortWatch::tell(const PortChange& change, const std::vector<Socket>& sockets) {
  Json data = {{"host", options_.host},
               {"kind", to_string(change.kind)},
               {"listener", to_string(change.port)},
               {"protocol", to_string(change.port.protocol)},
               {"address", change.port.local.address},
               {"port", change.port.local.port},
               {"holder", nullptr},
               {"found_by", to_string(has_looked_ ? FoundBy::rescan : FoundBy::start)}};
  set_meaning(data, meaning_of(change, options_.policy));
  if (!change.before.empty())
    data["executable_before"] = is_utf8(change.before) ? change.before : visible(change.before);
  const Duration since = clock_.elapsed() - change.since;
  data["first_seen"] = format_time(clock_.now() - since);
  Json others = Json::array();
  for (const Socket& socket : sockets) {
    if (Port{socket.protocol, socket.local} != change.port) continue;
    data["uid"] = socket.uid;
    if (!holders_.contains(socket.inode)) holders_.merge(holders_of_sockets({socket.inode}));
    for (const pid_t number : holders_[socket.inode]) {
      if (data["holder"].is_null()) {
        data["holder"] = actor_json(*actors_.of(number));
      } else if (others.size() < kHoldersTold) {
        others.push_back(actor_json(*actors_.of(number)));
      }
    }
  }
  if (!others.empty()) data["other_holders"] = std::move(others);
  emit_({change.restored ? "host.restored" : "host.port", "host:" + options_.host, std::move(data)});
}

void PortWatch::tell_failure(const Error* error) {
  if (fails_ == (error != nullptr)) return;
  fails_ = error != nullptr;
  const std::string subject = "host:" + options_.host;
  if (fails_) {
    spdlog::warn("what listens is not seen: {}", error->message);
    emit_({"sensor.lost", subject, {{"host", options_.host}, {"reason", kReason}, {"message", error->message}}});
  } else {
    emit_({"sensor.recovered", subject, {{"host", options_.host}, {"reasons", Json::array({kReason})}}});
  }
}

Json PortWatch::state() const {
  return {{"open", known_.open()}, {"differing", known_.differing()}, {"untold", known_.untold()}};
}

}  // namespace kedge
