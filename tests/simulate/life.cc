#include "tests/simulate/life.h"

#include <chrono>
#include <stdexcept>
#include <utility>

#include "tests/support/temporary_directory.h"

namespace kedge {
namespace {

constexpr const char* kRules = R"lua(
local function place_of(name)
  if string.starts_with(name, "p") or string.starts_with(name, "w") then return "there" end
  return "here"
end
local function plan_for(names)
  local steps = {}
  for i, name in ipairs(names) do
    steps[i] = action.test.set { name = name, value = "right", place = place_of(name) }
  end
  return { revert = steps, notify = { "on-call" } }
end
local function changed(prefix)
  return { detail = { eventName = { "PutValue" }, requestParameters = { name = { { prefix = prefix } },
           value = { { ["anything-but"] = "right" } } } } }
end

rule "one" {
  title = "a value is wrong", mode = "enforce", on = changed("v"), reconcile = ENFORCE,
  target = function(event) return "value:" .. event.detail.requestParameters.name end,
  respond = function(event) return plan_for { event.detail.requestParameters.name } end,
}
rule "another" {
  title = "the first value is wrong, and what depends on it", mode = "enforce", on = changed("v0"),
  target = function(event) return "value:" .. event.detail.requestParameters.name end,
  respond = function(event) return plan_for { "v0", "w0" } end,
}
rule "pair" {
  title = "one of two values is wrong", mode = "enforce", on = changed("p"), on_unconfirmed = "undo",
  reconcile = HOLD,
  target = function(event) return "value:p0" end,
  respond = function(event) return plan_for { "p0", "p1" } end,
}
rule "asked" {
  title = "a value that nobody touches unasked is wrong", mode = "enforce", on = changed("q"), approval = 1,
  reconcile = HOLD,
  target = function(event) return "value:" .. event.detail.requestParameters.name end,
  respond = function(event) return plan_for { event.detail.requestParameters.name } end,
}
rule "door" {
  title = "a value behind the door is wrong", mode = "enforce", on = changed("j"), lease = "1m",
  target = function(event) return "value:" .. event.detail.requestParameters.name end,
  respond = function(event)
    local plan = plan_for { event.detail.requestParameters.name }
    plan.isolate = { action.test.isolate { name = "i0", value = "isolated" } }
    return plan
  end,
}
rule "room" {
  title = "what is behind the door is in doubt", mode = "enforce", on = changed("j1"), lease = "2m",
  target = function(event) return "value:" .. event.detail.requestParameters.name end,
  respond = function(event)
    return { isolate = { action.test.isolate { name = "i0", value = "isolated" } }, notify = { "on-call" } }
  end,
}
)lua";

// An action with the bug that is planted.
class PlantedAction final : public Action {
 public:
  PlantedAction(std::unique_ptr<Action> action, SimulatedWorld& world) : action_(std::move(action)), world_(world) {
    spec_ = action_->spec();
    if (world_.plant == Plant::locks_ignored) {
      spec_.touches = [this](const nlohmann::json&) { return std::vector<std::string>{std::to_string(++touched_)}; };
    }
  }
  const ActionSpec& spec() const override { return spec_; }
  ActionResult<Observation> observe(Context& context, const nlohmann::json& args) const override {
    const std::string name = args.at("name");
    const auto last = seen_.find(name);
    const bool remembers = world_.plant == Plant::look_remembered && last != seen_.end();
    if (remembers && context.clock.elapsed() - last->second.first < std::chrono::seconds(30))
      return last->second.second;
    const uint64_t changes = world_.promises.changes_of(name);
    auto seen = action_->observe(context, args);
    if (seen) world_.promises.seen_for(context.remediation, name, changes);
    if (seen) seen_.insert_or_assign(name, std::pair(context.clock.elapsed(), *seen));
    if (world_.plant == Plant::success_is_proof && seen && done_.contains(name)) seen->holds = true;
    return seen;
  }
  ActionResult<Applied> apply(Context& context, const nlohmann::json& args, const Observation& now) const override {
    // What people say in between counts, too.
    if (world_.dice.below(4) == 0) world_.baton.sleep(std::chrono::milliseconds(world_.dice.below(100)));
    if (world_.plant == Plant::foreign_mark)
      context.agent = agent_with_mark("0.1.0", "00000000000000000000000000000000");
    auto done = action_->apply(context, args, now);
    if (done) done_.insert(args.at("name"));
    return done;
  }
  ActionResult<Applied> undo(Context& context, const nlohmann::json& args, const nlohmann::json& before,
                             const nlohmann::json& after) const override {
    auto done = action_->undo(context, args, before, after);
    if (world_.plant == Plant::undo_repeated && !done) return action_->undo(context, args, before, after);
    return done;
  }

