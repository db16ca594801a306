// A ledger that has an audit log, put back from a backup: typed, and followed.
#include <gtest/gtest.h>

#include <filesystem>

#include "app/audit_log.h"
#include "audit/verifier.h"
#include "base/random.h"
#include "ledger/sqlite_ledger.h"
#include "tests/app/typed.h"

namespace kedge {
namespace {

class RestoredLog : public CommandLine {
 protected:
  void SetUp() override {
    CommandLine::SetUp();
    ASSERT_EQ(type("audit keygen --origin example.com/kedge --output @key").exit_code, kGood);
    change("kedge.yaml", "api:\n", "audit: {keys: [key]}\napi:\n");
  }
  void note(int times) {
    SqliteLedgerOptions of_ledger;
    of_ledger.directory = path("data");
    const auto ledger = open_sqlite_ledger(of_ledger, clock_, random_);
    ASSERT_TRUE(ledger.ok()) << ledger.error().message;
    for (int i = 0; i < times; ++i) {
      const Change change = NoteStart{"0.1.0", "digest", "boot"};
      ASSERT_TRUE((*ledger)->apply({&change, 1}).at(0).done());
    }
  }
  // An event is read, and what it asks for is rejected.
  Disposition::Kind reject_one() {
    SqliteLedgerOptions of_ledger;
    of_ledger.directory = path("data");
    const auto ledger = open_sqlite_ledger(of_ledger, clock_, random_);
    Finding finding;
    finding.remediation = "R1";
    finding.key = std::string(64, 'a');
    finding.plan.rule.id = "first";
    finding.plan.target = "bucket";
    CommitBatch batch;
    batch.findings = {finding};
    const std::vector<Change> changes = {batch, PersonalMove{"R1", Move::cancel, "alice", "meant"}};
    return (*ledger)->apply(changes).at(0).dispositions.at(0).kind;
  }
  // As an engine does that is started and stopped; what the log says of effects.
  std::string follow() {
    const auto reader = open_sqlite_reader(path("data"));
    AuditOptions options;
    options.keys = {path("key")};
    const auto log = AuditLog::start(options, path("data"), **reader, clock_);
    if (!log) return log.error().message;
    (*log)->stop();
    return (*log)->stops_effects().value_or("");
  }
  std::string verify() { return type("audit verify @data/audit --key @key.pub").out; }
  bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

