// SimulatedWorld: all that is outside of the engine: named values behind HTTP, the log in which events about them
// stand, time, and what a person has said. It outlives the engine, which dies and starts again in it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "http/http.h"
#include "tests/remediate/fake_world.h"
#include "tests/simulate/plant.h"
#include "tests/simulate/promises.h"
#include "tests/simulate/seeded_baton.h"
#include "tests/support/fake_clock.h"

namespace kedge {

// The two endpoints, and which of them keeps a name.
inline constexpr const char* kHere = "here";
inline constexpr const char* kThere = "there";
std::string place_of(const std::string& name);

inline constexpr const char* kOwnPrincipal = "arn:aws:iam::123456789012:role/kedge";

// A record of the log.
struct LogRecord {
  std::string value;
  Time timestamp;
};

class SimulatedWorld {
 public:
  SimulatedWorld(uint64_t seed, Plant);

  // One step of the engine that runs: others may have their turn, and perhaps it dies. False: it is dead, and nothing
  // that it does counts any more.
  bool step(uint64_t life);
  // The same where nobody else can have a turn.
  bool goes_on(uint64_t life);
  bool is_dead(uint64_t life) const { return life != life_; }
  // It dies some steps from now.
  void light_fuse(uint64_t steps) { fuse_ = steps + 1; }
  void put_out_fuse() { fuse_ = 0; }
  void kill();
  // The same, for an attempt to become durable: whatever is done then comes just before its first write.
  void await_attempt(Duration timeout) { baton.wait(&plant, timeout); }
  void attempt_is_durable() { baton.wake(&plant); }
  // Returns when that life has ended, or `timeout` is over; perhaps earlier.
  void await_death(Duration timeout) { baton.wait(&life_, timeout); }
  uint64_t life() const { return life_; }

  // The ledger as it would be found after a crash.
  bool has_durable() const { return durable_ != nullptr; }
  MemoryLedger& durable() { return *durable_; }
  void keep(std::unique_ptr<MemoryLedger> durable) { durable_ = std::move(durable); }

  // A request of that life's engine, when it has come through all its gates.
  Result<HttpResponse> send(uint64_t life, const HttpRequest&);

  // Somebody else changes a value; with an event that tells of it, which happened `ago`. Gives the event's id.
  std::string change(const std::string& name, const std::string& value, bool is_told, Duration ago = Duration{});
  // Nothing that is sent to an endpoint arrives there, for so long.
  void hang(const std::string& place, Duration span) { hangs_until_[place] = clock.elapsed() + span; }
  void nothing_hangs() { hangs_until_.clear(); }

  void append(std::string record);
  // What was kept from the log until something later stands in it.
  void append_held_back();
  // Events of what came into effect after its call had ended.
  void tell_of_arrived();
  // The same for the log to have more than `size` records.
  void await_records(size_t size, Duration timeout) {
    if (log.size() <= size) baton.wait(&log, timeout);
  }

  FakeClock clock;
  SeededBaton baton;
  Random dice;
  const Plant plant;
  FakeWorld values;
  std::vector<LogRecord> log;
  Promises promises;
  uint64_t bad_luck = 0;  // of ten requests so many have any
  bool disk_is_full = false;
  bool reconciles = false;  // its rules ask for it

 private:
  void draw_luck(const std::string& name, bool writes);
  bool hangs(const std::string& place);
  void tell(std::string event);
  std::string event_of(const std::string& name, const std::string& value, const std::string& principal,
                       const std::string& agent, Duration ago);

  std::unique_ptr<MemoryLedger> durable_;
  uint64_t life_ = 1;
  uint64_t fuse_ = 0;
  uint64_t events_ = 0;
  std::optional<std::string> held_back_;
  std::map<std::string, Duration> hangs_until_;  // by endpoint
};

// The world as one life of the engine sees it.
class SimulatedClient final : public HttpClient {
 public:
  SimulatedClient(SimulatedWorld& world, uint64_t life) : world_(world), life_(life) {}
  Result<HttpResponse> send(const HttpRequest& request) override { return world_.send(life_, request); }

 private:
  SimulatedWorld& world_;
  const uint64_t life_;
};

}  // namespace kedge
