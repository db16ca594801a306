#include "pipeline/lane.h"

#include <spdlog/spdlog.h>

#include <optional>
#include <utility>

#include "base/memory.h"

namespace kedge {
namespace {

constexpr const char* kPoisoned =
    "too many of its messages cannot be decoded: see `kedge dead-letter list`; set the source's format, or let it be "
    "read on with `kedge source accept`";

NotePosition poison_note(const PositionMove& move) {
  return {
      move.partition, "poison", {{"next", move.to}}, true, to_string(move.partition) + " is not read: " + kPoisoned};
}

// Whether the ledger has said its last word about a change.
bool settled(const Answer& answer) { return answer.outcome != Outcome::no_room && answer.outcome != Outcome::unknown; }

}  // namespace

// What the lane's thread carries from turn to turn.
struct Lane::Work {
  Work(const Lane::Parts& parts, const OwnPrincipals& known, Decider::Options options)
      : decider(parts.reader, parts.clock, parts.random, std::move(options)), us(known) {}

  Decider decider;
  const OwnPrincipals& us;
  std::optional<uint64_t> us_version;  // of those that the decider has
  uint64_t exceptions_version = 0;     // of those that the decider may have read
  Decider::Outcome outcome;            // decided, not yet committed
  // The partitions behind the outcome, each with the position that its batches lead to.
  struct Pending {
    std::shared_ptr<const Assignment> assignment;
    Source* source;
    PositionMove move;
    bool poisoned = false;  // nothing of it is decided any more
  };
  std::vector<Pending> pending;
  std::map<PartitionId, std::shared_ptr<const Assignment>> poisoned;  // the last one of each that was
  Duration oldest{};     // Clock::elapsed() when the first of them was taken
  size_t handled = 0;    // bytes, since memory was given back
  Duration gave_back{};  // when (Clock::elapsed)

  // Batches of it may be on their way until the source has heard that it is held.
  bool is_poisoned(const Batch& batch) const {
    const auto found = poisoned.find(batch.assignment().partition);
    return found != poisoned.end() && found->second == batch.shared_assignment();
  }

