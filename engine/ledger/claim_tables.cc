// Tables: claims.
#include <algorithm>

#include "base/json.h"
#include "ledger/claim.h"
#include "ledger/stored_json.h"
#include "ledger/tables.h"
#include "ledger/values_json.h"

namespace kedge {
namespace {

// remediation, body, confirmed, last_seen.
Claim read_claim(const Query& row) {
  try {
    Claim claim;
    claim.remediation = row.text(0);
    read_claim_part(stored_json(row.text(1)), claim);
    claim.confirmed = row.time(2);
    claim.last_seen = row.time(3);
    return claim;
  } catch (const Json::exception& cause) {
    throw SqliteFailure{SQLITE_CORRUPT, SQLITE_CORRUPT, std::string("a claim cannot be read: ") + cause.what()};
  }
}

}  // namespace

std::optional<Claim> Tables::claim(const std::string& rule, const std::string& target) {
  Query row = db_.query("SELECT remediation, body, confirmed, last_seen FROM claim WHERE rule = ? AND target = ?", rule,
                        target);
  return row.next() ? std::optional(read_claim(row)) : std::nullopt;
}

std::vector<Claim> Tables::claims(const ClaimPlace& after, uint32_t until, size_t limit) {
  std::vector<Claim> all;
  Query row = db_.query(
      "SELECT remediation, body, confirmed, last_seen FROM claim"
      " WHERE (phase, rule, target) > (?, ?, ?) AND phase <= ? ORDER BY phase, rule, target LIMIT ?",
      int64_t{after.phase}, after.rule, after.target, int64_t{until}, int64_t(limit));
  while (row.next()) all.push_back(read_claim(row));
  return all;
}

void Tables::put(const Claim& claim) {
  const std::string& rule = claim.plan.rule.id;
  const std::string& target = claim.plan.target;
  db_.run(
      "INSERT OR REPLACE INTO claim (rule, target, remediation, body, confirmed, last_seen, phase)"
      " VALUES (?, ?, ?, ?, ?, ?, ?)",
      rule, target, claim.remediation, stored_text(claim_part(claim)), claim.confirmed, claim.last_seen,
      int64_t{phase_of(rule, target)});
}

void Tables::note_seen(const std::string& rule, const std::string& target, Time at) {
  db_.run("UPDATE claim SET last_seen = ? WHERE rule = ? AND target = ?", at, rule, target);
}

void Tables::erase_claim(const std::string& rule, const std::string& target) {
  db_.run("DELETE FROM claim WHERE rule = ? AND target = ?", rule, target);
}

int64_t Tables::keep_claims_of(const std::vector<LoadedRule>& rules) {
  int64_t ended = 0;
  std::string rule;
  for (;;) {
    {
      Query next = db_.query("SELECT min(rule) FROM claim WHERE rule > ?", rule);
      if (!next.next() || next.is_null(0)) return ended;
      rule = next.text(0);
    }
    const auto keeps = [&](const LoadedRule& one) { return one.id == rule && keeps_claims(one); };
    if (std::any_of(rules.begin(), rules.end(), keeps)) continue;
    {
      Query count = db_.query("SELECT count(*) FROM claim WHERE rule = ?", rule);
      if (count.next()) ended += count.integer(0);
    }
    db_.run("DELETE FROM claim WHERE rule = ?", rule);
  }
}

}  // namespace kedge
