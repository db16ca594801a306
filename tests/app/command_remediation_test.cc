// kedge remediation list, where much is open.
#include "base/json.h"
#include "ledger/sqlite_ledger.h"
#include "tests/app/typed.h"
#include "tests/ledger/fixtures.h"
#include "tests/support/fake_clock.h"

namespace kedge {
namespace {

class CommandRemediation : public CommandLine {
 protected:
  void SetUp() override {
    CommandLine::SetUp();
    SqliteLedgerOptions options;
    options.directory = path("data");
    options.gate.mass_match = Budget{0, std::chrono::minutes(10)};
    auto ledger = open_sqlite_ledger(options, clock_, random_);
    ASSERT_TRUE(ledger) << ledger.error().message;
    ledger_ = *std::move(ledger);
    LoadRules rules = sample_rules();
    rules.rules.push_back(sample_rules(Mode::enforce, "another").rules[0]);
    apply(rules);
  }

  Answer apply(const Change& change) { return ledger_->apply({&change, 1}).at(0); }

  // Opens one; held: by the mass match of its rule.
  void open(int number, const std::string& rule, bool held) {
    const std::string target = "bucket-" + std::to_string(number);
    Finding finding = sample_finding(number, target, clock_.now());
    finding.plan.rule.id = rule;
    ASSERT_TRUE(apply(batch_of({finding})).done());
    if (!held) return;
    ASSERT_EQ(apply(sample_start(sample_id(number), target, ledger_->head())).go->guard, "mass-match");
  }

  std::string list(const std::string& options) { return type("remediation list -c @kedge.yaml " + options).out; }
  static size_t rows(const std::string& listing) {
    size_t count = 0;
    for (size_t at = 0; (at = listing.find(" bucket-", at)) != std::string::npos; ++at) ++count;
    return count;
  }

  FakeClock clock_;
  Random random_{1};
  std::unique_ptr<Ledger> ledger_;
};

TEST_F(CommandRemediation, ShowsSoManyAndHowManyMoreThereAre) {
  for (int i = 0; i < 60; ++i) open(i, "another", false);
  const std::string some = list("--limit 7");
  EXPECT_EQ(rows(some), 7U) << some;
  EXPECT_NE(some.find("and 53 more (--limit, --rule)"), std::string::npos) << some;
  EXPECT_EQ(rows(list("")), 50U) << "a table that nobody reads to its end";
  EXPECT_EQ(list("--limit 60").find("more"), std::string::npos);
  EXPECT_EQ(parse_json(list("-o json"))->size(), 60U) << "for programs: all";
  EXPECT_EQ(parse_json(list("-o json --limit 7"))->size(), 7U);
}

TEST_F(CommandRemediation, ShowsThoseOfARule) {
  open(1, "another", false);
  open(2, kSampleRule, false);
  const std::string those = list("--rule another");
  EXPECT_NE(those.find("bucket-1"), std::string::npos) << those;
  EXPECT_EQ(those.find("bucket-2"), std::string::npos) << those;
}

TEST_F(CommandRemediation, TellsWhatStandsStillByGuardAndRuleFirst) {
  for (int i = 0; i < 30; ++i) open(i, i < 5 ? "another" : kSampleRule, true);
  open(100, "another", false);
  const std::string held = list("--held --limit 3");
  EXPECT_TRUE(held.starts_with("30 stand still:\n")) << held;
  const size_t most = held.find("25      mass-match  aws.s3.public-bucket");
  const size_t fewer = held.find("5       mass-match  another");
  EXPECT_NE(most, std::string::npos) << held;
  EXPECT_NE(fewer, std::string::npos) << held;
  EXPECT_LT(most, fewer);
  EXPECT_NE(held.find("kedge resume --scope rule:aws.s3.public-bucket"), std::string::npos) << held;
  EXPECT_NE(held.find("and 27 more (--limit, --rule)"), std::string::npos) << held;
  EXPECT_TRUE(list("--held --rule another").starts_with("REMEDIATION")) << "few are told one by one";
}

}  // namespace
}  // namespace kedge
