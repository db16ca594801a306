// Play: one remediation played through on one thread, with a clock that only waiting moves. What ships, the protocol,
// the worker, the gate and the committer, is what runs; the ledger is the reference in memory, and the world is fake.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ledger/committer.h"
#include "remediate/worker.h"
#include "tests/ledger/fixtures.h"
#include "tests/ledger/memory_ledger.h"
#include "tests/remediate/fake_world.h"
#include "tests/support/fake_clock.h"

namespace kedge {

// The step "NAME is VALUE".
Step set_step(const std::string& name, const std::string& value = "right", const std::string& action = "test.set");

// What is played with, where it is not the fake world and its actions.
struct Cast {
  FakeClock& clock;
  HttpClient& http;
  std::vector<std::unique_ptr<Action>> actions;
  Hosts* hosts = nullptr;  // none: no host can be called
};

class Play {
 public:
  explicit Play(uint64_t seed = 1, int remediations_per_minute = 1000);
  explicit Play(Cast);  // clock, http and hosts must outlive it

  // Commits a finding that asks for these steps, and makes its job.
  std::string open(std::vector<Step> revert, Policy policy = {}, std::vector<Step> confirm = {});
  std::string isolate(std::vector<Step> isolate, std::vector<Step> revert, Policy policy = {});
  // A further finding of the same rule about the same target.
  void find_again(const std::string& id);

  // Takes turns until it is over, or until `span` has passed. The state then, as the ledger has it.
  State run(const std::string& id, Duration span = std::chrono::hours(2));
  // Endpoints have breakers from now on. Without, what fails is called again and again.
  void use_breakers(BreakerLimits = {});
  // The engine dies, and another one takes up what is open.
  void crash(const std::string& id);
  // As the executor does when a commit made it runnable.
  void take_up(const std::string& id);

  Remediation stored(const std::string& id);
  State state(const std::string& id) { return stored(id).state; }
  // The kinds of the journal's records about remediations, in order: "plan attempt outcome confirmation".
  std::string story();
  Answer commit(Change change) { return committer.commit(std::move(change)); }

  const std::unique_ptr<FakeClock> own_clock;  // none: it was given one
  FakeClock& clock;
  MemoryLedger ledger;
  Mailbox<Remediation> runnable{SIZE_MAX};
  Committer committer;
  Random random;
  FakeWorld world;
  NoHosts no_hosts;
  ActionTable actions;
  ExecutorOptions options;
  std::optional<std::string> stopped;   // why effects are stopped, where no pause in the ledger does it
  std::function<void()> asked;          // called whenever it is asked whether they are
  std::optional<Breakers> breakers;     // of a test that uses them
  WritePlaces write_places{1'000'000};  // one job at a time, and none gives its place back
  std::unique_ptr<Worker> worker;
  std::unique_ptr<Job> job;

 private:
  bool comes_near(const std::string& id, Duration end);
  std::optional<Stop> effects_stopped(const Remediation*);
  Play(std::unique_ptr<FakeClock> own, Cast* cast, uint64_t seed, int remediations_per_minute);

  std::string commit_finding(Finding);

  ExecutorEdges edges_;
  int findings_ = 0;
  std::vector<Finding> found_;
};

}  // namespace kedge
