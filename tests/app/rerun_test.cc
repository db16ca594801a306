// kedge remediation rerun, through the control socket as the daemon serves it.
#include "app/rerun.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/control_server.h"
#include "base/json.h"
#include "base/random.h"
#include "ledger/sqlite_ledger.h"
#include "tests/app/typed.h"
#include "tests/pipeline/reading.h"
#include "tests/pipeline/rules.h"
#include "tests/support/fake_clock.h"

namespace kedge {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class RerunCommand : public CommandLine {
 protected:
  void SetUp() override {
    CommandLine::SetUp();
    SqliteLedgerOptions options;
    options.directory = path("data");
    std::filesystem::create_directories(options.directory);
    auto ledger = open_sqlite_ledger(options, clock_, random_);
    ASSERT_TRUE(ledger) << ledger.error().message;
    ledger_ = *std::move(ledger);
    auto reader = open_sqlite_reader(options.directory);
    ASSERT_TRUE(reader) << reader.error().message;
    reader_ = *std::move(reader);
    committer_ = std::make_unique<Committer>(*ledger_, runnable_, Committer::Options{});
    rerunner_ = std::make_unique<Rerunner>(Rerunner::Parts{*committer_, *reader_, rules_, clock_, random_, us_},
                                           Decider::Options{});
    ControlServer::Options serving;
    serving.path = path("data/control.sock");
    auto server = ControlServer::start(serving, system_clock_, *committer_,
                                       {{"remediation.rerun", [this](const Json& asked, const std::string& actor) {
                                           return rerun(*rerunner_, asked, actor);
                                         }}});
    ASSERT_TRUE(server) << server.error().message;
    server_ = *std::move(server);
  }
  // Reads an event while the rule is in shadow; the number of the suppression.
  std::string suppressed() {
    rules_.set(rules_for_tests_.load("shadow", "true"));
    Decider decider(*reader_, clock_, random_, {});
    decider.use(rules_.get());
    Decider::Outcome outcome;
    decider.decide(batch_of(source_, assignment_of(1), 5, {opened("b", "e1")}, clock_.now()), outcome);
    EXPECT_TRUE(committer_->commit(outcome.commit).done());
    return std::to_string(ledger_->head());
  }
  Typed type_rerun(const std::string& rest) {
    return type("remediation rerun -c @kedge.yaml --reason enforced " + rest);
  }

  FakeClock clock_;
  SystemClock system_clock_;
  Random random_{7};
  std::unique_ptr<Ledger> ledger_;
  std::unique_ptr<LedgerReader> reader_;
  Mailbox<Remediation> runnable_{SIZE_MAX};
  std::unique_ptr<Committer> committer_;
  RulesForTests rules_for_tests_;
  CurrentRules rules_{rules_for_tests_.set()};
  RecordingSource source_;
  OwnPrincipals us_;
  std::unique_ptr<Rerunner> rerunner_;
  std::unique_ptr<ControlServer> server_;
};

TEST_F(RerunCommand, TellsWhatCameOfItAndPutsOnRecordWhoAskedAndWhy) {
  const std::string suppression = suppressed();
  rules_.set(rules_for_tests_.load("enforce", "true"));
  const Typed typed = type_rerun(suppression);
  EXPECT_EQ(typed.exit_code, kGood) << typed.err;
  const std::string id = reader_->open_remediations()->at(0).id;
  EXPECT_THAT(typed.out, StartsWith("decided: " + id + " observes it"));
  EXPECT_THAT(typed.out, HasSubstr("kedge remediation show " + id));
  const Json record = *parse_json(reader_->journal(ledger_->head(), 1)->at(0).bytes);
  EXPECT_EQ(record["kind"], "rerun");
  EXPECT_NE(record["actor"], "");
  EXPECT_EQ(record["reason"], "enforced");
  const Typed again = type_rerun(id);
  EXPECT_EQ(again.exit_code, kFoundWrong);
  EXPECT_THAT(again.err, HasSubstr("is open (planned)"));
}

TEST_F(RerunCommand, EndsWithOneWhereTheRuleFails) {
  const std::string suppression = suppressed();
  rules_.set(rules_for_tests_.load("enforce", "event.detail.none.at"));
  const Typed typed = type_rerun(suppression + " --output json");
  EXPECT_EQ(typed.exit_code, kFoundWrong);
  EXPECT_EQ(Json::parse(typed.out)["outcome"], "failed");
}

TEST_F(RerunCommand, TakesAnIdAndAReasonAndNoMore) {
  for (const Json& asked : {Json(), Json{{"id", "1"}}, Json{{"id", 1}, {"reason", "r"}},
                            Json{{"id", ""}, {"reason", "r"}}, Json{{"id", "1"}, {"reason", "r"}, {"rule", "x"}}}) {
    const auto reply = rerun(*rerunner_, asked, "alice");
    ASSERT_FALSE(reply) << asked;
    EXPECT_EQ(reply.error().code, ErrorCode::invalid) << asked;
  }
}

}  // namespace
}  // namespace kedge