 private:
  std::unique_ptr<Action> action_;
  SimulatedWorld& world_;
  ActionSpec spec_;
  mutable std::set<std::string> done_;
  mutable std::map<std::string, std::pair<Duration, Observation>> seen_;
  mutable int touched_ = 0;
};

std::vector<std::unique_ptr<Action>> actions_of(SimulatedWorld& world) {
  std::vector<std::unique_ptr<Action>> actions = fake_actions();
  for (std::unique_ptr<Action>& action : actions) action = std::make_unique<PlantedAction>(std::move(action), world);
  return actions;
}

PauseFile open_pause_file(const std::string& directory) {
  auto file = PauseFile::open(directory);
  if (!file) throw std::runtime_error(file.error().message);
  return *std::move(file);
}

ExecutorOptions executor_options(Plant plant) {
  ExecutorOptions options;
  options.workers = 3;
  options.reconcile = {std::chrono::minutes(20), 10, 2};
  options.courses_max = 2;  // most of what waits for its turn lies in the ledger alone
  options.in_hand = std::chrono::minutes(5);
  if (plant == Plant::breaker_ignored) options.breaker.reset();
  if (plant == Plant::writers_ignored) options.writers_per_endpoint = options.workers;
  return options;
}

LoadRules loaded(const RuleSet& rules) {
  LoadRules change{rules.digest(), "rules", {}};
  for (const Rule& rule : rules.rules())
    change.rules.push_back({rule.id, rule.version, rule.policy, rules.bundle(rule)});
  return change;
}

std::unique_ptr<SimulatedLedger> open_ledger(SimulatedWorld& world, uint64_t life, LedgerDisk* disk) {
  if (disk == nullptr) return std::make_unique<LedgerInMemory>(world, life);
  return std::make_unique<LedgerOnSqlite>(*disk, world, life);
}

// What a restart of a faulty engine forgets.
void forget(SimulatedWorld& world) {
  if (world.plant == Plant::seen_forgotten) world.durable().forget_seen();
  if (world.plant == Plant::budget_per_process) world.durable().forget_starts();
}

}  // namespace

// ---- the stage -----------------------------------------------------------------------------------------------------

struct Stage::Files {
  TemporaryDirectory directory;
  ActionTable actions{fake_actions()};  // which the rule sets borrow

  std::shared_ptr<const RuleSet> load(const std::string& name, const std::string& reconcile) {
    directory.write(name + "/values.lua", reconcile + kRules);
    RuleSet::Options options;
    options.directory = (directory.path() / name).string();
    options.actions = &actions.catalog();
    RuleSet::Loaded loaded_rules = RuleSet::load(options);
    for (const RuleProblem& problem : loaded_rules.problems) throw std::runtime_error(to_string(problem));
    return loaded_rules.rules;
  }
};

Stage::Stage() : files_(std::make_unique<Files>()) {
  rules_ = files_->load("rules", R"(local ENFORCE, HOLD = "off", "off")");
  watched_ = files_->load("watched", R"(local ENFORCE, HOLD = "enforce", "hold")");
}

Stage::~Stage() = default;

const std::string& Stage::directory() const { return files_->directory.path().native(); }

// ---- a life --------------------------------------------------------------------------------------------------------

Life::Life(SimulatedWorld& world, const Stage& stage, LedgerDisk* disk)
    : world_((forget(world), world)),
      life_(world.life()),
      ledger_(open_ledger(world, life_, disk)),
      committer_(*ledger_, runnable_, {}),
      random_(world.dice.number()),
      rules_(stage.rules(world.reconciles)),
      lane_({committer_, reader(), rules_, clock_, random_}, {}),
      positions_(committer_, reader(), "simulated"),
      source_(world, life_, positions_, lane_.mailbox()),
      pause_file_(open_pause_file(stage.directory())),
      effects_({committer_, reader(), pause_file_, {&source_}}),
      client_(world, life_),
      actions_(actions_of(world)),
      breakers_(executor_options(world.plant).breaker, random_),
      executor_(edges(), executor_options(world.plant)),
      reconciler_(edges(), executor_options(world.plant), nullptr) {
  committer_.commit(NoteStart{"0.1.0", "", world.clock.boot_id()});
  committer_.commit(loaded(*stage.rules(world.reconciles)));
  if (world.plant == Plant::hold_forgotten) {
    const auto open = reader().open_remediations();
    for (const Remediation& one : *open) {
      if (one.state == State::held) committer_.commit(PersonalMove{one.id, Move::resume, "nobody", ""});
    }
  }
  auto unfinished = reader().unfinished(committer_.now() + executor_options(world.plant).in_hand);
  if (world.plant == Plant::open_forgotten) unfinished->clear();
  executor_.start(*unfinished);
  if (world.reconciles) reconciler_.start();
  lane_.start(us_);
  [[maybe_unused]] const auto started = source_.start();
}

Life::~Life() {
  source_.stop(Duration{});
  lane_.stop();
  reconciler_.stop();
  executor_.stop(Duration{});
  runnable_.close();
  committer_.stop();
}

ExecutorEdges Life::edges() {
  return {actions_, committer_,   reader(), runnable_, client_,
          hosts_,   world_.clock, random_,  breakers_, [this](const Remediation* of) { return effects_stopped(of); }};
}

std::optional<Stop> Life::effects_stopped(const Remediation* of) {
  if (world_.plant == Plant::pause_ignored) return std::nullopt;
  return effects_.stopped(world_.plant == Plant::scope_ignored ? nullptr : of);
}

}  // namespace kedge
