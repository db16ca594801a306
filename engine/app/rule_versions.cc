#include "app/rule_versions.h"

#include <utility>

namespace kedge {

RuleVersions::RuleVersions(std::string rule, RuleSet::Options options, const Trail& trail,
                           std::shared_ptr<const RuleSet> today)
    : rule_(std::move(rule)), options_(std::move(options)), trail_(trail), today_(std::move(today)) {}

RuleVersions::Version& RuleVersions::of(const RuleInForce& in_force) {
  const auto known = versions_.find(in_force.version);
  if (known != versions_.end()) return known->second;
  return versions_.emplace(in_force.version, load(in_force)).first->second;
}

RuleVersions::Version RuleVersions::load(const RuleInForce& in_force) const {
  const std::string name = "version " + in_force.version.substr(0, 12);
  const auto bundle = trail_.blob(in_force.bundle);
  if (!bundle) {
    return instead_of("the bundle of " + name + " is not kept any more; --rules DIR asks the files of today instead");
  }
  auto loaded = RuleSet::load_bundle(options_, *bundle, rule_);
  if (!loaded.rules) {
    return instead_of(name + " cannot be loaded by this kedge: " + to_string(loaded.problems.front()));
  }
  if (loaded.rules->rules().front().version != in_force.version) {
    return instead_of("the bundle that is kept of " + name + " is another one's");
  }
  return from(std::move(loaded.rules), rule_);
}

RuleVersions::Version RuleVersions::instead_of(std::string problem) const {
  if (today_ == nullptr) {
    Version none;
    none.problem = std::move(problem);
    return none;
  }
  Version version = from(today_, rule_);
  version.of_today = true;
  return version;
}

RuleVersions::Version RuleVersions::from(std::shared_ptr<const RuleSet> rules, const std::string& rule) {
  Version version;
  const Rule& found = *rules->find(rule);
  version.rule = static_cast<size_t>(&found - rules->rules().data());
  Matcher::Builder builder;
  builder.add(kWanted, found.pattern);
  if (const auto wider = without_exclusions(found.pattern)) builder.add(kNearly, *wider);
  version.matcher = std::move(builder).build();
  version.evaluator = std::make_unique<Evaluator>(std::move(rules));
  return version;
}

}  // namespace kedge
