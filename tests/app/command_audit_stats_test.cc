// kedge audit stats, as somebody who types it sees it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/json.h"
#include "ledger/sqlite_ledger.h"
#include "tests/app/typed.h"
#include "tests/ledger/fixtures.h"
#include "tests/support/fake_clock.h"

namespace kedge {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class CommandAuditStats : public CommandLine {
 protected:
  void SetUp() override {
    CommandLine::SetUp();
    FakeClock clock;
    Random random(1);
    SqliteLedgerOptions options;
    options.directory = path("data");
    const auto ledger = open_sqlite_ledger(options, clock, random);
    ASSERT_TRUE(ledger) << ledger.error().message;
    const std::vector<Change> changes = {sample_rules(),
                                         batch_of({sample_finding(1, "arn:aws:s3:::a", (*ledger)->now()),
                                                   sample_finding(2, "arn:aws:s3:::b", (*ledger)->now())})};
    for (const Answer& answer : (*ledger)->apply(changes)) ASSERT_TRUE(answer.done()) << answer.error.message;
  }

  Typed typed(const std::string& options) { return type("audit stats -c @kedge.yaml " + options); }
};

TEST_F(CommandAuditStats, TellsPeopleAllOfIt) {
  const Typed done = typed("");
  EXPECT_EQ(done.exit_code, kGood) << done.err;
  EXPECT_THAT(done.out, StartsWith("records 0 to 3\n\nRULE                  FOUND  CONFIRMED  NO EFFECT  UNCONFIRMED"));
  EXPECT_THAT(done.out, HasSubstr("\naws.s3.public-bucket  2      0          0"));
  EXPECT_THAT(done.out, HasSubstr("\nno remediation has ended\n"));
  EXPECT_THAT(done.out, HasSubstr("\nnothing was left undone\n"));
}

TEST_F(CommandAuditStats, TellsProgramsNumbers) {
  const auto document = parse_json(typed("--output json").out);
  ASSERT_TRUE(document);
  EXPECT_EQ((*document)["records"], 4);
  EXPECT_EQ((*document)["rules"][0]["rule"], "aws.s3.public-bucket");
  EXPECT_EQ((*document)["rules"][0]["found"], 2);
  EXPECT_TRUE((*document)["rules"][0]["p50_us"].is_null()) << "nothing was confirmed";
  EXPECT_EQ((*document)["phases"], Json::array());
  EXPECT_EQ((*document)["reasons"], Json::array());
  EXPECT_EQ((*parse_json(typed("--by rule -o json").out))[0]["found"], 2);
  EXPECT_THAT(typed("--by rule -o csv").out, StartsWith("rule,found,confirmed,without_effect,"));
  EXPECT_THAT(typed("--by phase -o csv").out, StartsWith("rule,phase,count,p50_us,p95_us,p99_us,most_us\r\n"));
  EXPECT_THAT(typed("--by reason -o csv").out, StartsWith("rule,what,reason,count\r\n"));
}

TEST_F(CommandAuditStats, TellsOfOneRuleOrOneTime) {
  EXPECT_EQ(typed("--rule other").out, "records 0 to 3\n\nno record of a rule matches\n");
  EXPECT_EQ(typed("--to 2020-01-01").out, "no record of a rule matches\n");
}

TEST_F(CommandAuditStats, SaysWhatWouldBeRight) {
  EXPECT_EQ(typed("-o csv").err, "kedge: --output csv is one table: say which, --by rule, --by phase or --by reason\n");
  EXPECT_THAT(typed("--by rules").err, HasSubstr("'rules' (did you mean 'rule'?) is none of: rule, phase, reason"));
  EXPECT_THAT(typed("--from today").err, HasSubstr("--from: 'today' is not a time; it should look like"));
}

}  // namespace
}  // namespace kedge
