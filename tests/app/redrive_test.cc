// kedge dead-letter redrive, through the control socket as the daemon serves it.
#include "app/redrive.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/control_server.h"
#include "base/hash.h"
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

class RedriveCommand : public CommandLine {
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
    redriver_ = std::make_unique<Redriver>(Redriver::Parts{*committer_, *reader_, rules_, clock_, random_, us_},
                                           Decider::Options{});
  }
  void serve() {
    ControlServer::Options options;
    options.path = path("data/control.sock");
    auto server = ControlServer::start(options, system_clock_, *committer_,
                                       {{"dead-letter.redrive", [this](const Json& asked, const std::string& actor) {
                                           return redrive(*redriver_, asked, actor);
                                         }}});
    ASSERT_TRUE(server) << server.error().message;
    server_ = *std::move(server);
  }
  std::string bury(const std::string& value) {
    DeadLetter letter;
    letter.source = "trail";
    letter.topic = "cloudtrail";
    letter.offset = ++offset_;
    letter.reason = "wrong_envelope";
    letter.value = value;
    letter.value_bytes = static_cast<int64_t>(value.size());
    letter.value_digest = sha256(value);
    CommitBatch batch;
    batch.dead_letters = {letter};
    EXPECT_TRUE(committer_->commit(batch).done());
    return std::to_string(reader_->dead_letters({})->back().number);
  }
  Typed type_redrive(const std::string& rest) { return type("dead-letter redrive -c @kedge.yaml " + rest); }

  FakeClock clock_;
  SystemClock system_clock_;
  Random random_{7};
  std::unique_ptr<Ledger> ledger_;
  std::unique_ptr<LedgerReader> reader_;
  Mailbox<Remediation> runnable_{SIZE_MAX};
  std::unique_ptr<Committer> committer_;
  RulesForTests rules_for_tests_;
  CurrentRules rules_{rules_for_tests_.set()};
  OwnPrincipals us_;
  std::unique_ptr<Redriver> redriver_;
  std::unique_ptr<ControlServer> server_;
  int64_t offset_ = 0;
};

TEST_F(RedriveCommand, TellsOfEachLetterWhatBecameOfIt) {
  serve();
  const std::string good = bury(opened("b", "e1"));
  const std::string bad = bury("no event");
  const Typed typed = type_redrive(good + " " + bad + " 9999 --output json");
  EXPECT_EQ(typed.exit_code, kFoundWrong) << "two were not decided";
  const Json rows = Json::parse(typed.out);
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[0]["outcome"], "decided");
  EXPECT_EQ(rows[0]["remediations"], Json({reader_->open_remediations()->at(0).id}));
  EXPECT_EQ(rows[1]["outcome"], "failed");
  EXPECT_THAT(rows[1]["why"].get<std::string>(), StartsWith("not_json: "));
  EXPECT_EQ(rows[2]["outcome"], "refused");
  EXPECT_EQ(reader_->dead_letters({})->size(), 1U);
  const Json record = *parse_json(reader_->journal(ledger_->head(), 1)->at(0).bytes);
  EXPECT_EQ(record["kind"], "redrive");
  EXPECT_NE(record["actor"], "") << "who asked";
}

TEST_F(RedriveCommand, TakesTheOldestOfThoseThatAreMeant) {
  serve();
  for (const char* id : {"e1", "e2", "e3"}) bury(opened("b", id));
  EXPECT_THAT(type_redrive("--rule other").out, HasSubstr("there are no such dead letters"));
  EXPECT_EQ(reader_->dead_letters({})->size(), 3U);
  const Typed two = type_redrive("--source trail --limit 2");
  EXPECT_EQ(two.exit_code, kGood) << two.err;
  EXPECT_THAT(two.err, StartsWith("2 of them now, and there are more: --after "));
  ASSERT_EQ(reader_->dead_letters({})->size(), 1U);
  EXPECT_EQ(reader_->dead_letters({})->at(0).offset, 3);
  const Typed rest = type_redrive("--all");
  EXPECT_EQ(rest.err, "");
  EXPECT_TRUE(reader_->dead_letters({})->empty());
}

TEST_F(RedriveCommand, AsksForMoreThanOneRequestMayHold) {
  serve();
  for (size_t i = 0; i < kRedriveMax + 1; ++i) bury(R"({"eventName":"Other"})");
  const Typed typed = type_redrive("--all --output json");
  EXPECT_EQ(typed.exit_code, kGood) << typed.err;
  EXPECT_EQ(Json::parse(typed.out).size(), kRedriveMax + 1);
  EXPECT_TRUE(reader_->dead_letters({})->empty());
}

TEST_F(RedriveCommand, NeedsTheDaemonAndLosesNothingWithoutIt) {
  const std::string number = bury(opened("b", "e1"));
  const Typed typed = type_redrive(number);
  EXPECT_EQ(typed.exit_code, kNotReached);
  EXPECT_THAT(typed.err, HasSubstr("start it with `kedge run`"));
  EXPECT_EQ(typed.out, "");
  EXPECT_EQ(reader_->dead_letters({})->size(), 1U);
}

TEST_F(RedriveCommand, IsToldWhichLettersAreMeantInOneWay) {
  EXPECT_EQ(type_redrive("").exit_code, kUsedWrongly);
  EXPECT_EQ(type_redrive("7 --all").exit_code, kUsedWrongly);
  EXPECT_EQ(type_redrive("7 --rule open").exit_code, kUsedWrongly);
}

TEST_F(RedriveCommand, ARequestThatIsNotOfNumbersIsRefused) {
  for (const Json& wrong : {Json::object(), Json{{"numbers", Json::array()}}, Json{{"numbers", {"7"}}},
                            Json{{"numbers", std::vector<int>(kRedriveMax + 1, 7)}}, Json::array()}) {
    EXPECT_EQ(redrive(*redriver_, wrong, "alice").error().code, ErrorCode::invalid) << wrong;
  }
}

}  // namespace
}  // namespace kedge
