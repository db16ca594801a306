// ChangeMaker: random Changes, most of them sensible where the ledger stands, some of them not.
#pragma once

#include <string>
#include <vector>

#include "base/random.h"
#include "ledger/ledger.h"
#include "tests/ledger/fixtures.h"
#include "tests/support/fake_clock.h"

namespace kedge {

class ChangeMaker {
 public:
  ChangeMaker(uint64_t seed, FakeClock& clock) : random_(seed), clock_(clock) {}

  // A Change; what is open, and where positions stand, is read from `reader`.
  Change next(LedgerReader& reader);
  // How long nothing happens.
  Duration pause();
  // Somebody sets the wall clock, now and then, and later right again.
  void set_wall_clock(Time right);
  uint64_t below(uint64_t limit) { return random_.below(limit); }

  // All ids and marks that were ever made.
  const std::vector<std::string>& remediations() const { return remediations_; }
  const std::vector<std::string>& marks() const { return marks_; }

 private:
  Change batch(LedgerReader& reader);
  Change claim(LedgerReader& reader);
  Change work(LedgerReader& reader);  // what an executor would do next
  Change by_reconcile(LedgerReader& reader);
  Change by_a_person(LedgerReader& reader);
  Change by_the_daemon();
  Change by_the_notifier(LedgerReader& reader);
  Finding finding();
  Suppression suppression();
  DeadLetter dead_letter();
  RedriveDeadLetter redrive(LedgerReader& reader);
  RerunEvent rerun(LedgerReader& reader);
  Start start(const Remediation&, int64_t head);
  std::optional<OpenBreaker> breaker();  // of the endpoint that an attempt would call
  StepOutcome outcome(const Remediation&);
  std::string mark();
  std::string target();
  bool one_in(uint64_t n) { return random_.below(n) == 0; }

  Random random_;
  FakeClock& clock_;
  int number_ = 0;
  std::vector<std::string> remediations_;
  std::vector<std::string> marks_;
};

}  // namespace kedge
