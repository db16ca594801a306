// Restore: undoes what was applied, the last step first: all of it, or, when a lease is over, what isolates. A release
// that does not come to its end is held for a person: the isolation stands.
//
// A step is undone only while the world is as the step left it; when somebody else has changed it since, the undo is
// refused with the difference. Where the states to compare with were observed together, when all was confirmed, every
// step is compared before the first is undone: an undo that will be refused must not lift half of a protection. (Other
// states were observed one after the other, and a later step may show in an earlier one's: each of those is compared
// when it is its turn.) A step that cannot be undone yet (`retry`: what another step put in place stands in its way)
// lets the others go first.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "remediate/observing.h"
#include "remediate/situation.h"

namespace kedge {

class Restore {
 public:
  Restore(Situation&, const Moment&);

  Turn next(Situation&, const Moment&);
  void looked(Situation&, const Moment&, ActionResult<Observation>);
  void worked(Situation&, const Moment&, Worked);
  void answered(Situation&, const Moment&, const Change&, const Answer&);
  void not_done(Situation&, const Moment&) { fresh_.reset(); }

  bool ended() const { return ended_; }

 private:
  enum class Stage {
    compare,  // all steps with what was left, before the first is undone
    look,     // compare with what was left
    work,     // the attempt is durable: undo it
    read,     // until it is as it was before
    examine,  // it failed behind a write: observe once, for what it left
    doubt,    // the outcome is not known
  };
  const Step& step(const Situation& s) const { return *s.effects[left_.front()]; }
  const StepProgress& progress(const Situation& s) const { return s.remediation.steps[left_.front()]; }
  bool can_compare_all(const Situation&) const;
  void compare(Situation&, const Observation&);
  void compare_next(Situation&, const Moment&);
  bool is_before(const Situation& s, const Observation& seen) const { return seen.state == progress(s).before->full; }

  Turn prepare(Situation&, const Moment&);
  Turn keep_off(Situation&, const Moment&, const OpenBreaker&);
  void pass_over(const Moment&, Duration until);
  Turn record(Situation&) const;
  Turn finish(Situation&) const;
  Turn refuse(Situation&) const;
  void begin_step(Situation&, const Moment&);
  void saw(Situation&, const Moment&, const Observation&);
  void saw_before_undo(Situation&, const Moment&, const Observation&);
  void saw_in_doubt(Situation&, const Moment&, const Observation&);
  void missed(Situation&, const Moment&, const ActionError&);
  void refuse_for(Situation&, const nlohmann::json& expected, const nlohmann::json& found);
  void let_others_go_first(Situation&, const Moment&, const Observation* left);
  void restored(Situation&, const Moment&, const Observation&);
  void fail(Situation&, const Moment&, std::string code, std::string message);
  void left(Situation&, const Observation&);
  void close(Situation&, const Moment&, StepOutcome::Result, std::string code, std::string message,
             const Observation* after);

  bool releases_;            // what isolates, and nothing else
  int64_t observed_from_;    // the journal's head, before the first look
  std::deque<size_t> left_;  // steps to undo, in order
  Stage stage_ = Stage::look;
  std::optional<Observation> fresh_;
  std::optional<StepOutcome> open_;
  std::map<size_t, int> tries_;  // undo attempts, by step; those of an engine that died with them
  size_t passed_over_ = 0;       // in a row: steps that let others go first
  size_t to_compare_ = 0;        // compare: how many are left; they go round in left_
  ActionError error_;            // examine: what the attempt failed with
  int polls_ = 0;
  Patience patience_;
  Duration deadline_{};       // of all steps
  Duration step_deadline_{};  // of this one
  Duration settled_at_{};     // not before it an undo counts as not done
  std::optional<Observation> last_look_;
  std::optional<Duration> wait_until_;
  bool told_ = false;  // it is on record that a pause or a breaker keeps it

  struct Entry {
    StepOutcome outcome;
    Move move = Move::outcome;
    std::string reason;
  };
  std::deque<Entry> unrecorded_;
  struct Refusal {
    std::string reason;
    nlohmann::json details = nlohmann::json::object();
  };
  std::optional<Refusal> refusal_;
  std::vector<std::pair<size_t, CapturedState>> restored_;
  bool ended_ = false;
};

}  // namespace kedge
