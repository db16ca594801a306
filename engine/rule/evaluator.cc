#include "rule/evaluator.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "base/json.h"
#include "event/decoder.h"
#include "rule/plan_reader.h"
#include "rule/rule_sandbox.h"
#include "rule/rule_set_parts.h"

namespace kedge {
namespace {

Decision nothing(std::string reason, const Rule& rule) {
  return {Decision::Kind::nothing, std::move(reason), "", std::nullopt, rule.policy};
}

// One rule, run for one event, in an environment of its own.
class Run {
 public:
  Run(const Rule& rule, const RuleSet::Parts::Origin& origin, const ActionCatalog& actions,
      lua::Environment& environment, lua::Environment::Handle event)
      : rule_(rule), origin_(origin), actions_(actions), environment_(environment), event_(event) {}

  Result<Decision> decide() {
    if (origin_.has_when) {
      const auto wanted = call("when", {event_});
      if (!wanted) return wanted.error();
      if (wanted->is_null() || *wanted == false) return nothing("when", rule_);
    }
    Decision decision{Decision::Kind::plan, "", "", std::nullopt, rule_.policy};
    if (auto done = set_target(decision); !done) return done.error();
    if (auto done = set_plan(decision); !done) return done.error();
    if (auto done = set_policy(decision.policy); !done) return done.error();
    if (!origin_.has_approval && is_for_good(*decision.plan)) decision.policy.approvals = 1;
    return decision;
  }

 private:
  Result<Json> call(std::string_view function, const std::vector<lua::Environment::Handle>& arguments) {
    auto result = environment_.call(origin_.declaration, function, arguments);
    if (result || has_place(result.error().message)) return result;
    return Error{result.error().code, wrong(function, result.error().message).message};
  }

  // "FILE.lua:LINE: ..."; what is said of a returned value, and of memory, has no place.
  static bool has_place(const std::string& message) { return message.find(".lua:") < message.find(' '); }

  Error wrong(std::string_view function, std::string_view what) const {
    return {ErrorCode::invalid, fmt::format("{}:{}: {}: {}", rule_.file, rule_.line, function, what)};
  }

  Result<void> set_target(Decision& decision) {
    const auto target = call("target", {event_});
    if (!target) return target.error();
    if (!target->is_string() || target->get_ref<const std::string&>().empty()) {
      return wrong("target", "must return the target's canonical name, a string that is not empty");
    }
    decision.target = target->get<std::string>();
    return {};
  }

  Result<void> set_plan(Decision& decision) {
    const auto target = environment_.keep(decision.target);
    if (!target) return target.error();
    const auto answer = call("respond", {event_, *target});
    if (!answer) return answer.error();
    auto plan = read_plan(*answer, {rule_.id, rule_.version}, decision.target, actions_);
    if (!plan) return wrong("respond", plan.error().message);
    decision.plan = *std::move(plan);
    return {};
  }

  // One of its effects cannot be undone. Where its rule does not say otherwise, a person decides about that.
  bool is_for_good(const Plan& plan) const {
    const auto effects = plan.effects();
    return std::any_of(effects.begin(), effects.end(),
                       [&](const Step* step) { return !actions_.find(step->action)->undoable; });
  }

  // Severity and title may depend on the event.
  Result<void> set_policy(Policy& policy) {
    if (origin_.has_title) {
      const auto title = call("title", {event_});
      if (!title) return title.error();
      if (!title->is_string()) return wrong("title", "must return a string");
      policy.title = title->get<std::string>();
    }
    if (!origin_.has_severity) return {};
    const auto severity = call("severity", {event_});
    if (!severity) return severity.error();
    const auto parsed = parse_severity(severity->is_string() ? severity->get<std::string>() : severity->dump());
    if (!parsed) return wrong("severity", parsed.error().message);
    policy.severity = *parsed;
    return {};
  }

  const Rule& rule_;
  const RuleSet::Parts::Origin& origin_;
  const ActionCatalog& actions_;
  lua::Environment& environment_;
  const lua::Environment::Handle event_;
};

}  // namespace

// At most one environment is open. It stays open behind the run that used it: closing it may collect garbage, for which
// nobody needs to wait.
struct Evaluator::Parts {
  std::shared_ptr<const RuleSet> rules;
  Result<std::unique_ptr<lua::Sandbox>> sandbox;
  std::optional<lua::Environment> environment = std::nullopt;
  std::string file = {};  // of the environment
  bool unused = false;    // no run has seen it yet

  Result<void> open(const std::string& wanted) {
    if (!sandbox) return sandbox.error();
    environment.reset();
    auto opened = (*sandbox)->open(lua_file(rules->parts_->files, wanted));
    if (!opened) return opened.error();
    environment.emplace(*std::move(opened));
    file = wanted;
    unused = true;
    return {};
  }

  Result<Decision> run(size_t index, const Event& event) {
    const RuleSet::Parts& set = *rules->parts_;
    const Rule& rule = set.rules[index];
    if (!environment || !unused || file != rule.file) {
      if (auto opened = open(rule.file); !opened) return opened.error();
    }
    unused = false;
    const auto view = environment->keep_text(view_json(event));
    if (!view) return view.error().with("reading the event");
    return Run(rule, set.origins[index], *set.options.actions, *environment, *view).decide();
  }

  void get_ready() {
    if (!environment || unused) return;
    const std::string same = file;
    if (!open(same)) environment.reset();  // the next run says why
  }
};

Evaluator::Evaluator(std::shared_ptr<const RuleSet> rules) {
  auto sandbox = make_rule_sandbox(rules->parts_->files, rules->parts_->options, "rule");
  parts_ = std::make_unique<Parts>(Parts{std::move(rules), std::move(sandbox)});
}

Evaluator::~Evaluator() = default;

const RuleSet& Evaluator::rules() const { return *parts_->rules; }

void Evaluator::get_ready() { parts_->get_ready(); }

Decision Evaluator::decide(size_t rule, const Event& event) {
  const Rule& known = rules().rules().at(rule);
  if (known.policy.mode == Mode::off) return nothing("off", known);
  return evaluate(rule, event);
}

Decision Evaluator::evaluate(size_t rule, const Event& event) {
  const Rule& known = rules().rules().at(rule);
  auto decision = parts_->run(rule, event);
  if (decision) return *std::move(decision);
  return {Decision::Kind::failed, decision.error().message, "", std::nullopt, known.policy};
}

}  // namespace kedge
