#include "tests/simulate/undo_promises.h"

namespace kedge {

void UndoPromises::began(const Remediation& remediation) {
  for (size_t i = 0; i < remediation.steps.size(); ++i) {
    const auto& before = remediation.steps[i].before;
    if (before) befores_.emplace(std::pair(remediation.id, i), before->full.value("value", ""));
  }
}

void UndoPromises::undone(const Remediation& remediation) { restored(remediation, remediation.steps.size()); }

void UndoPromises::released(const Remediation& remediation) { restored(remediation, remediation.plan.isolate.size()); }

// Of the first steps those that it has written; what was released stands for itself from then on.
void UndoPromises::restored(const Remediation& remediation, size_t steps) {
  const std::vector<const Step*> effects = remediation.plan.effects();
  for (size_t i = 0; i < steps; ++i) {
    const auto before = befores_.find({remediation.id, i});
    const StepProgress& step = remediation.steps[i];
    if (before == befores_.end() || step.attempts == 0 || step.status == StepStatus::already) continue;
    const std::string name = effects[i]->args.at("name");
    if (!changed_unseen(remediation.id, name)) {
      restored_[name] = before->second;
      check(name);
    }
    befores_.erase(before);
  }
}

void UndoPromises::check(const std::string& name) {
  const auto restored = restored_.find(name);
  if (restored == restored_.end()) return;
  expect_(value_(name) == restored->second,
          name + " was put back to " + restored->second + ", nobody has changed it since, and it is " + value_(name));
}

void UndoPromises::changes(const std::string& name) {
  check(name);
  restored_.erase(name);
  ++changes_[name];
}

void UndoPromises::writes(const std::string& name) {
  check(name);
  restored_.erase(name);
}

uint64_t UndoPromises::changes_of(const std::string& name) const {
  const auto changes = changes_.find(name);
  return changes == changes_.end() ? 0 : changes->second;
}

bool UndoPromises::changed_unseen(const std::string& remediation, const std::string& name) const {
  const auto again = comes_again_.find(name);
  if (again != comes_again_.end() && clock_.elapsed() <= again->second) return true;
  const auto seen = seen_.find({remediation, name});
  return seen == seen_.end() || seen->second != changes_of(name);
}

void UndoPromises::ended() {
  while (!restored_.empty()) {
    check(restored_.begin()->first);
    restored_.erase(restored_.begin());
  }
}

}  // namespace kedge
