// RemediationTest: each of its tests takes remediations through a ledger, Change by Change.
#pragma once

#include <string>
#include <vector>

#include "tests/ledger/ledger_pair.h"

namespace kedge {

class RemediationTest : public LedgerTest {
 protected:
  // Starts the remediation of a target; gives the answer.
  GoAnswer start(const std::string& id, const std::string& target = "bucket", size_t steps = 1) {
    const Answer answer = commit(sample_start(id, target, ledger().head(), steps));
    EXPECT_TRUE(answer.done()) << answer.error.message;
    return answer.go.value_or(GoAnswer{Go::refused, "", "no answer", {}});
  }
  void start_so_many(int number) {
    for (int i = 0; i < number; ++i) {
      EXPECT_EQ(start(open(i, "b" + std::to_string(i)), "b" + std::to_string(i)).go, Go::go);
    }
  }
  static BudgetLimits no_budgets() {
    const Budget ample{100, std::chrono::minutes(1)};
    return {ample, ample, ample, ample};
  }
  void allow_mass_matches() {
    options.gate.mass_match.reset();
    remake();
  }
  Go start_of_other_rule() {
    LoadRules rules = sample_rules();
    rules.rules.push_back(sample_rules(Mode::enforce, "another").rules[0]);
    EXPECT_TRUE(commit(rules).done());
    Finding finding = sample_finding(9'000, "of-another", clock.now());
    finding.plan.rule.id = "another";
    EXPECT_TRUE(commit(batch_of({finding})).done());
    return start(finding.remediation, "of-another").go;
  }
  std::string mark_of(const std::string& id) { return "mark-of-" + id; }
  Answer finish_step(const std::string& id, size_t step = 0, Move move = Move::apply_all) {
    return commit(RecordOutcome{id, sample_outcome(step, 1, mark_of(id), clock.now()), move, ""});
  }
  Answer conclude(const std::string& id, Move move, int64_t observed_from) {
    return commit(Conclude{id, move, observed_from, {{0, captured("private")}}, "", Json::object()});
  }
  // From finding to confirmed.
  std::string confirmed(int number, const std::string& target = "bucket") {
    const std::string id = open(number, target);
    EXPECT_EQ(start(id, target).go, Go::go);
    EXPECT_TRUE(finish_step(id).done());
    EXPECT_EQ(conclude(id, Move::confirm, ledger().head()).go->go, Go::go);
    return id;
  }
  State state_of(const std::string& id) { return reader().remediation(id)->state; }
  std::vector<std::string> notice_types() {
    std::vector<std::string> types;
    const std::vector<Notice> notices = *reader().due_notices(clock.now(), 100);
    for (const Notice& notice : notices) types.push_back(notice.type);
    return types;
  }
};

}  // namespace kedge
