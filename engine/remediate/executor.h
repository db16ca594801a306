// Executor: carries remediations from planned to their end.
//
// One thread schedules; workers run one turn of one remediation at a time with plain blocking calls. A turn is an
// observation, an attempt, or a confirmation. Two remediations that touch the same key never run at once; a worker
// asks only for turns whose endpoint (service, account, region) has a free place, so a region that hangs holds up
// nobody else. A wait is an entry in the timer heap, never a sleeping thread.
//
// The protocol (design §7): observe all steps; all hold → confirmed without effect; otherwise Start asks the gate and
// makes all befores and the first attempt durable; then for each step apply → observe until it holds or its deadline
// passes → outcome; then confirm. Nothing is written to the world before its attempt is durable, and every write goes
// through a gate that reads pause and fence again.
//
// Ownership:  owns its threads; borrows everything that it is given, which must outlive it.
// Recovery:   start() is given every remediation that is open in the ledger: each is observed before anything else.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "base/waiting.h"
#include "http/client.h"
#include "ledger/committer.h"
#include "ledger/values.h"
#include "remediate/action.h"

namespace kedge {

class Executor {
 public:
  struct Options {
    int workers = 16;
    int per_endpoint = 4;                                            // turns at one endpoint at once
    Duration remediation_deadline = std::chrono::minutes(10);        // from the first attempt to the last outcome
    Duration confirm_deadline = std::chrono::seconds(60);            // how long the world may take to show the effect
    Duration retry_first = std::chrono::milliseconds(500);           // back-off: full jitter below first * 2^n ...
    Duration retry_most = std::chrono::seconds(30);                  // ... and this
    Duration call_timeout = std::chrono::seconds(20);                // one observe or apply
    Duration visibility_delay = std::chrono::seconds(2);             // after an unknown outcome, before it is observed
    std::string agent_version = "0.1.0";
  };

  // Why nothing may be written now, in words; none: it may. Read before every single write. (Pause, not alone, no room,
  // the clock, shutdown: app knows.) Must be thread-safe and quick.
  using EffectsStopped = std::function<std::optional<std::string>()>;

  Executor(const ActionTable& actions, Committer& committer, Mailbox<Remediation>& runnable, HttpClient& http,
           Clock& clock, Random& random, EffectsStopped effects_stopped, Options options);
  ~Executor();
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  void start(std::vector<Remediation> open);

  // Takes no new turns, lets running ones finish until `deadline` from now, then cancels their calls. What was not
  // finished stays open in the ledger and is observed at the next start.
  void stop(Duration deadline);

  struct Figures {
    int64_t turns = 0;
    int64_t open = 0;
    int64_t running = 0;
    int64_t waiting = 0;
    int64_t attempts = 0;
    int64_t writes = 0;
  };
  Figures figures() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace kedge