  Pending& of(const Batch& batch) {
    for (Pending& one : pending) {
      if (one.assignment == batch.shared_assignment()) return one;
    }
    const PositionMove move{batch.assignment().partition, batch.assignment().epoch, batch.from(), batch.from(), {}};
    return pending.emplace_back(Pending{batch.shared_assignment(), &batch.source(), move, false});
  }
};

Lane::Lane(Parts parts, Options options)
    : parts_(parts), options_(std::move(options)), mailbox_(options_.queue_bytes_max) {}

Lane::~Lane() { stop(); }

void Lane::start(const OwnPrincipals& us) {
  work_ = std::make_unique<Work>(parts_, us, options_.decider);
  work_->decider.use(parts_.rules.get());
  thread_ = Thread("kedge-lane", [this] { run(); });
}

void Lane::stop() {
  mailbox_.close();
  if (thread_.joinable()) thread_.join();
}

void Lane::run() {
  while (!mailbox_.closed()) {
    const Duration age = work_->pending.empty() ? Duration{} : parts_.clock.elapsed() - work_->oldest;
    pulse_.waits();
    const std::vector<Batch> batches =
        mailbox_.take_all(std::max(Duration{}, options_.idle_commit - age), options_.take_bytes_max);
    pulse_.works();
    give_back(batches.empty() && work_->pending.empty());
    turn(batches);
    const bool due = !work_->pending.empty() && parts_.clock.elapsed() - work_->oldest >= options_.idle_commit;
    if ((work_->outcome.decided() || due) && !flush()) break;
    if (mailbox_.weight() == 0) work_->decider.get_ready();
  }
  flush();
  pulse_.waits();
}

// After much was handled there is memory to give back: when nothing has come for a while, and in a long backlog now and
// then.
void Lane::give_back(bool is_idle) {
  constexpr size_t kWorthwhile = 16U << 20U;
  constexpr Duration kNowAndThen = std::chrono::seconds(5);
  const Duration now = parts_.clock.elapsed();
  if (work_->handled < kWorthwhile || (!is_idle && now - work_->gave_back < kNowAndThen)) return;
  work_->handled = 0;
  work_->gave_back = now;
  give_memory_back();
}

void Lane::turn(const std::vector<Batch>& batches) {
  if (work_->decider.rules() != parts_.rules.get()) work_->decider.use(parts_.rules.get());
  if (const uint64_t version = parts_.committer.exceptions_version(); version != work_->exceptions_version) {
    work_->decider.forget_snapshot();
    work_->exceptions_version = version;
  }
  if (const uint64_t version = work_->us.version(); version != work_->us_version) {
    work_->decider.use_principals(work_->us.get());
    work_->us_version = version;
  }
  for (const Batch& batch : batches) {
    work_->handled += batch.bytes();
    if (batch.assignment().revoked || work_->is_poisoned(batch)) continue;
    if (work_->pending.empty()) work_->oldest = parts_.clock.elapsed();
    Work::Pending& pending = work_->of(batch);
    if (batch.from() != pending.move.to) continue;  // behind a batch that was dropped: it will be read again
    const bool poisoned = work_->decider.decide(batch, work_->outcome);
    pending.move.to = batch.next();
    pending.move.bookmark = batch.bookmark();
    if (poisoned) {
      pending.poisoned = true;
      work_->poisoned[batch.assignment().partition] = batch.shared_assignment();
      batch.source().hold(batch.shared_assignment(), kPoisoned);
    }
  }
}

// Commits what was decided. False when the ledger is finished for good.
bool Lane::flush() {
  if (work_->pending.empty()) return true;
  Decider::Outcome outcome = std::exchange(work_->outcome, {});
  std::vector<Work::Pending> pending = std::exchange(work_->pending, {});
  counters_.messages += outcome.messages;
  counters_.bytes += outcome.bytes;
  counters_.events += outcome.events;
  counters_.matches += outcome.matches;
  for (const Work::Pending& one : pending) {
    outcome.commit.moves.push_back(one.move);
    if (one.poisoned) outcome.commit.notes.push_back(poison_note(one.move));
  }

  const Answer answer = commit(outcome.commit);
  if (answer.outcome == Outcome::final) return false;
  if (!settled(answer)) return true;  // it was not committed: it is read and decided again after the next start
  if (answer.outcome == Outcome::refused) {
    for (const Work::Pending& one : pending) {
      if (!one.assignment->revoked) {
        one.source->reconsider(one.assignment->partition.topic, one.assignment->partition.partition, Permission::none);
      }
    }
    return true;
  }
  for (const Work::Pending& one : pending) one.source->committed(one.assignment, one.move.to);
  ++counters_.commits;
  counters_.findings += static_cast<int64_t>(outcome.commit.findings.size());
  counters_.suppressions += static_cast<int64_t>(outcome.commit.suppressions.size());
  counters_.dead_letters += static_cast<int64_t>(outcome.commit.dead_letters.size());
  return true;
}

// Tries until there is room, or the lane is stopped.
Answer Lane::commit(const Change& change) {
  for (;;) {
    Answer answer = parts_.committer.commit(change);
    if (settled(answer)) return answer;
    pulse_.works();  // it asks again and again
    spdlog::warn("what was decided cannot be committed yet: {}", answer.error.message);
    if (mailbox_.closed()) return answer;
    mailbox_.wait_closed(std::chrono::seconds(1));
  }
}

Lane::Figures Lane::figures() const {
  return {counters_.messages, counters_.bytes,        counters_.events,       counters_.matches,
          counters_.findings, counters_.suppressions, counters_.dead_letters, counters_.commits};
}

}  // namespace kedge
