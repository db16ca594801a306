#include "tests/simulate/ledger_on_sqlite.h"

#include <chrono>
#include <utility>

#include "ledger/claim.h"
#include "ledger/ledger_check.h"

namespace kedge {
namespace {

// Small enough for a run to have checkpoints of both kinds.
constexpr size_t kCheckpointBytes = 64U << 10U;
constexpr size_t kWalBytesMax = 256U << 10U;

bool is_the_same(const Answer& wanted, const Answer& got) {
  return wanted.outcome == got.outcome && wanted.seq == got.seq && wanted.dispositions == got.dispositions &&
         wanted.epochs == got.epochs && wanted.go == got.go && wanted.runnable == got.runnable &&
         wanted.notices == got.notices;
}

template <class T>
bool is_the_same(const Result<T>& wanted, const Result<T>& got) {
  return wanted && got && *wanted == *got;
}

// What differs first; empty: nothing.
std::string difference(LedgerReader& wanted, LedgerReader& got) {
  const auto head = wanted.journal_head();
  if (!is_the_same(head, got.journal_head())) return "the journal's head";
  if (!is_the_same(wanted.journal(0, SIZE_MAX), got.journal(0, SIZE_MAX))) return "the journal";
  if (!is_the_same(wanted.positions(), got.positions())) return "the positions";
  if (!is_the_same(wanted.open_remediations(), got.open_remediations())) return "what is open";
  if (!is_the_same(wanted.exceptions(), got.exceptions())) return "the exceptions";
  if (!is_the_same(wanted.pauses(), got.pauses())) return "the pauses";
  if (!is_the_same(wanted.claims({}, kDialPoints, 1000), got.claims({}, kDialPoints, 1000))) return "the claims";
  if (!is_the_same(wanted.dead_letters({}), got.dead_letters({}))) return "the dead letters";
  return "";
}

}  // namespace

// ---- the disk ------------------------------------------------------------------------------------------------------

LedgerDisk::LedgerDisk(SimulatedWorld& world, SqliteLedgerOptions options)
    : world_(world),
      options_(std::move(options)),
      disk_({[this] { return !world_.goes_on(life_); }, [this] { return world_.disk_is_full; },
             [this] { return world_.plant == Plant::disk_lies && world_.dice.below(3) == 0; }},
            world.dice.number()) {
  options_.directory = directory_.path().native();
  options_.checkpoint_bytes = kCheckpointBytes;
  options_.wal_bytes_max = kWalBytesMax;
  put_before_disk(&disk_);
}

LedgerDisk::~LedgerDisk() { put_before_disk(nullptr); }

void LedgerDisk::check() {
  const auto checked = check_ledger(options_.directory + "/ledger.db", options_.undo_horizon);
  world_.promises.expect(checked.ok(), "the ledger cannot be checked in the end");
  if (!checked) return;
  for (const LedgerFault& fault : checked->faults) {
    world_.promises.expect(
        false, "the ledger's check finds a fault: " + fault.part + " " + fault.where + ": " + fault.message);
  }
}

// ---- the ledger ----------------------------------------------------------------------------------------------------

LedgerOnSqlite::LedgerOnSqlite(LedgerDisk& disk, SimulatedWorld& world, uint64_t life)
    : disk_(disk), world_(world), life_(life) {
  disk_.life_ = life;
  if (const auto opened = open(); !opened) {
    ledger_.reset();
    reader_.reset();
    world_.promises.expect(world_.is_dead(life_), "the ledger does not open again: " + opened.error().message);
    return;
  }
  compare_what_was_kept();
}

Result<void> LedgerOnSqlite::open() {
  auto ledger = open_sqlite_ledger(disk_.options_, world_.clock, random_);
  if (!ledger) return ledger.error();
  auto reader = open_sqlite_reader(disk_.options_.directory);
  if (!reader) return reader.error();
  ledger_ = *std::move(ledger);
  reader_ = *std::move(reader);
  return {};
}

// All that was answered, and of the group at which the engine died all or nothing.
void LedgerOnSqlite::compare_what_was_kept() {
  if (!world_.has_durable()) {
    world_.keep(std::make_unique<MemoryLedger>(world_.clock, disk_.options_, *reader_->ledger_id()));
  }
  std::unique_ptr<MemoryLedger> perhaps = std::move(disk_.perhaps_);
  const std::string other = difference(world_.durable(), *reader_);
  if (other.empty()) return;
  const bool whole = perhaps != nullptr && difference(*perhaps, *reader_).empty();
  world_.promises.expect(whole, "what the ledger kept over a death is not what was answered: " + other);
  if (whole) world_.keep(std::move(perhaps));
}

std::vector<Answer> LedgerOnSqlite::apply(std::span<const Change> changes) {
  if (!world_.step(life_) || ledger_ == nullptr) return answer_all(changes.size(), Outcome::final, "dead");
  auto reference = std::make_unique<MemoryLedger>(world_.durable());
  const std::vector<Answer> wanted = reference->apply(changes);  // first: at the same time
  std::vector<Answer> answers = ledger_->apply(changes);
  if (!answers.empty() && answers.front().outcome == Outcome::no_room) return answers;
  if (world_.is_dead(life_)) {
    disk_.perhaps_ = std::move(reference);
    return answer_all(changes.size(), Outcome::final, "dead before the answer");
  }
  world_.keep(std::move(reference));
  for (size_t i = 0; i < changes.size(); ++i) {
    world_.promises.expect(is_the_same(wanted[i], answers[i]),
                           "the ledger answers a change of kind " + std::to_string(changes[i].index()) +
                               " otherwise than its reference: " + answers[i].error.message);
    world_.promises.committed(changes[i], answers[i], world_.durable());
    if (answers[i].go && answers[i].go->go == Go::go) world_.attempt_is_durable();
  }
  if (!world_.step(life_)) return answer_all(changes.size(), Outcome::final, "dead after the sync");
  return answers;
}

}  // namespace kedge