  SystemClock clock_;
  Random random_{1};
};

// The parameter: is the former ledger lost?
class RestoredLogOfALedger : public RestoredLog, public testing::WithParamInterface<bool> {};

TEST_P(RestoredLogOfALedger, GoesOnWithoutAGapAndLetsTheEngineActAgain) {
  const bool lost = GetParam();
  note(5);
  ASSERT_EQ(type("ledger backup @backup -c @kedge.yaml").exit_code, kGood);
  note(10);
  EXPECT_EQ(follow(), "");
  note(3);  // which the log has not yet
  if (lost) std::filesystem::remove(path("data/ledger.db"));
  const Typed restored = type("ledger restore @backup -c @kedge.yaml");
  ASSERT_EQ(restored.exit_code, kGood) << restored.err;
  const std::string next = lost ? "16" : "19";
  EXPECT_TRUE(has(restored.out, "record " + next + " says so")) << restored.out;
  EXPECT_TRUE(has(verify(), next + " entries")) << "what the former ledger had for it is in the log: " << verify();
  note(2);
  EXPECT_EQ(follow(), "");
  EXPECT_TRUE(has(verify(), lost ? "21 entries" : "24 entries")) << verify();
  EXPECT_TRUE(has(verify(), "nothing is wrong with it")) << verify();
}

// Also what nothing but the log tells of.
TEST_F(RestoredLog, DecidesNothingAgainThatTheLogTellsOf) {
  note(1);
  ASSERT_EQ(type("ledger backup @backup -c @kedge.yaml").exit_code, kGood);
  EXPECT_EQ(reject_one(), Disposition::Kind::opened);
  EXPECT_EQ(follow(), "");
  std::filesystem::remove(path("data/ledger.db"));
  const Typed restored = type("ledger restore @backup -c @kedge.yaml");
  ASSERT_EQ(restored.exit_code, kGood) << restored.err;
  EXPECT_TRUE(has(restored.out, "tell what came of 1 decision: not decided again\n")) << restored.out;
  EXPECT_TRUE(has(restored.out, "kedge resume --scope restored")) << restored.out;
  EXPECT_EQ(reject_one(), Disposition::Kind::duplicate);
}

// The log's disk is full: its signed head finds no room.
class FullLogOfALedger : public RestoredLog {
 protected:
  void fill() { std::filesystem::create_symlink("/dev/full", path("data/audit-head.new")); }
  void make_room() { std::filesystem::remove(path("data/audit-head.new")); }
};

// What the log could not take is in the former ledger alone, and its numbers would be given again.
TEST_F(FullLogOfALedger, IsNotRestoredBeforeTheLogHasCaughtUp) {
  note(2);
  EXPECT_EQ(follow(), "");
  ASSERT_EQ(type("ledger backup @backup -c @kedge.yaml").exit_code, kGood);
  fill();
  note(10);
  const Typed refused = type("ledger restore @backup -c @kedge.yaml");
  EXPECT_EQ(refused.exit_code, kFoundWrong);
  EXPECT_EQ(refused.out, "");
  EXPECT_TRUE(has(refused.err, "the audit log has not got the records 3 to 12 of the former ledger")) << refused.err;
  EXPECT_TRUE(has(refused.err, "No space left on device")) << refused.err;
  EXPECT_TRUE(has(refused.err, "Make room for the log, or put its newest copy in its place, and restore again"))
      << refused.err;
  EXPECT_TRUE(has(type("ledger check -c @kedge.yaml").out, "head 12 of ")) << "it is the former ledger still";
  make_room();
  const Typed restored = type("ledger restore @backup -c @kedge.yaml");
  ASSERT_EQ(restored.exit_code, kGood) << restored.err;
  EXPECT_TRUE(has(restored.out, "record 13 says so")) << restored.out;
  EXPECT_EQ(follow(), "");
  EXPECT_TRUE(has(verify(), "nothing is wrong with it")) << verify();
  EXPECT_TRUE(has(type("audit list --log @data/audit --output csv").out, "which has not the records 3 to 12"));
}

// A former ledger that was restored itself, of which the log has nothing yet.
TEST_F(FullLogOfALedger, IsNotRestoredAgainBeforeTheLogHasWhatTheFirstRestorationSays) {
  note(5);
  ASSERT_EQ(type("ledger backup @backup -c @kedge.yaml").exit_code, kGood);
  note(5);
  EXPECT_EQ(follow(), "");
  ASSERT_EQ(type("ledger restore @backup -c @kedge.yaml").exit_code, kGood);
  fill();
  const Typed refused = type("ledger restore @backup -c @kedge.yaml");
  EXPECT_EQ(refused.exit_code, kFoundWrong);
  EXPECT_TRUE(has(refused.err, "the audit log has not got the records 11 to 13 of the former ledger")) << refused.err;
}

TEST_F(FullLogOfALedger, IsRestoredWhereSomebodyGivesUpWhatTheFormerHas) {
  note(2);
  EXPECT_EQ(follow(), "");
  ASSERT_EQ(type("ledger backup @backup -c @kedge.yaml").exit_code, kGood);
  fill();
  note(10);
  std::filesystem::rename(path("data/ledger.db"), path("aside.db"));
  const Typed restored = type("ledger restore @backup -c @kedge.yaml");
  ASSERT_EQ(restored.exit_code, kGood) << restored.err;
  EXPECT_TRUE(has(restored.out, "what happened after the backup is not known")) << restored.out;
}

TEST_F(RestoredLog, IsNotTouchedWhileAnEngineWritesIt) {
  note(1);
  ASSERT_EQ(type("ledger backup @backup -c @kedge.yaml").exit_code, kGood);
  const auto reader = open_sqlite_reader(path("data"));
  AuditOptions options;
  options.keys = {path("key")};
  const auto log = AuditLog::start(options, path("data"), **reader, clock_);
  ASSERT_TRUE(log.ok());
  const Typed refused = type("ledger restore @backup -c @kedge.yaml");
  EXPECT_EQ(refused.exit_code, kFoundWrong);
  EXPECT_TRUE(has(refused.err, "a ledger is restored while no daemon runs: ")) << refused.err;
}

INSTANTIATE_TEST_SUITE_P(Former, RestoredLogOfALedger, testing::Bool(),
                         [](const auto& one) { return std::string(one.param ? "Lost" : "Kept"); });

}  // namespace
}  // namespace kedge
