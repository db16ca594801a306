// Reconciler: looks at what was confirmed once more in each round, whether or not an event tells of it (contracts §9).
//
// A few threads of its own, so that it holds up no remediation and none holds it up: one leads, as in executor.h, and
// hands the lead on with each claim that it goes to look at. When that is, claim_schedule.h says. What is no longer as
// it was confirmed goes through admission and becomes a finding of the ledger's; from there on it is a remediation like
// any other, which the executor observes again. It writes nothing to the world, and goes on while effects are stopped.
//
// Ownership:  owns its threads; borrows everything that it is given, which must outlive it.
// Threads:    start and stop from one thread; figures from any.
// Failure:    a claim that could not be looked at, or a finding that could not be committed, comes again with the next
//             round.
#pragma once

#include <atomic>
#include <functional>
#include <vector>

#include "base/pulse.h"
#include "base/thread.h"
#include "guard/admission.h"
#include "guard/own_things.h"
#include "remediate/claim_schedule.h"
#include "remediate/worker.h"

namespace kedge {

class Reconciler {
 public:
  // `own_things`: what no plan may touch. Empty: nothing is.
  Reconciler(ExecutorEdges, ExecutorOptions, std::function<std::vector<OwnThing>()> own_things);
  ~Reconciler();
  Reconciler(const Reconciler&) = delete;
  Reconciler& operator=(const Reconciler&) = delete;

  void start();
  void stop();  // calls that run are cancelled

  struct Figures {
    int64_t observed = 0;          // claims looked at since the start
    int64_t drifted = 0;           // of them, no longer as they were confirmed
    int64_t unobserved = 0;        // of them, those of which it could not be told
    int64_t findings = 0;          // remediations that came of it
    int64_t passed_over = 0;       // claims that were not looked at in a round, as their endpoint did not keep up
    int64_t claims = 0;            // in the last full round
    std::optional<Time> round_at;  // when it ended
  };
  Figures figures() const;

  // Of the one who leads.
  const Pulse& pulse() const { return pulse_; }

 private:
  void work();
  std::optional<ClaimSchedule::Look> next();
  std::optional<ClaimSchedule::Look> lead(ClaimSchedule&);
  void read(ClaimSchedule&);
  std::string endpoint_of(const Step&) const;

  void look_at(const Claim&);
  struct Seen {
    bool holds = true;
    std::optional<std::string> doubt;  // why it cannot be told
    std::string summary;               // of what does not hold, for people
  };
  Seen observe(const Claim&);
  void find(const Claim&, const std::string& summary);
  void suppress(const Claim&, const FindDrift&, const Admission&);

  // Constant after construction.
  const ExecutorEdges edges_;
  const ExecutorOptions options_;
  const std::function<std::vector<OwnThing>()> own_things_;

  // Provide their own synchronization.
  WritePlaces write_places_{0};  // it writes nothing
  Worker worker_;
  Mailbox<ClaimSchedule> lead_;  // whoever took it leads
  Mailbox<std::string> coming_back_;
  std::atomic<int64_t> observed_ = 0;
  std::atomic<int64_t> drifted_ = 0;
  std::atomic<int64_t> unobserved_ = 0;
  std::atomic<int64_t> findings_ = 0;
  std::atomic<int64_t> passed_over_ = 0;
  std::atomic<int64_t> claims_ = 0;
  std::atomic<int64_t> round_at_ = 0;  // microseconds since 1970; 0: none yet
  Pulse pulse_;

  std::vector<Thread> threads_;
};

}  // namespace kedge
