// NetworkStage: a host, its administrator, the world and a container behind the host, each in a network namespace of
// its own, with real links between them, and sockets that tests hold in their hands.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/descriptor.h"
#include "base/result.h"
#include "host/network.h"

namespace kedge {

class NetworkNamespace {
 public:
  // not_found: the machine does not permit it, or has neither `ip` nor `nft`.
  static Result<std::unique_ptr<NetworkNamespace>> make();

  // On a thread that is in the namespace for as long.
  void in(const std::function<void()>& body) const;
  // A program and its arguments; its output. Fails the test where it fails.
  std::string run(const std::vector<std::string>& command) const;
  int descriptor() const { return descriptor_.get(); }

 private:
  explicit NetworkNamespace(Descriptor descriptor) : descriptor_(std::move(descriptor)) {}
  Descriptor descriptor_;
};

// Waits no longer than this for what should not come, and for what should.
inline constexpr int kSoonMs = 300;
inline constexpr int kPatienceMs = 5000;

// Listens over TCP, and never takes a connection unless asked to: the kernel greets.
class Listener {
 public:
  Listener(const NetworkNamespace& where, const std::string& service);
  Descriptor accept() const;

 private:
  Descriptor socket_;
};

// Connected, or none: it was not possible in time. `user`: as whom.
std::optional<Descriptor> connect_from(const NetworkNamespace& where, const std::string& service,
                                       int patience_ms = kSoonMs, std::optional<uint32_t> user = {});
// Both ends of a connection over TCP.
struct Session {
  Descriptor client, server;
  // Whether a byte gets from the one to the other in time.
  static bool carries(const Descriptor& from, const Descriptor& to, int patience_ms = kSoonMs);
  bool lives() const { return carries(client, server) && carries(server, client); }
};
Session session(const NetworkNamespace& client, const Listener& listener, const std::string& service,
                std::optional<uint32_t> user = {});
// What reading says of a socket that somebody has closed by force: its errno, zero where nothing is wrong.
int broken(const Descriptor& socket);

struct NetworkStage {
  // host: 10.9.1.1, fd09:1::1 (to admin); 10.9.2.1, fd09:2::1 (to the world, its way to everywhere); 10.9.3.1 (to the
  // container). The others are .2 and ::2.
  static Result<std::unique_ptr<NetworkStage>> make();
  std::unique_ptr<NetworkNamespace> host, admin, world, container;
};

}  // namespace kedge
