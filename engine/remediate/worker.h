// Worker: does what courses ask for, with plain blocking calls. Where a protocol decides and does nothing (course.h),
// this does and decides nothing.
//
// Ownership:  borrows all that it is given. One object serves all workers' threads.
// Threads:    thread-safe; a job is in the hands of one thread at a time.
// Failure:    an action that throws is an attempt whose outcome is unknown.
#pragma once

#include <atomic>
#include <functional>
#include <stop_token>

#include "base/clock.h"
#include "base/random.h"
#include "http/http.h"
#include "ledger/committer.h"
#include "remediate/action.h"
#include "remediate/breakers.h"
#include "remediate/gated_client.h"
#include "remediate/gated_hosts.h"
#include "remediate/options.h"
#include "remediate/schedule.h"

namespace kedge {

// Why nothing may be written for the remediation; of none: why nothing may be written at all. Thread-safe and quick.
using EffectsStoppedFor = std::function<std::optional<Stop>(const Remediation*)>;

// What the executor works with; all of it must outlive it.
struct ExecutorEdges {
  const ActionTable& actions;
  Committer& committer;
  LedgerReader& reader;
  Mailbox<Remediation>& runnable;  // what commits make runnable
  HttpClient& http;
  Hosts& hosts;
  Clock& clock;
  Random& random;
  Breakers& breakers;  // of all who call
  EffectsStoppedFor effects_stopped;
};

class Worker {
 public:
  Worker(const ExecutorEdges& edges, const ExecutorOptions& options, WritePlaces& write_places)
      : edges_(edges), options_(options), write_places_(write_places) {}

  // A job for a remediation that was read from the ledger (`resumed`) or that a commit made runnable.
  std::unique_ptr<Job> make_job(Remediation, bool resumed) const;
  // One that was open when the engine started, of which no more is known than this.
  static std::unique_ptr<Job> job_at_rest(const LedgerReader::Unfinished&);

  // Takes turns of the job until it has to wait, is over, or goes on at another endpoint.
  struct Rest {
    enum class Kind { ready, timed, over };  // over: there is nothing to do, or not for long
    Kind kind = Kind::over;
    Duration until{};
  };
  Rest run(Job&);
  // Looks at one step, for this remediation, outside of any turn. Not while the endpoint's breaker is open.
  ActionResult<Observation> look_at(const std::string& remediation, const std::string& endpoint, const Step&);

  // From now on nothing new is begun: what was written is read back and recorded.
  void wind_down() { winding_down_ = true; }
  // Ends the calls that run.
  void cancel() { stop_.request_stop(); }

  struct Figures {
    int64_t turns = 0;
    int64_t attempts = 0;
    int64_t writes = 0;
  };
  Figures figures() const { return {turns_.load(), attempts_.load(), writes_.load()}; }

 private:
  std::optional<Rest> take_turn(Job&, const Turn&);
  std::optional<Rest> begin(Job&);
  std::optional<Rest> submit(Job&, const Submit&);
  bool may_write(Job&, const std::string& endpoint);
  std::optional<Rest> look(Job&, const Look&);
  std::optional<Rest> work(Job&, const Work&);
  std::optional<Rest> reread(Job&, bool after_doubt);
  std::optional<Rest> read(Job&, Remediation& stored);
  bool may_rest(const Job&, const Rest&) const;
  bool elsewhere(Job&, const Step&) const;
  Moment moment() const;
  // What one call of an action has told of its endpoint.
  struct Health {
    Breaker::Outcome outcome = Breaker::Outcome::none;
    std::string trouble;
  };
  static Health health_of(const GatedClient&, const GatedHosts&, const ActionError*);
  void note(const std::string& endpoint, Breaker::Permit, const Health&);
  ActionResult<Observation> observe(const std::string& remediation, const Look&, Health&);
  Worked carry_out(const Remediation&, const Work&, Health&);
  void ask(Job&);

  const ExecutorEdges& edges_;
  const ExecutorOptions& options_;
  WritePlaces& write_places_;
  std::stop_source stop_;
  std::atomic<bool> winding_down_{false};
  std::atomic<int64_t> turns_{0};
  std::atomic<int64_t> attempts_{0};
  std::atomic<int64_t> writes_{0};
};

}  // namespace kedge
