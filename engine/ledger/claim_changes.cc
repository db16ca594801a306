// Claims: what keeps them, and the Changes of reconcile.
#include "ledger/claim.h"
#include "ledger/sqlite_writer.h"

namespace kedge {

void SqliteWriter::keep_claim(const Remediation& confirmed) {
  if (confirmed.policy.reconcile == Reconcile::off) return;
  const auto loaded = tables_.loaded_policy(confirmed.plan.rule.id);
  const auto claim = claim_of(confirmed, loaded ? loaded->reconcile : Reconcile::off,
                              tables_.claim(confirmed.plan.rule.id, confirmed.plan.target), at_);
  if (claim) tables_.put(*claim);
}

Result<Answer> SqliteWriter::on(const FindDrift& change) {
  auto claim = tables_.claim(change.rule, change.target);
  if (auto valid = check_claim(change, claim, at_); !valid) return valid.error();
  Answer answer;
  if (!tables_.open_of(change.rule, change.target).empty()) return answer;
  auto disposition = decide(finding_of(*claim, change, at_));
  if (!disposition) return disposition.error();
  answer.dispositions.push_back(*std::move(disposition));
  ++claim->found;
  tables_.put(*claim);
  return answer;
}

Result<Answer> SqliteWriter::on(const ExpireClaim& change) {
  const auto claim = tables_.claim(change.rule, change.target);
  if (auto over = check_claim(change, claim, at_); !over) return over.error();
  tables_.erase_claim(change.rule, change.target);
  write(claim_record(*claim));
  return Answer{};
}

}  // namespace kedge
