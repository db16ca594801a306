#include "tests/simulate/simulated_ledger.h"

#include <chrono>
#include <utility>

#include "ledger/claim.h"

namespace kedge {
namespace {

Answer go() {
  Answer answer;
  answer.go = GoAnswer{};
  return answer;
}

// One that tells of an open breaker asks to be put off, and is not ready to be carried out.
bool may_go(const Change& change) {
  const auto* const attempt = std::get_if<Attempt>(&change);
  return attempt != nullptr && !attempt->breaker;
}

// Tells nobody what comes near.
class ForgetfulLedger final : public MemoryLedger {
 public:
  explicit ForgetfulLedger(const MemoryLedger& durable) : MemoryLedger(durable) {}
  Result<std::vector<Unfinished>> due(Time) override { return std::vector<Unfinished>(); }
};

}  // namespace

std::unique_ptr<MemoryLedger> LedgerInMemory::copy_of_durable(SimulatedWorld& world) {
  if (world.plant == Plant::far_forgotten) return std::make_unique<ForgetfulLedger>(world.durable());
  return std::make_unique<MemoryLedger>(world.durable());
}

std::vector<Answer> answer_all(size_t count, Outcome outcome, const char* why) {
  Answer answer;
  answer.outcome = outcome;
  answer.error = {ErrorCode::unavailable, why};
  return std::vector<Answer>(count, answer);
}

std::vector<Answer> LedgerInMemory::apply(std::span<const Change> changes) {
  if (!world_.step(life_)) return answer_all(changes.size(), Outcome::final, "dead");
  if (world_.disk_is_full) return answer_all(changes.size(), Outcome::no_room, "the disk is full");
  // Of its own: the position first, and later what was decided.
  if (world_.plant == Plant::early_position) {
    for (const Change& change : changes) {
      const auto* batch = std::get_if<CommitBatch>(&change);
      if (batch == nullptr || batch->moves.empty() || changes.size() > 1) continue;
      CommitBatch moves, decided = *batch;
      std::swap(moves.moves, decided.moves);
      const Change first = moves, second = decided;
      std::vector<Answer> answers = commit({&first, 1});
      if (!answers.at(0).done() || !world_.step(life_)) return answers;
      return commit({&second, 1});
    }
  }
  std::vector<Answer> answers = commit(with_plant(changes));
  if (world_.plant == Plant::unheld_attempt) {
    for (size_t i = 0; i < changes.size(); ++i) {
      if (may_go(changes[i]) && answers[i].done()) answers[i] = go();
    }
  }
  return answers;
}

std::vector<Answer> LedgerInMemory::commit(std::span<const Change> changes) {
  std::vector<Answer> answers = working_->apply(changes);
  if (world_.plant == Plant::before_captured_twice) {
    for (size_t i = 0; i < changes.size(); ++i) capture_again(changes[i], answers[i]);
  }
  if (!world_.step(life_)) return answer_all(changes.size(), Outcome::final, "dead before the sync");
  sync();
  for (size_t i = 0; i < changes.size(); ++i) {
    world_.promises.committed(changes[i], answers[i], world_.durable());
    if (answers[i].go && answers[i].go->go == Go::go) world_.attempt_is_durable();
  }
  if (!world_.step(life_)) return answer_all(changes.size(), Outcome::final, "dead after the sync");
  return answers;
}

void LedgerInMemory::sync() {
  if (world_.plant == Plant::drop_sync && world_.dice.below(3) == 0) return;
  world_.keep(std::make_unique<MemoryLedger>(*working_));
}

void LedgerInMemory::capture_again(const Change& change, const Answer& answer) {
  if (!answer.done() || answer.go.value_or(GoAnswer{Go::wait, "", "", {}}).go != Go::go) return;
  if (const auto* start = std::get_if<Start>(&change)) {
    for (const StepBefore& before : start->befores) {
      working_->capture_again(start->remediation, before.step, before.state);
    }
  }
  if (const auto* attempt = std::get_if<Attempt>(&change); attempt != nullptr && attempt->attempt > 1) {
    const auto remediation = working_->remediation(attempt->remediation);
    const std::string name = remediation->plan.effects().at(attempt->step)->args.at("name");
    const nlohmann::json now = {{"value", world_.values.value(name)}};
    working_->capture_again(attempt->remediation, attempt->step, {now, now});
  }
}

Change LedgerInMemory::as_event(const FindDrift& drift) {
  const auto claims = working_->claims({}, kDialPoints, 1000);
  CommitBatch batch;
  for (const Claim& claim : *claims) {
    if (claim.plan.rule.id != drift.rule || claim.plan.target != drift.target) continue;
    batch.findings = {finding_of(claim, drift, drift.observed)};
    batch.findings[0].origin = "event";
    batch.findings[0].times.happened = drift.observed;
  }
  return batch;
}

std::vector<Change> LedgerInMemory::with_plant(std::span<const Change> changes) {
  std::vector<Change> planted(changes.begin(), changes.end());
  for (Change& change : planted) {
    if (auto* batch = std::get_if<CommitBatch>(&change)) {
      if (world_.plant == Plant::poison_dropped) batch->dead_letters.clear();
      if (world_.plant == Plant::approval_ignored) {
        for (Finding& finding : batch->findings) finding.policy.approvals = 0;
      }
      if (world_.plant == Plant::lease_cut_short) {
        for (Finding& finding : batch->findings) finding.policy.lease = std::chrono::seconds(20);
      }
      if (world_.plant == Plant::epoch_ignored) {
        for (PositionMove& move : batch->moves) {
          const auto stored = working_->positions();
          if (!stored->empty()) move.epoch = stored->at(0).position.epoch, move.from = stored->at(0).position.next;
        }
      }
    }
    if (auto* rules = std::get_if<LoadRules>(&change); rules != nullptr && world_.plant == Plant::approval_ignored) {
      for (LoadedRule& rule : rules->rules) rule.policy.approvals = 0;
    }
    if (const auto* drift = std::get_if<FindDrift>(&change); drift && world_.plant == Plant::drift_as_event) {
      change = as_event(*drift);
    }
    const bool is_lost = (may_go(change) && world_.plant == Plant::unheld_attempt) ||
                         (std::holds_alternative<AddException>(change) && world_.plant == Plant::exception_lost);
    if (is_lost) change = NoteStop{"lost"};
  }
  return planted;
}

}  // namespace kedge
