#include "tests/simulate/run.h"

#include <chrono>

#include "base/hash.h"
#include "base/json.h"
#include "ledger/claim.h"

namespace kedge {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using Kind = Disturbance::Kind;

constexpr const char* kNames[] = {"v0", "v1", "v2", "v3", "p0", "p1", "q0"};
constexpr const char* kIsolatingNames[] = {"j0", "j1"};
constexpr const char* kWrong[] = {"wrong", "open", "public"};

constexpr const char* kRules[] = {"one", "asked"};  // which people pause and let go

std::string target_of(const std::string& name) { return "value:" + (name == "p1" ? std::string("p0") : name); }

constexpr int kAsManyAsLike = 1000;

SqliteLedgerOptions ledger_options(const Scenario& scenario, Plant plant) {
  SqliteLedgerOptions options;
  options.gate.budgets = scenario.budgets;
  options.gate.share = kShareOfFleet;
  if (scenario.fleet) options.gate.fleets = simulated_fleets();
  if (plant == Plant::fleet_ignored) options.gate.share.reset();
  if (plant == Plant::account_uncounted) options.gate.budgets.account.most = kAsManyAsLike;
  if (plant == Plant::action_uncounted) options.gate.budgets.action.most = kAsManyAsLike;
  options.gate.mass_match = Budget{kTargetsOfRule, minutes(10)};
  options.gate.held_most = scenario.seed % 2 == 0 ? minutes(50) : minutes(180);
  if (plant == Plant::mass_ignored) options.gate.mass_match.reset();
  options.notify_alarms = {"on-call"};
  return options;
}

// A clock that believes the wall.
class WallClock final : public Clock {
 public:
  explicit WallClock(FakeClock& clock) : clock_(clock) {}
  Time now() override { return clock_.now(); }
  Duration elapsed() override { return clock_.now().time_since_epoch(); }
  std::string boot_id() override { return clock_.boot_id(); }

 private:
  FakeClock& clock_;
};

class Run {
 public:
  Run(const Scenario& scenario, const Stage& stage, Plant plant)
      : scenario_(scenario), stage_(stage), world_(scenario.seed, plant), wall_(world_.clock) {
    Clock& ledger_clock = plant == Plant::time_follows_wall ? static_cast<Clock&>(wall_) : world_.clock;
    const SqliteLedgerOptions options = ledger_options(scenario, plant);
    if (scenario.on_sqlite) {
      disk_ = std::make_unique<LedgerDisk>(world_, options);
    } else {
      world_.keep(std::make_unique<MemoryLedger>(ledger_clock, options, "simulated"));
    }
    for (const char* name : kNames) world_.values.set(name, "right");
    for (const char* name : kIsolatingNames) world_.values.set(name, "right");
    world_.values.set("w0", "right");
    world_.values.set(kDoor, "open");
    world_.promises.allow(scenario.budgets);
    if (scenario.fleet) world_.promises.watch_fleet();
    world_.reconciles = scenario.reconciles;
  }

  RunReport play() {
    life_ = std::make_unique<Life>(world_, stage_, disk_.get());
    const Duration begin = world_.clock.elapsed();
    for (const Disturbance& one : scenario_.disturbances) {
      sleep_until(begin + one.at);
      disturb(one);
      if (!world_.promises.broken().empty()) break;
    }
    if (world_.promises.broken().empty()) end_well();
    life_.reset();
    if (disk_ && world_.promises.broken().empty()) disk_->check();
    return report();
  }

 private:
  // Time passes; who dies meanwhile is brought to life again.
  void sleep_until(Duration end) {
    while (world_.promises.broken().empty()) {
      if (world_.is_dead(alive_)) restart();
      if (world_.clock.elapsed() >= end) return;
      world_.await_death(end - world_.clock.elapsed());
    }
  }
  void sleep(Duration span) { sleep_until(world_.clock.elapsed() + span); }

  // It may die again before it has begun.
  void restart() {
    life_.reset();
    world_.disk_is_full = false;
    if (disk_) disk_->restart();
    if (world_.dice.below(4) == 0 && !is_ending_) world_.light_fuse(world_.dice.below(30));
    alive_ = world_.life();
    look_at_clock();
    life_ = std::make_unique<Life>(world_, stage_, disk_.get());
    ++lives_;
  }

