// A ledger that has an audit log, put back from a backup: typed, and followed.
#include <gtest/gtest.h>

#include <filesystem>

#include "app/audit_log.h"
#include "audit/verifier.h"
#include "base/files.h"
#include "base/random.h"
#include "ledger/sqlite_ledger.h"
#include "pipeline/checkpoint_file.h"
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
    options.publish_to = places_;
    const auto log = AuditLog::start(options, path("data"), **reader, clock_);
    if (!log) return log.error().message;
    (*log)->stop();
    // As its publisher does.
    for (const CheckpointPlaceOptions& place : places_) {
      const std::string file = std::get<CheckpointFileOptions>(place.place).path;
      EXPECT_EQ(CheckpointFile(file).publish(*(*log)->newest(), Time{}, {}).error, "");
    }
    return (*log)->stops_effects().value_or("");
  }
  std::string verify() { return type("audit verify @data/audit --key @key.pub").out; }
  bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

  SystemClock clock_;
  Random random_{1};
  std::vector<CheckpointPlaceOptions> places_;  // files
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

// The log's disk is full: its signed head finds no room. It is one that was put there by hand, and so is a new file
// next.
class FullLogOfALedger : public RestoredLog {
 protected:
  void fill() {
    std::filesystem::copy_file(path("data/audit/checkpoint"), path("data/audit-head"),
                               std::filesystem::copy_options::overwrite_existing);
    std::filesystem::create_symlink("/dev/full", path("data/audit-head.new"));
  }
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

// All of data/ is put back, or gone: ledger, log and signed head.
class LogThatIsKeptOutside : public RestoredLog {
 protected:
  void SetUp() override {
    RestoredLog::SetUp();
    change("kedge.yaml", "audit: {keys: [key]}", "audit: {keys: [key], publish_to: [{file: kept}]}");
    places_ = {{.name = "file", .place = CheckpointFileOptions{path("kept")}}};
    note(5);
    ASSERT_EQ(type("ledger backup @backup -c @kedge.yaml").exit_code, kGood);
    ASSERT_EQ(follow(), "");
    std::filesystem::copy(path("data"), path("older"), std::filesystem::copy_options::recursive);
    note(5);
    ASSERT_EQ(follow(), "");
  }
  void put_data_back() {
    std::filesystem::remove_all(path("data"));
    std::filesystem::copy(path("older"), path("data"), std::filesystem::copy_options::recursive);
  }
  std::string checkpoint() { return *read_file(path("data/audit/checkpoint")); }
};

TEST_F(LogThatIsKeptOutside, IsNotSignedForWhereAllOfDataWasPutBack) {
  put_data_back();
  note(1);
  const std::string before = checkpoint(), kept = *read_file(path("kept"));
  const std::string refused = follow();
  EXPECT_TRUE(has(refused, "audit.publish_to[0]: " + path("kept") +
                               " has a checkpoint of 11 entries, and the audit log "
                               "has 6 entries: 'data' was put back to an earlier state, or lost"))
      << refused;
  EXPECT_TRUE(has(refused, "kedge audit keygen")) << "what to type: " << refused;
  EXPECT_EQ(checkpoint(), before);
  EXPECT_EQ(*read_file(path("kept")), kept);
  const Typed restored = type("ledger restore @backup -c @kedge.yaml");
  EXPECT_EQ(restored.exit_code, kFoundWrong) << "it would sign, too";
  EXPECT_TRUE(has(restored.err, "has a checkpoint of 11 entries")) << restored.err;
  EXPECT_EQ(checkpoint(), before);
}

TEST_F(LogThatIsKeptOutside, IsNotBegunAnewWhereAllOfDataIsGone) {
  std::filesystem::remove_all(path("data"));
  note(20);
  const std::string refused = follow();
  EXPECT_TRUE(has(refused, "has a checkpoint of 11 entries, and the audit log has 0 entries")) << refused;
  EXPECT_FALSE(std::filesystem::exists(path("data/audit/checkpoint")));
}

TEST_F(LogThatIsKeptOutside, IsNotSignedForWhereItWentOnInAnotherWayWhileTheFileWasAway) {
  put_data_back();
  std::filesystem::rename(path("kept"), path("away"));
  note(20);
  EXPECT_EQ(follow(), "");
  const std::string before = checkpoint();
  std::filesystem::rename(path("away"), path("kept"));
  const std::string refused = follow();
  EXPECT_TRUE(has(refused, "has a checkpoint of 11 entries that the audit log, of 26 entries, does not extend"))
      << refused;
  EXPECT_EQ(checkpoint(), before);
}

TEST_F(LogThatIsKeptOutside, IsSignedForAgainWithTheNewestCopyOfItAndABackup) {
  std::filesystem::copy(path("data/audit"), path("copy"), std::filesystem::copy_options::recursive);
  put_data_back();
  ASSERT_NE(follow(), "");
  std::filesystem::remove_all(path("data/audit"));
  std::filesystem::copy(path("copy"), path("data/audit"), std::filesystem::copy_options::recursive);
  std::filesystem::copy_file(path("copy/checkpoint"), path("data/audit-head"),
                             std::filesystem::copy_options::overwrite_existing);
  const Typed restored = type("ledger restore @backup -c @kedge.yaml");
  ASSERT_EQ(restored.exit_code, kGood) << restored.err;
  EXPECT_TRUE(has(restored.out, "record 11 says so")) << restored.out;
  EXPECT_EQ(follow(), "");
  const Typed verified = type("audit verify @data/audit --key @key.pub --against @kept");
  EXPECT_TRUE(has(verified.out, "it extends all 3 checkpoints")) << verified.out;
}

TEST_F(LogThatIsKeptOutside, IsFollowedByAnotherOneWhereThereIsNoCopy) {
  put_data_back();
  ASSERT_NE(follow(), "");
  ASSERT_EQ(type("audit keygen --origin example.com/kedge/2 --output @key2").exit_code, kGood);
  std::filesystem::rename(path("data/audit-head"), path("former-head"));
  std::filesystem::rename(path("data/audit"), path("former-log"));
  std::filesystem::rename(path("key2"), path("key"));
  places_ = {{.name = "file", .place = CheckpointFileOptions{path("kept2")}}};
  EXPECT_EQ(follow(), "");
  EXPECT_TRUE(has(type("audit verify @data/audit --key @key2.pub --against @kept2").out, "nothing is wrong with it"));
}

// Checkpoints of other logs, and what somebody forged, say nothing of this one.
TEST_F(LogThatIsKeptOutside, IsJudgedByWhatItsKeySignedAlone) {
  std::string forged = checkpoint();
  forged.replace(forged.find("\n11\n"), 4, "\n99\n");
  write("kept", *read_file(path("kept")) + forged + "no checkpoint\n");
  note(1);
  const auto reader = open_sqlite_reader(path("data"));
  AuditOptions options;
  options.keys = {path("key")};
  options.publish_to = places_;
  const auto log = AuditLog::start(options, path("data"), **reader, clock_);
  EXPECT_TRUE(log.ok()) << log.error().message;
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
