// Positions, keys, guards' data, counters, the outbox, the journal and blobs. Remediations have a file of their own,
// and so have dead letters.
#include "ledger/tables.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/json.h"
#include "ledger/stored_json.h"

namespace kedge {
namespace {

// Keys are 64 hexadecimal digits; kept as the bytes that they stand for.
std::string key_bytes(const std::string& key) {
  auto bytes = from_hex(key);
  return bytes ? *std::move(bytes) : key;
}

StoredPosition read_position(const Query& row) {
  StoredPosition stored;
  stored.partition = {row.text(0), row.text(1), static_cast<int32_t>(row.integer(2))};
  stored.position.cluster = row.text(3);
  stored.position.epoch = static_cast<uint64_t>(row.integer(4));
  stored.position.next = row.integer(5);
  if (!row.is_null(6)) stored.position.bookmark = Bookmark{row.integer(6), row.time(7), row.digest(8)};
  stored.stopped = row.text(9);
  return stored;
}

Exception read_exception(const Query& row) {
  return {row.text(0), row.text(1), row.text(2), row.text(3), row.text(4), row.time(5), row.text(6), row.time(7)};
}

FoldedSuppressions read_folded(const Query& row) {
  return {row.text(0), row.integer(1), row.integer(2), row.integer(3), row.digest(4)};
}

Notice read_notice(const Query& row) {
  return {row.integer(0),
          row.text(1),
          row.text(2),
          row.text(3),
          stored_json(row.text(4)),
          row.time(5),
          static_cast<int>(row.integer(6)),
          row.time(7)};
}

// Of a row that begins with: probe, error, body, last_due.
RuleBreaker read_rule_breaker(const Query& row) {
  auto breaker = Breaker::from_json(stored_json(row.text(2)));
  if (!breaker) throw SqliteFailure{SQLITE_CORRUPT, SQLITE_CORRUPT, "a rule's breaker cannot be read"};
  return {*std::move(breaker), row.text(0), row.text(1), row.is_null(3) ? std::nullopt : std::optional(row.time(3))};
}

}  // namespace

// ---- meta ----------------------------------------------------------------------------------------------------------

std::optional<Tables::Meta> Tables::meta() {
  Query row = db_.query("SELECT ledger_id, time, elapsed, boot_id, incarnation, wall_ahead FROM meta");
  if (!row.next()) return std::nullopt;
  return Meta{row.text(0),
              LedgerTime::Mark{row.time(1), Duration(row.integer(2)), row.text(3), Duration(row.integer(5))},
              row.integer(4)};
}

void Tables::create_meta(const std::string& ledger_id, const LedgerTime::Mark& mark) {
  db_.run("INSERT INTO meta VALUES (1, ?, 1, ?, ?, ?, ?, 0)", ledger_id, mark.time, int64_t{mark.elapsed.count()},
          mark.boot_id, int64_t{mark.wall_ahead.count()});
}

void Tables::put_mark(const LedgerTime::Mark& mark) {
  db_.run("UPDATE meta SET time = ?, elapsed = ?, boot_id = ?, wall_ahead = ?", mark.time,
          int64_t{mark.elapsed.count()}, mark.boot_id, int64_t{mark.wall_ahead.count()});
}

// ---- position ------------------------------------------------------------------------------------------------------

std::vector<StoredPosition> Tables::positions() {
  std::vector<StoredPosition> all;
  Query row = db_.query("SELECT * FROM position ORDER BY source, topic, partition");
  while (row.next()) all.push_back(read_position(row));
  return all;
}

std::optional<StoredPosition> Tables::position(const PartitionId& id) {
  Query row = db_.query("SELECT * FROM position WHERE source = ? AND topic = ? AND partition = ?", id.source, id.topic,
                        id.partition);
  return row.next() ? std::optional(read_position(row)) : std::nullopt;
}

void Tables::put(const StoredPosition& stored) {
  const Position& position = stored.position;
  std::optional<int64_t> offset;
  std::optional<Time> timestamp;
  std::optional<Digest> digest;
  if (position.bookmark) {
    offset = position.bookmark->offset;
    timestamp = position.bookmark->timestamp;
    digest = position.bookmark->digest;
  }
  db_.run("INSERT OR REPLACE INTO position VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", stored.partition.source,
          stored.partition.topic, stored.partition.partition, position.cluster, position.epoch, position.next, offset,
          timestamp, digest, stored.stopped);
}

// ---- seen ----------------------------------------------------------------------------------------------------------

bool Tables::seen(const std::string& key, int64_t from_day, int64_t to_day) {
  const std::string bytes = key_bytes(key);
  for (int64_t day = to_day; day >= from_day; --day) {
    if (db_.query("SELECT 1 FROM seen WHERE day = ? AND key = ?", day, Blob{bytes}).next()) return true;
  }
  return false;
}

void Tables::put_seen(const std::string& key, int64_t day) {
  db_.run("INSERT OR IGNORE INTO seen VALUES (?, ?)", day, Blob{key_bytes(key)});
}

// ---- spent ---------------------------------------------------------------------------------------------------------

std::vector<SpentSlot> Tables::spent(const std::string& ring, int64_t from_slot) {
  std::vector<SpentSlot> slots;
  Query row = db_.query("SELECT slot, number FROM spent WHERE scope = ? AND slot >= ? ORDER BY slot", ring, from_slot);
  while (row.next()) slots.push_back({row.integer(0), static_cast<int>(row.integer(1))});
  return slots;
}

void Tables::add_spent(const Charge& charge) {
  db_.run("DELETE FROM spent WHERE scope = ? AND slot < ?", charge.ring, charge.slot - kBudgetSlots);
  db_.run("INSERT INTO spent VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET number = number + 1", charge.ring, charge.slot);
}

void Tables::give_back(const Charge& charge) {
  db_.run("UPDATE spent SET number = number - 1 WHERE scope = ? AND slot = ? AND number > 0", charge.ring, charge.slot);
}

// ---- put_right -----------------------------------------------------------------------------------------------------

std::vector<PutRight> Tables::put_right(const std::string& rule, const std::string& target, Time since) {
  std::vector<PutRight> found;
  Query row = db_.query(
      "SELECT at, principal, agent FROM put_right WHERE rule = ? AND target = ? AND at >= ? ORDER BY at, remediation",
      rule, target, since);
  while (row.next()) found.push_back({row.time(0), {row.text(1), row.text(2)}});
  return found;
}

// Each takes out more than it puts in, so that what is kept is what is needed.
void Tables::put_put_right(const Remediation& r, Time at, Time forget_before) {
  db_.run(
      "DELETE FROM put_right WHERE (rule, target, at, remediation) IN"
      " (SELECT rule, target, at, remediation FROM put_right WHERE at < ? ORDER BY at LIMIT 4)",
      forget_before);
  db_.run("INSERT OR REPLACE INTO put_right VALUES (?, ?, ?, ?, ?, ?)", r.plan.rule.id, r.plan.target, at, r.id,
          r.event.principal, r.event.agent);
}

// ---- out_of_service ------------------------------------------------------------------------------------------------

std::vector<std::string> Tables::out_of_service(Time since) {
  std::vector<std::string> targets;
  Query row = db_.query("SELECT DISTINCT target FROM out_of_service WHERE ended IS NULL OR began > ?", since);
  while (row.next()) targets.push_back(row.text(0));
  return targets;
}

void Tables::put_out_of_service(const Remediation& r, Time at, Time forget_before) {
  db_.run("DELETE FROM out_of_service WHERE ended IS NOT NULL AND began <= ?", forget_before);
  db_.run("INSERT OR REPLACE INTO out_of_service VALUES (?, ?, ?, NULL)", r.id, r.plan.target, at);
}

void Tables::end_out_of_service(const Remediation& r, Time at) {
  db_.run("UPDATE out_of_service SET ended = ? WHERE remediation = ?", at, r.id);
}

void Tables::erase_out_of_service(const Remediation& r) {
  db_.run("DELETE FROM out_of_service WHERE remediation = ?", r.id);
}

// ---- wanted, mass_match --------------------------------------------------------------------------------------------

void Tables::put_wanted(const std::string& rule, const std::string& target, Time at) {
  db_.run("INSERT OR REPLACE INTO wanted VALUES (?, ?, ?)", rule, target, at);
}

void Tables::erase_wanted(const std::string& rule, Time before) {
  db_.run("DELETE FROM wanted WHERE rule = ? AND at < ?", rule, before);
}

int Tables::wanted_count(const std::string& rule) {
  Query row = db_.query("SELECT count(*) FROM wanted WHERE rule = ?", rule);
  return row.next() ? static_cast<int>(row.integer(0)) : 0;
}

std::optional<MassMatch> Tables::mass_match(const std::string& rule) {
  Query row = db_.query("SELECT since, targets FROM mass_match WHERE rule = ?", rule);
  if (!row.next()) return std::nullopt;
  return MassMatch{row.time(0), static_cast<int>(row.integer(1))};
}

void Tables::put(const std::string& rule, const MassMatch& mass) {
  db_.run("INSERT OR REPLACE INTO mass_match VALUES (?, ?, ?)", rule, mass.since, mass.targets);
}

void Tables::erase_mass_match(const std::string& rule) { db_.run("DELETE FROM mass_match WHERE rule = ?", rule); }

// ---- rule_breaker --------------------------------------------------------------------------------------------------

std::optional<RuleBreaker> Tables::rule_breaker(const std::string& rule, const std::string& account) {
  Query row =
      db_.query("SELECT probe, error, body, last_due FROM rule_breaker WHERE rule = ? AND account = ?", rule, account);
  if (!row.next()) return std::nullopt;
  return read_rule_breaker(row);
}

std::vector<std::pair<std::string, RuleBreaker>> Tables::rule_breakers(const std::string& rule) {
  std::vector<std::pair<std::string, RuleBreaker>> all;
  Query row =
      db_.query("SELECT probe, error, body, last_due, account FROM rule_breaker WHERE rule = ? ORDER BY account", rule);
  while (row.next()) all.emplace_back(row.text(4), read_rule_breaker(row));
  return all;
}

void Tables::put(const std::string& rule, const std::string& account, const RuleBreaker& kept) {
  if (kept.breaker.blank()) return db_.run("DELETE FROM rule_breaker WHERE rule = ? AND account = ?", rule, account);
  db_.run("INSERT OR REPLACE INTO rule_breaker VALUES (?, ?, ?, ?, ?, ?)", rule, account, kept.probe, kept.error,
          stored_text(kept.breaker.to_json()), kept.last_due);
}

// ---- pause, approval, exception, rule_state ------------------------------------------------------------------------

std::vector<Pause> Tables::pauses() {
  std::vector<Pause> all;
  Query row = db_.query("SELECT scope, reason, actor, since FROM pause ORDER BY scope");
  while (row.next()) all.push_back({row.text(0), row.text(1), row.text(2), row.time(3)});
  return all;
}

void Tables::put(const Pause& pause) {
  db_.run("INSERT OR REPLACE INTO pause VALUES (?, ?, ?, ?)", pause.scope, pause.reason, pause.by, pause.since);
}

void Tables::erase_pause(const std::string& scope) { db_.run("DELETE FROM pause WHERE scope = ?", scope); }

std::vector<Approval> Tables::approvals(const std::string& remediation) {
  std::vector<Approval> all;
  Query row = db_.query("SELECT actor, at, digest FROM approval WHERE remediation = ? ORDER BY actor", remediation);
  while (row.next()) all.push_back({row.text(0), row.time(1), row.digest(2)});
  return all;
}

void Tables::put_approval(const PersonalMove& move, Time at, const Digest& digest) {
  db_.run("INSERT OR REPLACE INTO approval VALUES (?, ?, ?, ?, ?)", move.remediation, move.actor, move.reason, at,
          digest);
}

void Tables::erase_approval(const std::string& remediation, const std::string& actor) {
  db_.run("DELETE FROM approval WHERE remediation = ? AND actor = ?", remediation, actor);
}

std::vector<Exception> Tables::exceptions() {
  std::vector<Exception> all;
  Query row = db_.query("SELECT * FROM exception ORDER BY id");
  while (row.next()) all.push_back(read_exception(row));
  return all;
}

std::optional<Exception> Tables::exception(const std::string& id) {
  Query row = db_.query("SELECT * FROM exception WHERE id = ?", id);
  return row.next() ? std::optional(read_exception(row)) : std::nullopt;
}

void Tables::put(const Exception& e) {
  db_.run("INSERT INTO exception VALUES (?, ?, ?, ?, ?, ?, ?, ?)", e.id, e.rule, e.target, e.owner, e.reason, e.expires,
          e.added_by, e.added);
}

void Tables::erase_exception(const std::string& id) { db_.run("DELETE FROM exception WHERE id = ?", id); }

std::optional<Policy> Tables::loaded_policy(const std::string& rule) {
  Query row = db_.query("SELECT policy FROM rule_state WHERE id = ?", rule);
  if (!row.next()) return std::nullopt;
  const auto json = parse_json(row.text(0));
  if (json) {
    if (auto policy = policy_from_json(*json)) return *std::move(policy);
  }
  Policy unknown;
  unknown.mode = Mode::off;
  return unknown;
}

const std::set<std::string>& Tables::rule_versions() {
  if (!rule_versions_) {
    rule_versions_.emplace();
    Query row = db_.query("SELECT version FROM rule_state");
    while (row.next()) rule_versions_->insert(row.text(0));
  }
  return *rule_versions_;
}

void Tables::put_rules(const std::vector<LoadedRule>& rules) {
  if (rule_versions_) {
    for (const LoadedRule& rule : rules) rule_versions_->insert(rule.version);
  }
  db_.run("DELETE FROM rule_state");
  for (const LoadedRule& rule : rules) {
    db_.run("INSERT OR REPLACE INTO rule_state VALUES (?, ?, ?)", rule.id, rule.version, to_json(rule.policy).dump());
  }
}

// ---- suppressed, counter -------------------------------------------------------------------------------------------

std::optional<FoldedSuppressions> Tables::folded(const std::string& rule) {
  Query row = db_.query("SELECT * FROM suppressed WHERE rule = ?", rule);
  return row.next() ? std::optional(read_folded(row)) : std::nullopt;
}

std::vector<FoldedSuppressions> Tables::folded_before(int64_t minute) {
  std::vector<FoldedSuppressions> all;
  Query row = db_.query("SELECT * FROM suppressed WHERE minute < ? ORDER BY rule", minute);
  while (row.next()) all.push_back(read_folded(row));
  return all;
}

void Tables::put(const FoldedSuppressions& folded) {
  db_.run("INSERT OR REPLACE INTO suppressed VALUES (?, ?, ?, ?, ?)", folded.rule, folded.minute, folded.count,
          folded.folded, folded.digest);
}

void Tables::erase_folded(const std::string& rule) { db_.run("DELETE FROM suppressed WHERE rule = ?", rule); }

void Tables::add_count(const std::string& subject, const std::string& reason, Time at, int64_t number) {
  const int64_t hour = std::chrono::floor<std::chrono::hours>(at).time_since_epoch().count();
  db_.run("INSERT INTO counter VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET number = number + excluded.number", hour,
          subject, reason, number);
}

std::vector<LedgerReader::Counted> Tables::counts(Time from, Time to) {
  std::vector<LedgerReader::Counted> all;
  Query row = db_.query(
      "SELECT subject, reason, hour, number FROM counter WHERE hour >= ? AND hour < ? ORDER BY hour, subject, reason",
      int64_t{std::chrono::ceil<std::chrono::hours>(from).time_since_epoch().count()},
      int64_t{std::chrono::ceil<std::chrono::hours>(to).time_since_epoch().count()});
  while (row.next()) {
    all.push_back({row.text(0), row.text(1), Time(std::chrono::hours(row.integer(2))), row.integer(3)});
  }
  return all;
}

// ---- outbox --------------------------------------------------------------------------------------------------------

std::optional<Notice> Tables::notice(int64_t number) {
  Query row = db_.query("SELECT * FROM outbox WHERE number = ?", number);
  return row.next() ? std::optional(read_notice(row)) : std::nullopt;
}

std::vector<Notice> Tables::due_notices(Time now, size_t limit) {
  std::vector<Notice> due;
  Query row = db_.query("SELECT * FROM outbox WHERE due <= ? ORDER BY due, number LIMIT ?", now, int64_t(limit));
  while (row.next()) due.push_back(read_notice(row));
  return due;
}

std::optional<Time> Tables::next_notice_due() {
  Query row = db_.query("SELECT min(due) FROM outbox");
  return row.next() && !row.is_null(0) ? std::optional(row.time(0)) : std::nullopt;
}

int64_t Tables::put(const Notice& notice) {
  db_.run("INSERT INTO outbox (id, channel, type, data, created, attempts, due) VALUES (?, ?, ?, ?, ?, ?, ?)",
          notice.id, notice.channel, notice.type, stored_text(notice.data), notice.created, notice.attempts,
          notice.due);
  return sqlite3_last_insert_rowid(db_.handle());
}

void Tables::replace(const Notice& notice) {
  db_.run("UPDATE outbox SET id = ?, data = ? WHERE number = ?", notice.id, stored_text(notice.data), notice.number);
}

void Tables::defer_notice(int64_t number, Time due) {
  db_.run("UPDATE outbox SET attempts = attempts + 1, due = ? WHERE number = ?", due, number);
}

void Tables::erase_notice(int64_t number) { db_.run("DELETE FROM outbox WHERE number = ?", number); }

std::optional<Throttle> Tables::throttle(const std::string& rule, const std::string& channel, const std::string& kind) {
  Query row = db_.query("SELECT until, alone, digest FROM throttle WHERE rule = ? AND channel = ? AND kind = ?", rule,
                        channel, kind);
  if (!row.next()) return std::nullopt;
  return Throttle{rule, channel, kind, row.time(0), static_cast<int>(row.integer(1)), row.integer(2)};
}

void Tables::put(const Throttle& throttle) {
  db_.run("INSERT OR REPLACE INTO throttle (rule, channel, kind, until, alone, digest) VALUES (?, ?, ?, ?, ?, ?)",
          throttle.rule, throttle.channel, throttle.kind, throttle.until, throttle.alone, throttle.digest);
}

void Tables::erase_throttles(Time until) { db_.run("DELETE FROM throttle WHERE until <= ?", until); }

// ---- journal, blob -------------------------------------------------------------------------------------------------

int64_t Tables::journal_head() {
  Query row = db_.query("SELECT max(seq) FROM journal");
  return row.next() && !row.is_null(0) ? row.integer(0) : -1;
}

void Tables::append(int64_t seq, const std::string& bytes) { db_.run("INSERT INTO journal VALUES (?, ?)", seq, bytes); }

std::vector<JournalEntry> Tables::journal(int64_t from, size_t limit) {
  std::vector<JournalEntry> entries;
  Query row = db_.query("SELECT seq, bytes FROM journal WHERE seq >= ? ORDER BY seq LIMIT ?", from, int64_t(limit));
  while (row.next()) entries.push_back({row.integer(0), row.text(1)});
  return entries;
}

int64_t Tables::journal_begin() {
  Query row = db_.query("SELECT journal_begin FROM meta");
  return row.next() ? row.integer(0) : 0;
}

// Time in the journal never goes back. A record that is damaged stays, and what is behind it.
void Tables::let_records_go(int64_t below, Time before, int64_t most) {
  const std::string limit = format_time(before);
  std::optional<int64_t> last;
  {
    Query row = db_.query(
        "SELECT seq, CASE WHEN json_valid(bytes) THEN json_extract(bytes, '$.at') END FROM journal WHERE seq < ?"
        " ORDER BY seq LIMIT ?",
        below, most);
    while (row.next() && !row.is_null(1) && row.text(1) < limit) last = row.integer(0);
  }
  if (!last) return;
  db_.run("DELETE FROM journal WHERE seq <= ?", *last);
  db_.run("UPDATE meta SET journal_begin = (SELECT min(seq) FROM journal)");
}

void Tables::put_blob(const std::string& bytes, int64_t day) {
  if (bytes.empty()) return;
  db_.run("INSERT OR IGNORE INTO blob (day, digest, bytes) VALUES (?, ?, ?)", day, sha256(bytes), Blob{bytes});
}

std::optional<Digest> digest_from(const std::string& hex) {
  const auto bytes = from_hex(hex);
  Digest digest;
  if (!bytes || bytes->size() != digest.bytes.size()) return std::nullopt;
  std::copy(bytes->begin(), bytes->end(), digest.bytes.begin());
  return digest;
}

// What is asked here is asked of few rows: a rule's version is its bundle's digest.
void Tables::prune_blobs(int64_t day, int64_t limit, int64_t today) {
  std::vector<int64_t> old;
  std::vector<int64_t> in_force;
  {
    Query row = db_.query("SELECT number, digest FROM blob WHERE day < ? LIMIT ?", day, limit);
    while (row.next()) (rule_versions().contains(row.digest(1).hex()) ? in_force : old).push_back(row.integer(0));
  }
  for (const int64_t number : in_force) db_.run("UPDATE OR REPLACE blob SET day = ? WHERE number = ?", today, number);
  for (const int64_t number : old) db_.run("DELETE FROM blob WHERE number = ?", number);
}

// By the day, newest first: the index is local to each.
std::optional<std::string> Tables::blob(const Digest& digest) {
  int64_t day = INT64_MAX;
  for (;;) {
    {
      Query newest = db_.query("SELECT max(day) FROM blob WHERE day < ?", day);
      if (!newest.next() || newest.is_null(0)) return std::nullopt;
      day = newest.integer(0);
    }
    Query row = db_.query("SELECT bytes FROM blob WHERE day = ? AND digest = ?", day, digest);
    if (row.next()) return row.text(0);
  }
}

}  // namespace kedge
