// Tables: open remediations (in three rows: what never changes, what does, each step), ended ones, locks and attempts.
#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "base/json.h"
#include "ledger/lease.h"
#include "ledger/stored_json.h"
#include "ledger/tables.h"
#include "ledger/values_json.h"

namespace kedge {
namespace {

[[noreturn]] void damaged(const std::string& what) { throw SqliteFailure{SQLITE_CORRUPT, SQLITE_CORRUPT, what}; }

std::vector<std::string> read_texts(Query row) {
  std::vector<std::string> texts;
  while (row.next()) texts.push_back(row.text(0));
  return texts;
}

AttemptTrace read_trace(const Query& row) {
  return {row.text(0), row.text(1), row.text(2), stored_json(row.text(3)).get<std::vector<std::string>>(),
          row.integer(4) != 0};
}

std::string state_text(State state) { return std::string(to_string(state)); }

}  // namespace

// ---- open ----------------------------------------------------------------------------------------------------------

Remediation Tables::read_remediation(const std::string& id, const std::string& state, const std::string& moving,
                                     const std::string& finding) {
  try {
    Remediation r;
    r.id = id;
    const auto known = parse_state(state);
    if (!known) damaged(known.error().message);
    r.state = *known;
    read_fixed_part(stored_json(finding), r);
    read_moving_part(stored_json(moving), r);
    Query row = db_.query("SELECT body FROM step WHERE remediation = ? ORDER BY number", id);
    while (row.next()) r.steps.push_back(step_from_json(stored_json(row.text(0))));
    return r;
  } catch (const Json::exception& cause) {
    damaged(std::string("a stored remediation cannot be read: ") + cause.what());
  }
}

std::vector<Remediation> Tables::open_remediations() {
  std::vector<Remediation> all;
  Query row =
      db_.query("SELECT id, state, moving, body FROM remediation JOIN finding ON finding.remediation = id ORDER BY id");
  while (row.next()) all.push_back(read_remediation(row.text(0), row.text(1), row.text(2), row.text(3)));
  return all;
}

std::vector<Remediation> Tables::first_open(const LedgerReader::OpenFilter& filter) {
  std::vector<Remediation> first;
  Query row = db_.query(
      "SELECT id, state, moving, (SELECT body FROM finding WHERE finding.remediation = id) FROM remediation"
      " WHERE (?1 = '' OR rule = ?1) AND (?2 = 0 OR state = 'held' OR guard <> '') ORDER BY id LIMIT ?3",
      filter.rule, static_cast<int64_t>(filter.standing_still),
      static_cast<int64_t>(std::min<size_t>(filter.limit, INT64_MAX)));
  while (row.next()) first.push_back(read_remediation(row.text(0), row.text(1), row.text(2), row.text(3)));
  return first;
}

std::vector<LedgerReader::OpenCount> Tables::open_counts() {
  std::map<std::tuple<std::string, std::string, State>, int64_t> counted;
  Query row = db_.query("SELECT rule, guard, state, count(*) FROM remediation GROUP BY rule, guard, state");
  while (row.next()) {
    const auto state = parse_state(row.text(2));
    if (!state) damaged(state.error().message);
    const std::string key = row.text(1);  // standing_key
    counted[{row.text(0), key.substr(0, key.find(' ')), *state}] += row.integer(3);
  }
  std::vector<LedgerReader::OpenCount> counts;
  for (const auto& [of, number] : counted)
    counts.push_back({std::get<0>(of), std::get<1>(of), std::get<2>(of), number});
  return counts;
}

// The bodies of findings are large: only those are looked into of which it matters now.
std::vector<LedgerReader::Unfinished> Tables::unfinished(Time until) {
  std::vector<LedgerReader::Unfinished> all;
  Query row = db_.query(
      "SELECT id, due, CASE WHEN due IS NOT NULL THEN 0 ELSE"
      " (SELECT json_array_length(body, '$.plan.isolate') > 0 FROM finding WHERE finding.remediation = id) END"
      " FROM remediation LEFT JOIN timer ON timer.remediation = id"
      " WHERE due <= ? OR (due IS NULL AND NOT (state = 'held' OR (state = 'waiting' AND guard = 'locks')))"
      " ORDER BY id",
      until);
  while (row.next()) {
    all.push_back({row.text(0), row.is_null(1) ? std::nullopt : std::optional(row.time(1)), row.integer(2) != 0});
  }
  return all;
}

std::vector<LedgerReader::Unfinished> Tables::due(Time until) {
  std::vector<LedgerReader::Unfinished> all;
  Query row = db_.query("SELECT remediation, due FROM timer WHERE due <= ? ORDER BY remediation", until);
  while (row.next()) all.push_back({row.text(0), row.time(1)});
  return all;
}

std::optional<Remediation> Tables::open_remediation(const std::string& id) {
  Query row = db_.query(
      "SELECT state, moving, body FROM remediation JOIN finding ON finding.remediation = id WHERE id = ?", id);
  if (!row.next()) return std::nullopt;
  return read_remediation(id, row.text(0), row.text(1), row.text(2));
}

std::vector<std::string> Tables::open_of(const std::string& rule, const std::string& target) {
  return read_texts(db_.query("SELECT id FROM remediation WHERE rule = ? AND target = ? ORDER BY id", rule, target));
}

std::vector<std::string> Tables::standing_after(const std::string& id, const std::string& key, size_t limit) {
  return read_texts(
      db_.query("SELECT id FROM remediation WHERE guard = ? AND guard <> '' AND id > ? ORDER BY id LIMIT ?", key, id,
                int64_t(limit)));
}

// Keys are the guard's name, a space, and more: '!' is what comes after a space.
std::vector<std::string> Tables::standing_keys(const std::string& guard) {
  return read_texts(
      db_.query("SELECT DISTINCT guard FROM remediation WHERE guard <> '' AND guard > ? AND guard < ? ORDER BY guard",
                guard + " ", guard + "!"));
}

std::vector<std::string> Tables::held_after(const std::string& id, const std::string& guard, size_t limit) {
  return read_texts(
      db_.query("SELECT id FROM remediation WHERE guard = ? AND guard <> '' AND state = 'held' AND id > ?"
                " ORDER BY id LIMIT ?",
                guard, id, int64_t(limit)));
}

std::vector<std::string> Tables::held_of(const std::string& rule, const std::string& guard, size_t limit) {
  return read_texts(
      db_.query("SELECT id FROM remediation WHERE guard = ? AND guard <> '' AND state = 'held' AND rule = ?"
                " ORDER BY id LIMIT ?",
                guard, rule, int64_t(limit)));
}

int Tables::standing_by_count(const std::string& key, State state) {
  Query row = db_.query(
      "SELECT count(*) FROM (SELECT 1 FROM remediation WHERE guard = ? AND guard <> '' AND state = ? LIMIT ?)", key,
      state_text(state), kStandingCounted);
  return row.next() ? static_cast<int>(row.integer(0)) : 0;
}

void Tables::insert(const Remediation& r) {
  db_.run("INSERT INTO remediation VALUES (?, ?, ?, ?, ?, ?)", r.id, r.plan.rule.id, r.plan.target, state_text(r.state),
          standing_key(r), stored_text(moving_part(r)));
  db_.run("INSERT INTO finding VALUES (?, ?)", r.id, stored_text(fixed_part(r)));
  for (size_t i = 0; i < r.steps.size(); ++i) put_step(r.id, i, r.steps[i]);
  if (r.due) put_timer(r);
  if (awaits_locks(r)) put_awaited(r);
}

void Tables::update(const Remediation& now, const Remediation& was) {
  db_.run("UPDATE remediation SET state = ?, guard = ?, moving = ? WHERE id = ?", state_text(now.state),
          standing_key(now), stored_text(moving_part(now)), now.id);
  for (size_t i = 0; i < now.steps.size(); ++i) {
    if (now.steps[i] != was.steps[i]) put_step(now.id, i, now.steps[i]);
  }
  if (now.due != was.due) put_timer(now);
  if (awaits_locks(was)) db_.run("DELETE FROM awaited WHERE remediation = ?", now.id);
  if (awaits_locks(now)) put_awaited(now);
}

void Tables::erase(const Remediation& r) {
  db_.run("DELETE FROM remediation WHERE id = ?", r.id);
  db_.run("DELETE FROM finding WHERE remediation = ?", r.id);
  db_.run("DELETE FROM step WHERE remediation = ?", r.id);
  db_.run("DELETE FROM timer WHERE remediation = ?", r.id);
  db_.run("DELETE FROM approval WHERE remediation = ?", r.id);
  db_.run("DELETE FROM awaited WHERE remediation = ?", r.id);
}

void Tables::put_step(const std::string& remediation, size_t number, const StepProgress& step) {
  db_.run("INSERT OR REPLACE INTO step VALUES (?, ?, ?, ?, ?)", remediation, int64_t(number),
          std::string(to_string(step.status)), step.attempts, stored_text(to_json(step)));
}

void Tables::put_timer(const Remediation& r) {
  if (r.due) {
    db_.run("INSERT OR REPLACE INTO timer VALUES (?, ?)", r.id, *r.due);
  } else {
    db_.run("DELETE FROM timer WHERE remediation = ?", r.id);
  }
}

void Tables::put_awaited(const Remediation& r) {
  const int64_t rank = r.plan.isolate.empty() ? 1 : 0;
  for (const std::string& key : r.touches) db_.run("INSERT OR IGNORE INTO awaited VALUES (?, ?, ?)", key, rank, r.id);
}

// ---- ended ---------------------------------------------------------------------------------------------------------

// Newest day first: the key begins with the day, so that what ends now is written where other new rows are.
std::optional<Remediation> Tables::ended(const std::string& id, int64_t from_day) {
  for (int64_t day = INT64_MAX;;) {
    {
      Query newest = db_.query("SELECT max(day) FROM ended WHERE day < ? AND day >= ?", day, from_day);
      if (!newest.next() || newest.is_null(0)) return std::nullopt;
      day = newest.integer(0);
    }
    Query row = db_.query("SELECT bytes FROM ended JOIN blob USING (day, digest) WHERE ended.day = ? AND ended.id = ?",
                          day, id);
    if (!row.next()) continue;
    auto r = remediation_from_json(stored_json(row.text(0)));
    if (!r) damaged(r.error().message);
    return *std::move(r);
  }
}

void Tables::put_ended(const Remediation& r, int64_t day) {
  const std::string whole = stored_text(to_json(r));
  put_blob(whole, day);
  db_.run("INSERT INTO ended VALUES (?, ?, ?, ?, ?, ?)", day, r.id, r.plan.rule.id, r.plan.target, state_text(r.state),
          sha256(whole));
}

void Tables::erase_ended(const Remediation& r) {
  db_.run("DELETE FROM ended WHERE day = ? AND id = ?", day_of(*r.ended), r.id);
}

// ---- locks and attempts --------------------------------------------------------------------------------------------

std::optional<std::string> Tables::lock_holder(const std::string& key) {
  Query row = db_.query("SELECT remediation FROM lock WHERE key = ?", key);
  return row.next() ? std::optional(row.text(0)) : std::nullopt;
}

std::vector<std::string> Tables::lock_holders(const Remediation& r) {
  std::set<std::string> holders;
  for (const std::string& key : r.touches) {
    const auto holder = lock_holder(key);
    if (holder && *holder != r.id) holders.insert(*holder);
  }
  return {holders.begin(), holders.end()};
}

void Tables::put_locks(const Remediation& r) {
  for (const std::string& key : r.touches) db_.run("INSERT OR REPLACE INTO lock VALUES (?, ?)", key, r.id);
}

std::optional<std::string> Tables::first_free(const std::string& key, const std::string& but) {
  if (lock_holder(key)) return std::nullopt;
  const auto first =
      read_texts(db_.query("SELECT remediation FROM awaited AS one WHERE key = ? AND remediation <> ? AND NOT EXISTS ("
                           " SELECT 1 FROM awaited AS its JOIN lock ON lock.key = its.key"
                           " WHERE its.remediation = one.remediation AND lock.remediation <> one.remediation)"
                           " ORDER BY rank, remediation LIMIT 1",
                           key, but));
  return first.empty() ? std::nullopt : std::optional(first.front());
}

void Tables::put_leases(const Remediation& r) {
  for (const std::string& effect : isolating_effects(r.plan)) {
    db_.run("INSERT OR IGNORE INTO lease VALUES (?, ?)", effect, r.id);
  }
}

std::vector<std::string> Tables::lease_holders(const Remediation& r) {
  std::set<std::string> holders;
  for (const std::string& effect : isolating_effects(r.plan)) {
    for (std::string& holder : read_texts(db_.query("SELECT remediation FROM lease WHERE effect = ?", effect))) {
      if (holder != r.id) holders.insert(std::move(holder));
    }
  }
  return {holders.begin(), holders.end()};
}

void Tables::erase_locks(const std::string& remediation) {
  db_.run("DELETE FROM lock WHERE remediation = ?", remediation);
}

void Tables::erase_leases(const std::string& remediation) {
  db_.run("DELETE FROM lease WHERE remediation = ?", remediation);
}

std::optional<std::string> Tables::touched_since(const std::vector<std::string>& keys, int64_t seq, int64_t from_day) {
  for (const std::string& key : keys) {
    if (db_.query("SELECT 1 FROM touched WHERE key = ? AND seq > ? AND day >= ?", key, seq, from_day).next())
      return key;
  }
  return std::nullopt;
}

void Tables::put_touched(const std::vector<std::string>& keys, int64_t seq, int64_t day) {
  for (const std::string& key : keys) db_.run("INSERT OR REPLACE INTO touched VALUES (?, ?, ?)", key, seq, day);
}

void Tables::put_attempt(const AttemptTrace& trace, int64_t day) {
  db_.run("INSERT OR REPLACE INTO attempt VALUES (?, ?, ?, ?, ?, ?)", day, trace.mark, trace.remediation, trace.target,
          stored_text(trace.touches), static_cast<int64_t>(trace.settled));
}

void Tables::put_requests(const AttemptTrace& trace, const std::vector<std::string>& request_ids, int64_t day) {
  for (const std::string& request_id : request_ids) {
    db_.run("INSERT OR IGNORE INTO attempt_request VALUES (?, ?, ?, ?)", day, request_id, trace.mark,
            trace.remediation);
  }
  if (trace.settled) settle_attempt(trace, day);
}

// Attempts lie by the day on which they began: this one or the day before, most often.
void Tables::settle_attempt(const AttemptTrace& trace, int64_t day) {
  for (;;) {
    Query found = db_.query("SELECT 1 FROM attempt WHERE day = ? AND mark = ? AND remediation = ?", day, trace.mark,
                            trace.remediation);
    if (found.next()) break;
    Query earlier = db_.query("SELECT max(day) FROM attempt WHERE day < ?", day);
    if (!earlier.next() || earlier.is_null(0)) return;
    day = earlier.integer(0);
  }
  db_.run("UPDATE attempt SET settled = 1 WHERE day = ? AND mark = ? AND remediation = ?", day, trace.mark,
          trace.remediation);
}

std::vector<AttemptTrace> Tables::attempts_by_mark(const std::string& mark, int64_t from_day) {
  std::vector<AttemptTrace> traces;
  int64_t day = from_day;
  for (;; ++day) {
    {
      Query next = db_.query("SELECT min(day) FROM attempt WHERE day >= ?", day);
      if (!next.next() || next.is_null(0)) return traces;
      day = next.integer(0);
    }
    Query row = db_.query("SELECT remediation, target, mark, touches, settled FROM attempt WHERE day = ? AND mark = ?",
                          day, mark);
    while (row.next()) traces.push_back(read_trace(row));
  }
}

std::vector<AttemptTrace> Tables::attempts_by_request(const std::string& request_id, int64_t from_day) {
  std::set<std::pair<std::string, std::string>> found;  // mark, remediation
  for (int64_t day = from_day;; ++day) {
    {
      Query next = db_.query("SELECT min(day) FROM attempt_request WHERE day >= ?", day);
      if (!next.next() || next.is_null(0)) break;
      day = next.integer(0);
    }
    Query row =
        db_.query("SELECT mark, remediation FROM attempt_request WHERE day = ? AND request_id = ?", day, request_id);
    while (row.next()) found.emplace(row.text(0), row.text(1));
  }
  std::vector<AttemptTrace> traces;
  for (const auto& [mark, remediation] : found) {
    for (AttemptTrace& trace : attempts_by_mark(mark, from_day)) {
      if (trace.remediation == remediation) traces.push_back(std::move(trace));
    }
  }
  return traces;
}

}  // namespace kedge
