#include "guard/own_things.h"

namespace kedge {
namespace {

bool is_in(const std::string& key, const std::string& folder) {
  return key.size() > folder.size() && key.starts_with(folder) && (folder.ends_with('/') || key[folder.size()] == '/');
}

bool is_own(const std::string& key, const OwnThing& own) {
  if (own.key.ends_with('*')) return key.starts_with(own.key.substr(0, own.key.size() - 1));
  return key == own.key || (own.below && (is_in(key, own.key) || is_in(own.key, key)));
}

}  // namespace

std::vector<OwnThing> with_principals(std::vector<OwnThing> things, const std::vector<std::string>& arns) {
  for (const std::string& arn : arns) things.push_back({arn, "whom the engine acts as", false});
  return things;
}

std::vector<std::string> keys_touched(const Plan& plan, const ActionCatalog& actions) {
  std::vector<std::string> keys;
  for (const Step* step : plan.effects()) {
    const ActionSpec* const spec = actions.find(step->action);
    if (spec == nullptr || !spec->touches) continue;
    for (std::string& key : spec->touches(step->args)) keys.push_back(std::move(key));
  }
  if (keys.empty()) keys.push_back(plan.target);
  return keys;
}

std::optional<OwnThing> own_among(const std::vector<std::string>& keys, const std::vector<OwnThing>& things) {
  for (const std::string& key : keys) {
    for (const OwnThing& own : things) {
      if (is_own(key, own)) return OwnThing{key, own.what, own.below};
    }
  }
  return std::nullopt;
}

}  // namespace kedge
