#include "ledger/state_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "ledger/claim.h"
#include "ledger/progress.h"
#include "ledger/stored_json.h"

namespace kedge {
namespace {

constexpr const char* kNobody = "the remediation that it belongs to is not open";
constexpr const char* kBlocks = "it is held for a remediation that is not open: whatever needs it waits for ever";

}  // namespace

void StateCheck::run(Time last_record) {
  check_meta(last_record);
  check_open_remediations();
  check_orphans();
  check_positions();
  check_claims();
  std::map<std::string, Time> exceptions;
  for (const Exception& one : tables_.exceptions()) exceptions[one.id] = one.added;
  compare("exception", exceptions, told_.exceptions);
  std::map<std::string, Time> pauses;
  for (const Pause& one : tables_.pauses()) pauses[one.scope] = one.since;
  compare("pause", pauses, told_.pauses);
  check_dead_letters();
  check_dead_letter_totals();
  check_outbox();
}

void StateCheck::check_meta(Time last_record) {
  Query row = db_.query("SELECT ledger_id, incarnation, time FROM meta");
  if (!row.next()) return fault("meta", "", "the ledger has no identity: its table meta is empty");
  check_.ledger_id = row.text(0);
  check_.incarnation = row.integer(1);
  check_.time = row.time(2);
  if (check_.head < 0) return fault("journal", "", "there is no record: even an unused ledger tells of its birth");
  if (!told_.ledger_id.empty() && check_.ledger_id != told_.ledger_id) {
    fault("meta", "",
          fmt::format("the ledger is {}, and its journal is that of {}", check_.ledger_id, told_.ledger_id));
  }
  if (told_.incarnation != 0 && check_.incarnation != told_.incarnation) {
    fault("meta", "",
          fmt::format("the ledger is in incarnation {}, and its journal in {}", check_.incarnation, told_.incarnation));
  }
  if (check_.time < last_record) {
    fault("meta", "",
          fmt::format("the last commit is of {}, and the last record of {}", format_time(check_.time),
                      format_time(last_record)));
  }
}

// False: of what is this old the journal cannot tell, as it let those records go.
bool StateCheck::may_be_told(Time since) const { return told_.begin == 0 || since > told_.since; }

// `held`: with the time since when.
void StateCheck::compare(const char* part, const std::map<std::string, Time>& held, const std::set<std::string>& told) {
  for (const auto& [one, since] : held) {
    if (!told.contains(one) && may_be_told(since)) fault(part, one, "is there, and by the journal it is not");
  }
  for (const std::string& one : told) {
    if (!held.contains(one)) fault(part, one, "is not there, and by the journal it is");
  }
}

// ---- open remediations ---------------------------------------------------------------------------------------------

void StateCheck::check_open_remediations() {
  std::vector<std::pair<std::string, std::string>> rows;
  {
    Query row = db_.query("SELECT id, state FROM remediation ORDER BY id");
    while (row.next()) rows.emplace_back(row.text(0), row.text(1));
  }
  check_.open = static_cast<int64_t>(rows.size());
  for (const auto& [id, state] : rows) open_.insert(id);
  for (const auto& [id, state] : rows) check_one(id, state);
  for (const auto& [id, state] : told_.open) {
    if (!open_.contains(id)) fault("remediation", id, "is not open, and by the journal it is " + state);
  }
}

void StateCheck::check_one(const std::string& id, const std::string& state) {
  const auto told = told_.open.find(id);
  if (told == told_.open.end()) {
    check_that_it_is_old(id, state);
  } else if (told->second != state) {
    fault("remediation", id, "is " + state + ", and by the journal it is " + told->second);
  }
  try {
    const auto r = tables_.open_remediation(id);
    if (!r) return fault("remediation", id, "what it was opened for is missing (table finding): no worker takes it up");
    check_that_it_can_go_on(*r);
  } catch (const SqliteFailure& failure) {
    fault("remediation", id, "cannot be read, so no worker takes it up: " + failure.message);
  }
}

// Of one that the journal does not tell as open.
void StateCheck::check_that_it_is_old(const std::string& id, const std::string& state) {
  bool may_be_told_of = true;
  if (told_.begin > 0) {
    try {
      const auto r = tables_.open_remediation(id);
      may_be_told_of = r && may_be_told(r->times.decided);
    } catch (const SqliteFailure&) {  // which is told as such
    }
  }
  if (may_be_told_of) fault("remediation", id, "is open (" + state + "), and by the journal it is not");
}

// What would keep every worker from it, however often the engine starts.
void StateCheck::check_that_it_can_go_on(const Remediation& r) {
  if (is_end(r.state)) {
    fault(
        "remediation", r.id,
        fmt::format("has ended ({}) and still stands among the open ones: no worker takes it up", to_string(r.state)));
  }
  if (r.steps.size() != r.plan.effects().size()) {
    fault("remediation", r.id,
          fmt::format("has {} steps, and its plan has {}", r.steps.size(), r.plan.effects().size()));
  }
  if (r.last_finding > check_.head) {
    fault("remediation", r.id,
          fmt::format("its last finding is record {}, and the journal ends at {}: it is never confirmed",
                      r.last_finding, check_.head));
  }
  if (r.state == State::held && r.guard == "pause") {
    const auto pauses = tables_.pauses();
    const auto concerns = [&](const Pause& pause) { return pause_concerns(pause.scope, r); };
    if (std::none_of(pauses.begin(), pauses.end(), concerns)) {
      fault("remediation", r.id, "is held by a pause that is over: it goes on only when somebody approves it");
    }
  }
  // Before it runs, and where it is undone, locks are taken, or not asked for.
  if (r.state != State::running && r.state != State::unknown && r.state != State::confirming) return;
  for (const std::string& key : r.touches) {
    if (tables_.lock_holder(key) == r.id) continue;
    fault("remediation", r.id, "does not hold the lock of " + key + ", so no attempt of it is let through");
  }
}

// ---- rows that belong to a remediation -----------------------------------------------------------------------------

void StateCheck::check_owned(const char* part, Query rows, const char* consequence) {
  while (rows.next()) fault(part, rows.text(1), fmt::format("{} ({})", consequence, rows.text(0)));
}

void StateCheck::check_orphans() {
  check_owned(
      "finding",
      db_.query("SELECT remediation, remediation FROM finding WHERE remediation NOT IN (SELECT id FROM remediation)"),
      kNobody);
  check_owned("step",
              db_.query("SELECT remediation, number FROM step WHERE remediation NOT IN (SELECT id FROM remediation)"),
              kNobody);
  check_owned(
      "timer",
      db_.query("SELECT remediation, remediation FROM timer WHERE remediation NOT IN (SELECT id FROM remediation)"),
      kNobody);
  check_owned("lock",
              db_.query("SELECT remediation, key FROM lock WHERE remediation NOT IN (SELECT id FROM remediation)"),
              kBlocks);
  check_owned("awaited",
              db_.query("SELECT remediation, key FROM awaited WHERE remediation NOT IN (SELECT id FROM remediation)"),
              kBlocks);
  check_owned("lease",
              db_.query("SELECT remediation, effect FROM lease WHERE remediation NOT IN (SELECT id FROM remediation)"),
              kNobody);
  check_owned(
      "approval",
      db_.query("SELECT remediation, actor FROM approval WHERE remediation NOT IN (SELECT id FROM remediation)"),
      kNobody);
}

// ---- positions -----------------------------------------------------------------------------------------------------

// A claim without a note, and a batch, move a position on without a record; nothing moves it back without one.
void StateCheck::check_positions() {
  std::set<PartitionId> held;
  for (const StoredPosition& stored : tables_.positions()) {
    held.insert(stored.partition);
    const std::string name = to_string(stored.partition);
    const Position& position = stored.position;
    if (position.next < 0 || position.epoch < 1) {
      fault("position", name,
            fmt::format("stands at {} in epoch {}, which no reading leads to", position.next, position.epoch));
    }
    if (position.bookmark && position.bookmark->offset >= position.next) {
      fault(
          "position", name,
          fmt::format("the last record handled is {}, and the next one {}", position.bookmark->offset, position.next));
    }
    const auto told = told_.positions.find(stored.partition);
    if (told == told_.positions.end()) continue;
    const auto epoch = static_cast<int64_t>(position.epoch);
    if (epoch > told->second.epoch || (epoch == told->second.epoch && position.next >= told->second.next)) continue;
    fault("position", name,
          fmt::format("stands at {} in epoch {}, and by the journal it was at {} in epoch {} already", position.next,
                      epoch, told->second.next, told->second.epoch));
  }
  for (const auto& [id, told] : told_.positions) {
    if (!held.contains(id)) fault("position", to_string(id), "is not there, and by the journal it was read");
  }
}

// ---- claims --------------------------------------------------------------------------------------------------------

// What reconcile would pass over, or could not act on.
void StateCheck::check_claims() {
  std::vector<std::tuple<std::string, std::string, int64_t>> rows;
  {
    Query row = db_.query("SELECT rule, target, phase FROM claim ORDER BY rule, target");
    while (row.next()) rows.emplace_back(row.text(0), row.text(1), row.integer(2));
  }
  check_.claims = static_cast<int64_t>(rows.size());
  for (const auto& [rule, target, phase] : rows) {
    const std::string name = rule + " " + target;
    if (phase < 0 || phase >= int64_t{kDialPoints}) {
      fault("claim", name, fmt::format("stands at {}, where reconcile never looks", phase));
    }
    try {
      const Claim claim = tables_.claim(rule, target).value();
      if (claim.plan.rule.id != rule || claim.plan.target != target) {
        fault("claim", name, fmt::format("has the plan of {} for {}", claim.plan.rule.id, claim.plan.target));
      }
      if (claim.plan.effects().empty()) fault("claim", name, "has nothing that could be looked at");
      if (claim.last_seen > check_.time || claim.confirmed > check_.time) {
        fault("claim", name, fmt::format("is younger than the last commit, of {}", format_time(check_.time)));
      }
    } catch (const SqliteFailure& failure) {
      fault("claim", name, "cannot be read, so reconcile looks at none beside it: " + failure.message);
    }
  }
}

// ---- dead letters, notices -----------------------------------------------------------------------------------------

void StateCheck::check_dead_letters() {
  std::set<int64_t> held;
  Query row = db_.query("SELECT number, length(value), value_bytes FROM dead_letter");
  while (row.next()) {
    held.insert(row.integer(0));
    const int64_t whole = row.integer(2);
    if (row.integer(1) == std::min<int64_t>(whole, kDeadLetterValueMax)) continue;
    fault("dead letter", std::to_string(row.integer(0)),
          fmt::format("keeps {} bytes of its {}", row.integer(1), whole));
  }
  if (!told_.dead_letters_known) return;
  for (const int64_t number : held) {
    if (number >= told_.begin && !told_.dead_letters.contains(number))
      fault("dead letter", std::to_string(number), "is there, and by the journal it is not");
  }
  for (const int64_t number : told_.dead_letters) {
    if (!held.contains(number)) fault("dead letter", std::to_string(number), "is not there, and by the journal it is");
  }
}

void StateCheck::check_dead_letter_totals() {
  Query row = db_.query(
      "SELECT source, rule, sum(letters), sum(bytes), sum(counted), sum(size) FROM ("
      " SELECT source, rule, letters, bytes, 0 AS counted, 0 AS size FROM dead_letter_total"
      " UNION ALL SELECT source, rule, 0, 0, 1, length(value) FROM dead_letter) GROUP BY source, rule");
  while (row.next()) {
    if (row.integer(2) == row.integer(4) && row.integer(3) == row.integer(5)) continue;
    fault("dead letter", row.text(0) + (row.text(1).empty() ? "" : " " + row.text(1)),
          fmt::format("{} with {} bytes are counted, and {} with {} are there", row.integer(2), row.integer(3),
                      row.integer(4), row.integer(5)));
  }
}

void StateCheck::check_outbox() {
  Query row = db_.query("SELECT id, data FROM outbox");
  while (row.next()) {
    const Json data = Json::parse(row.text(1), nullptr, false);
    if (!data.is_object()) {
      fault("notice", row.text(0), "cannot be read: it is never delivered");
    } else if (data.contains("seq") && data["seq"].is_number_integer() && data["seq"].get<int64_t>() > check_.head) {
      fault("notice", row.text(0),
            fmt::format("is about record {}, and the journal ends at {}", data["seq"].get<int64_t>(), check_.head));
    }
  }
}

}  // namespace kedge
