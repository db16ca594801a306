#include "remediate/action.h"

namespace kedge {
namespace {

std::vector<ActionSpec> specs_of(const std::vector<std::unique_ptr<Action>>& actions) {
  std::vector<ActionSpec> specs;
  specs.reserve(actions.size());
  for (const auto& action : actions) specs.push_back(action->spec());
  return specs;
}

}  // namespace

ActionTable::ActionTable(std::vector<std::unique_ptr<Action>> actions)
    : actions_(std::move(actions)), catalog_(specs_of(actions_)) {}

const Action* ActionTable::find(std::string_view name) const {
  for (const auto& action : actions_) {
    if (action->spec().name == name) return action.get();
  }
  return nullptr;
}

}  // namespace kedge