  // True: it is kept, and was answered.
  bool ask(Change change) {
    const Answer answer = life_->committer().commit(std::move(change));
    return answer.done() && !world_.is_dead(alive_);
  }

  std::string pick(uint64_t number) const { return kNames[number % std::size(kNames)]; }

  void disturb(const Disturbance& one);
  void look_at_clock() { world_.promises.clock_doubted(world_.durable().clock_doubt().has_value()); }
  void drift(const std::string& name, uint64_t number, Duration ago = Duration{});
  void mend(uint64_t number);
  void pause(uint64_t number);
  void pause_rule(uint64_t number);
  void let_go();
  void approve();
  void undo(uint64_t number);
  void release(uint64_t number);
  void end_well();
  RunReport report();

  const Scenario& scenario_;
  const Stage& stage_;
  SimulatedWorld world_;
  WallClock wall_;
  std::unique_ptr<LedgerDisk> disk_;
  std::unique_ptr<Life> life_;
  uint64_t alive_ = 1;
  bool is_ending_ = false;
  uint64_t lives_ = 1;
};

void Run::disturb(const Disturbance& one) {
  switch (one.kind) {
    case Kind::drift:
      return drift(pick(one.number), one.number);
    case Kind::late_event:
      return drift(pick(one.number), one.number, minutes(20));
    case Kind::tell_again:
      if (!world_.log.empty()) world_.append(world_.log[one.number % world_.log.size()].value);
      return;
    case Kind::poison:
      world_.promises.poisoned(static_cast<int64_t>(world_.log.size()));
      return world_.append("no JSON");
    case Kind::mend:
      return mend(one.number);
    case Kind::bad_luck:
      world_.bad_luck = 1 + one.number % 9;
      return;
    case Kind::good_luck:
      world_.bad_luck = 0;
      return;
    case Kind::crash:
      return world_.light_fuse(one.number % 40);
    case Kind::wall_clock:
      world_.clock.set_wall(world_.clock.now() + (one.number % 2 == 0 ? minutes(121) : -minutes(119)));
      return look_at_clock();
    case Kind::accept_clock:
      ask(AcceptClock{"the time server is right", "alice"});
      return look_at_clock();
    case Kind::pause:
      return pause(one.number);
    case Kind::resume:
      world_.promises.paused(false);
      ask(RemovePause{"all", "alice"});
      return;
    case Kind::pause_rule:
      return pause_rule(one.number);
    case Kind::approve:
      return approve();
    case Kind::undo:
      return undo(one.number);
    case Kind::except: {
      const std::string target = target_of(pick(one.number));
      Exception exception{"E-" + target, "*", target, "alice", "meant to be", {}, "alice", {}};
      exception.expires = world_.clock.now() + std::chrono::hours(1000);
      if (ask(AddException{exception})) world_.promises.excepted(target);
      return;
    }
    case Kind::disk_full:
      world_.disk_is_full = one.number % 2 == 0;
      return;
    case Kind::rebalance:
      return life_->source().rebalance(one.number % 2 == 0);
    case Kind::let_go:
      return let_go();
    case Kind::isolating_drift:
      return drift(kIsolatingNames[one.number % std::size(kIsolatingNames)], one.number);
    case Kind::release:
      return release(one.number);
    case Kind::hang:
      return world_.hang(one.number % 2 == 0 ? kHere : kThere, seconds(10 + one.number % 90));
    case Kind::quiet_drift:
      world_.change(pick(one.number), kWrong[0], false);
      return;
  }
}

void Run::drift(const std::string& name, uint64_t number, Duration ago) {
  const std::string event = world_.change(name, kWrong[number / 64 % std::size(kWrong)], true, ago);
  world_.promises.told(event, target_of(name));
}

// Or lifts an isolation by hand.
void Run::mend(uint64_t number) {
  if (number % 16 == 0) {
    world_.change(kDoor, "open", false);
  } else {
    world_.change(pick(number), "right", false);
  }
}

void Run::pause(uint64_t number) {
  if (number % 2 == 0) world_.await_attempt(seconds(10));
  if (ask(AddPause{{"all", "maintenance", "alice", world_.clock.now()}})) world_.promises.paused(true);
}

void Run::pause_rule(uint64_t number) {
  const std::string rule = kRules[number % std::size(kRules)];
  if (number % 4 < 2) world_.await_attempt(seconds(10));
  if (ask(AddPause{{"rule:" + rule, "looked into", "alice", world_.clock.now()}})) world_.promises.paused_rule(rule);
}

void Run::let_go() {
  for (const char* rule : kRules) {
    world_.promises.let_go(rule);  // before it is answered: what it held may go on at once
    ask(RemovePause{std::string("rule:") + rule, "alice"});
  }
}

void Run::approve() {
  for (const Remediation& open : *life_->reader().open_remediations()) {
    if (open.state != State::held || open.guard == "pause") continue;
    world_.promises.approved(open.id);  // before it is answered: it may go on at once
    ask(PersonalMove{open.id, Move::resume, "alice", "still wanted"});
  }
}

// One of those that have begun, mostly the last: it is open, or has ended.
void Run::undo(uint64_t number) {
  const std::vector<std::string>& ids = world_.promises.begun();
  if (ids.empty()) return;
  const std::string id = number % 2 == 0 ? ids.back() : ids[number / 2 % ids.size()];
  ask(PersonalMove{id, Move::undo, "alice", "it was meant"});
}

void Run::release(uint64_t number) {
  std::vector<std::string> ids;
  for (const Remediation& open : *life_->reader().open_remediations()) {
    if (open.state == State::isolated) ids.push_back(open.id);
  }
  if (ids.empty()) return;
  ask(PersonalMove{ids[number % ids.size()], Move::release, "alice", "it is clean"});
}

// All goes well for long enough that everything can come to its end.
void Run::end_well() {
  is_ending_ = true;
  world_.bad_luck = 0;
  world_.disk_is_full = false;
  world_.nothing_hangs();
  world_.put_out_fuse();
  world_.append_held_back();
  world_.clock.set_wall(world_.durable().now());
  look_at_clock();
  sleep(seconds(90));
  world_.tell_of_arrived();
  world_.append_held_back();
  world_.promises.paused(false);
  ask(RemovePause{"all", "alice"});
  let_go();
  sleep(minutes(70));
  if (!world_.promises.broken().empty()) return;
  world_.promises.ended(world_.durable(), static_cast<int64_t>(world_.log.size()), [this](const std::string& target) {
    const std::string name = target.substr(target.find(':') + 1);
    return world_.values.value(name) == "right" && (name != "p0" || world_.values.value("p1") == "right");
  });
}

RunReport Run::report() {
  RunReport report;
  report.broken = world_.promises.broken();
  report.turns = world_.baton.turns();
  report.lives = lives_;
  report.writes = world_.values.writes().size();
  std::string journal;
  for (const JournalEntry& entry : *world_.durable().journal(0, SIZE_MAX)) {
    journal += entry.bytes + "\n";
    ++report.records;
  }
  report.journal_digest = sha256(journal).hex();
  return report;
}

}  // namespace

RunReport play(const Scenario& scenario, const Stage& stage, Plant plant) { return Run(scenario, stage, plant).play(); }

// First in large parts, then one by one.
Scenario shrink(Scenario scenario, const Stage& stage, Plant plant) {
  for (size_t part = scenario.disturbances.size() / 2; part > 0; part = part == 1 ? 0 : part / 2) {
    for (size_t at = 0; at < scenario.disturbances.size();) {
      Scenario smaller = scenario;
      const auto begin = smaller.disturbances.begin() + static_cast<ptrdiff_t>(at);
      const auto left = static_cast<size_t>(smaller.disturbances.end() - begin);
      smaller.disturbances.erase(begin, begin + static_cast<ptrdiff_t>(std::min(part, left)));
      if (play(smaller, stage, plant).broken.empty()) {
        at += part;
      } else {
        scenario = std::move(smaller);
      }
    }
  }
  return scenario;
}

}  // namespace kedge
