// Evaluator: runs rules' functions for events. It owns a Lua state and belongs to one lane.
#pragma once

#include <memory>

#include "event/event.h"
#include "plan/decision.h"
#include "rule/rule_set.h"

namespace kedge {

// Not thread-safe. The same event and the same bundle give the same decision, byte for byte, in any process.
class Evaluator {
 public:
  explicit Evaluator(std::shared_ptr<const RuleSet>);
  ~Evaluator();
  Evaluator(const Evaluator&) = delete;
  Evaluator& operator=(const Evaluator&) = delete;

  const RuleSet& rules() const;

  // What the rule (by its index in rules().rules()) says about an event that its pattern matched. Never fails: a rule
  // that does gives Decision::Kind::failed.
  Decision decide(size_t rule, const Event&);

  // The same, as if the rule were not off: for tests and explanations.
  Decision evaluate(size_t rule, const Event&);

  // Does what the next decision needs and no event is needed for: clears up behind the last one, and opens a new
  // environment for the same file. To be called when there is nothing else to do; changes no decision.
  void get_ready();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace kedge
