// Course: the protocol of one remediation (design §7), without threads, clocks or I/O of its own.
//
// It is asked what is next and told what came of it:
//
//   Turn turn = course.next(moment);   // look, work, submit, wait, ask, reread, over
//   ... do it ...
//   course.looked(...) / worked(...) / answered(...) / told(...)
//
// so that every order of good and bad luck can be played through in a test. The phases are files of their own: survey
// (observe all, ask the gate), carry (step by step), confirm (read back), lease (isolation stands for its time),
// restore (undo, and release).
//
// Ownership:  owns its remediation's mirror; borrows the catalog, the options and the randomness. Not movable.
// Threads:    one at a time.
#pragma once

#include <optional>
#include <variant>

#include "remediate/carry.h"
#include "remediate/confirm.h"
#include "remediate/lease.h"
#include "remediate/restore.h"
#include "remediate/situation.h"
#include "remediate/survey.h"

namespace kedge {

class Course {
 public:
  // `resumed`: the remediation was read from the ledger after a restart or after doubt, so that an open attempt of its
  // may have been carried out, or may still be.
  Course(Remediation, const ActionCatalog&, const ExecutorOptions&, Random&, const Moment&, bool resumed);
  Course(const Course&) = delete;
  Course& operator=(const Course&) = delete;

  Turn next(const Moment&);
  void looked(const Moment&, ActionResult<Observation>);
  void worked(const Moment&, Worked);
  void answered(const Moment&, const Answer&);     // to the last Submit
  void told(const Moment&, int64_t last_finding);  // to an Ask
  // What was to be submitted has waited for so long that what was seen before it is looked at again.
  void grew_old(const Moment&);

  const Remediation& remediation() const { return situation_.remediation; }
  std::vector<std::string> touches() const { return situation_.touches(); }
  // Where calls for a step go; for the first step, where they begin. Empty: nowhere.
  std::string endpoint_of(const Step& step) const { return situation_.endpoint_of(step); }
  std::string first_endpoint() const;
  // Where the attempt that such a change opens writes. None: it asks to be put off.
  std::optional<std::string> written_by(const Change&) const;
  // It knows what the ledger does not: how often a step was tried before it had to wait.
  bool knows_more() const { return !situation_.tried.empty(); }
  bool over() const { return std::holds_alternative<Nothing>(phase_); }

 private:
  struct Nothing {  // held, ended, or a state in which the executor has nothing to do
    Turn next(Situation&, const Moment&) { return Over{}; }
    void looked(Situation&, const Moment&, const ActionResult<Observation>&) {}
    void answered(Situation&, const Moment&, const Change&, const Answer&) {}
    void not_done(Situation&, const Moment&) {}
  };
  class Held {  // by a guard that waits for a yes until then
   public:
    explicit Held(Time until) : until_(until) {}
    Turn next(Situation&, const Moment&);
    void looked(Situation&, const Moment&, const ActionResult<Observation>&) {}
    void answered(Situation&, const Moment&, const Change&, const Answer&) { expired_ = true; }
    void not_done(Situation&, const Moment&) {}

   private:
    Time until_;
    bool expired_ = false;
  };
  using Phase = std::variant<Nothing, Held, Survey, Carry, Confirm, Lease, Restore>;

  static Phase first_phase(Situation&, const Moment&);
  void change_phase(const Moment&);
  void rest();  // nothing, or what its state lets it wait for
  void undone_answer(const Moment&, const Answer&);

  Situation situation_;
  Phase phase_;
  std::optional<Change> submitted_;       // has no answer yet, or is to be submitted again
  std::optional<Duration> submit_again_;  // when
  int no_room_ = 0;                       // answers of this kind in a row
  bool reread_ = false;
};

}  // namespace kedge
