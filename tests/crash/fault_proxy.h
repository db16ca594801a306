// FaultProxy: stands between the engine and the APIs that it acts on, lets things go wrong as a plan says, and keeps
// what it has seen. It works on the wire, so that connections can be reset and answers come twice.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/crash/call.h"
#include "tests/crash/fault.h"

namespace kedge {

// Serves from construction to destruction, on a free port of loopback, with a thread for each connection. What a client
// has sent whole is carried out also when the client is gone by then, as it is on a real network. Every method may be
// called from any thread.
class FaultProxy {
 public:
  using Clock = std::chrono::steady_clock;

  struct Options {
    std::string upstream;                               // "http://127.0.0.1:PORT"
    std::chrono::milliseconds answer_late_by{3'000};    // beyond the client's deadline
    std::chrono::milliseconds delivery_late_by{3'000};  // beyond it too, and no longer than the client allows for
    std::function<Fault(const Call&)> plan = {};        // none: nothing goes wrong
  };

  // One request that came.
  struct Seen {
    Call call;
    Fault fault = Fault::none;
    int deliveries = 0;  // how often it was carried out, or begun to be
    int status = 0;      // of the answer; 0: none was sent
    Clock::time_point arrived;
    Clock::time_point delivering;  // the first delivery's begin, if there was one
    Clock::time_point delivered;   // and end
  };

  enum class Moment { arrived, delivered };  // before anything else is done with it; before it is answered
  using Witness = std::function<void(const Call&, Moment)>;

  explicit FaultProxy(Options);
  ~FaultProxy();
  FaultProxy(const FaultProxy&) = delete;
  FaultProxy& operator=(const FaultProxy&) = delete;

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

  std::vector<Seen> calls() const;    // in the order in which they came
  std::vector<Seen> changes() const;  // those that would change something

  // Calls it at both moments of every call from now on, on the threads of the connections.
  void tell(Witness);

  // Waits until nothing is under way, what comes late included.
  void come_to_rest();

 private:
  struct Connection {
    int socket;
    bool ended = false;  // guarded by mutex_
    std::thread thread;
  };

  void accept_connections();
  void serve(int socket);
  bool handle(int socket, const HttpReceiver::Request&);
  HttpReceiver::Answer answer_to(const HttpReceiver::Request&, size_t number, const Seen&);
  HttpReceiver::Answer deliver(const HttpReceiver::Request&, size_t number);
  void wait(std::chrono::milliseconds);
  void show(const Call&, Moment);

  const Options options_;
  int listener_ = -1;
  int port_ = 0;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Seen> seen_;             // guarded by mutex_
  size_t under_way_ = 0;               // guarded by mutex_
  Witness witness_;                    // guarded by mutex_
  bool closing_ = false;               // guarded by mutex_
  std::list<Connection> connections_;  // guarded by mutex_, but for the threads

  std::thread accepting_;  // the last member: it uses the others
};

}  // namespace kedge
