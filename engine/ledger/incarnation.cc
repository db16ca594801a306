#include "ledger/incarnation.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "guard/restored.h"
#include "ledger/missing_records.h"
#include "ledger/progress.h"
#include "ledger/record.h"
#include "ledger/tables.h"

namespace kedge {
namespace {

constexpr size_t kRecordBytesMax = 65'535;

// Nobody claims a partition so often in a second: the epochs of an incarnation are above all that any incarnation
// before it has given, those of a ledger that is lost among them. They stay within what a record's number can hold
// until the year 2242.
constexpr int64_t kEpochsPerSecond = int64_t{1} << 20U;

int64_t first_epoch(Time now) {
  return std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count() * kEpochsPerSecond;
}

class Incarnation {
 public:
  Incarnation(Database& database, const std::string& former, const std::optional<LogOfLedger>& log,
              const std::string& actor, Clock& clock, Restoration& restoration)
      : db_(database),
        tables_(database),
        former_(former),
        log_(log),
        actor_(actor),
        clock_(clock),
        restoration_(restoration) {}

  void begin() {
    db_.run("BEGIN IMMEDIATE");
    const Tables::Meta meta = *tables_.meta();
    const LedgerTime time(clock_, meta.mark);
    now_ = time.now();
    const auto& former = restoration_.former;
    const bool same = former && former->ledger_id == meta.ledger_id;
    restoration_.incarnation = 1 + std::max(restoration_.backup.incarnation, same ? former->incarnation : int64_t{0});
    db_.run("UPDATE meta SET incarnation = ?", restoration_.incarnation);
    tables_.put_mark(time.mark(now_));
    // The former's clock may have been ahead of ours, and so its epochs.
    db_.run("UPDATE position SET epoch = max(epoch, ?)", std::max(first_epoch(now_), same ? former->epoch + 1 : 0));
    hold_what_claims_find();
    db_.run("DELETE FROM approval");  // whoever said yes did not know of this
    MissingRecords missing(tables_, day_of(now_));
    const bool all_known = learn(missing, same);
    const std::vector<Outdated> outdated = outdated_by(missing, all_known);
    restoration_.dropped = missing.forget_what_ended();
    restoration_.outdated = static_cast<int64_t>(outdated.size());
    const int64_t known = log_ ? log_->end - 1 : same ? former->head : -1;
    head_ = std::max(known, restoration_.backup.head);
    write(meta.ledger_id);
    for (const Outdated& one : outdated) hold(one);
    db_.run("COMMIT");
  }

 private:
  // What is open in the backup, and why it is not carried on as it stands there.
  struct Outdated {
    Remediation remediation;
    std::string reason;
    Json figures;
  };

  // A person may have undone, since, what a claim stands for. The next event that confirms it makes a claim of its own.
  void hold_what_claims_find() {
    db_.run("UPDATE claim SET body = json_set(body, '$.policy.reconcile', ?)", std::string(to_string(Reconcile::hold)));
  }

  // True: no record of the former ledger is missing. The log has what its journal has, and more where that is damaged.
  bool learn(MissingRecords& missing, bool same) {
    std::optional<int64_t> last;
    if (log_) last = read_behind(missing, log_->records);
    if (!last && same) last = read_former(missing);
    if (last && *last > restoration_.backup.head) restoration_.known = last;
    return last && same && *last >= restoration_.former->head;
  }

  std::optional<int64_t> read_former(MissingRecords& missing) {
    try {
      Database database(former_, SQLITE_OPEN_READONLY);
      Tables tables(database);
      return read_behind(missing, [&](int64_t from, size_t limit) -> Result<std::vector<JournalEntry>> {
        try {
          return tables.journal(from, limit);
        } catch (const SqliteFailure& failure) {
          return failure.error();
        }
      });
    } catch (const SqliteFailure&) {
      return std::nullopt;
    }
  }

  // The number of the last record that could be read; none: these are not the records that go on behind the backup.
  std::optional<int64_t> read_behind(MissingRecords& missing,
                                     const std::function<Result<std::vector<JournalEntry>>(int64_t, size_t)>& records) {
    constexpr size_t kAtOnce = 256;
    int64_t last = restoration_.backup.head;
    const auto there = records(last, 1);
    if (!there || *there != tables_.journal(last, 1)) return std::nullopt;
    for (;;) {
      const auto entries = records(last + 1, kAtOnce);
      if (!entries || entries->empty()) return last;
      for (const JournalEntry& entry : *entries) missing.read(entry);
      last = entries->back().seq;
    }
  }

  std::vector<Outdated> outdated_by(const MissingRecords& missing, bool all_known) {
    std::vector<Outdated> outdated;
    for (const Remediation& r : tables_.open_remediations()) {
      const std::string commands = fmt::format(
          "kedge remediation reject {} leaves it as it is, kedge remediation approve {} observes it and "
          "goes on",
          r.id, r.id);
      if (const auto last = missing.last_of(r.id)) {
        const std::string reason = fmt::format("by record {} it is {}, which the restored ledger does not have: {}",
                                               last->record, to_string(last->state), commands);
        outdated.push_back({r, reason, {{"record", last->record}, {"state", to_string(last->state)}}});
      } else if (!all_known && has_written(r)) {
        const std::string reason =
            fmt::format("what became of it since record {} is not known: {}", restoration_.backup.head, commands);
        outdated.push_back({r, reason, Json::object()});
      }
    }
    return outdated;
  }

  void write(const std::string& ledger_id) {
    restoration_.head = head_ + 1;
    append(restoration_record(restoration_, ledger_id, actor_));
    const std::string since =
        fmt::format("the ledger was restored from a backup: what was done after its record {} is not known to it",
                    restoration_.backup.head);
    // Events tell the time as people do, whatever ledger time is.
    for (const Pause& pause :
         {Pause{"all", since, actor_, now_}, Pause{kRestored, since, actor_, std::max(now_, clock_.now())}}) {
      tables_.put(pause);
      append(pause_record(pause));
    }
  }

  void hold(const Outdated& one) {
    Remediation r = one.remediation;
    const Transition step = *transition(r.state, Move::hold);
    move_to(r, step, {kOutdated, one.reason, one.figures, std::nullopt}, now_);
    append(move_record(r, step, Json::object()));
    tables_.update(r, one.remediation);
  }

  void append(Record record) {
    ++head_;
    tables_.append(head_, seal(std::move(record), head_, now_, kRecordBytesMax).bytes);
  }

  Database& db_;
  Tables tables_;
  const std::string& former_;  // its file
  const std::optional<LogOfLedger>& log_;
  const std::string& actor_;
  Clock& clock_;
  Restoration& restoration_;
  Time now_;
  int64_t head_ = -1;  // the last record
};

}  // namespace

void begin_incarnation(Database& database, const std::string& former, const std::optional<LogOfLedger>& log,
                       const std::string& actor, Clock& clock, Restoration& restoration) {
  Incarnation(database, former, log, actor, clock, restoration).begin();
}

}  // namespace kedge
