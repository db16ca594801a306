// The crash test: the real engine, killed again and again under load while its APIs misbehave. What is counted at the
// proxy and found in the journal must be what was promised. `./dev crash` runs it for long.
#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>

#include "audit/key_file.h"
#include "base/random.h"
#include "tests/crash/checkpoint_watch.h"
#include "tests/crash/killer.h"
#include "tests/crash/settings.h"
#include "tests/crash/stage.h"

namespace kedge {
namespace {

namespace fs = std::filesystem;

class Crash : public Stage {
 protected:
  Crash() : kills_(setting("KEDGE_CRASH_KILLS", 8)), seed_(setting("KEDGE_CRASH_SEED", Random().below(1'000'000))) {}

  void SetUp() override {
    std::cout << "seed " << seed_ << ", " << kills_ << " kills" << std::endl;
    set_up(KafkaBroker::shared("3.9.2"),
           {.seed = seed_, .percent_of_reads = 3, .percent_of_changes = 40, .most_in_a_row = 2});
    if (IsSkipped() || HasFatalFailure()) return;
    load_ = std::make_unique<Load>(*cloud_, *producer_, topic_, Load::Options{.seed = seed_});
    const std::string key_file = engine_.directory().path() / "audit.key";
    const auto key = make_key_file(key_file, "example.com/kedge");
    ASSERT_TRUE(key) << key.error().message;
    keys_ = {*key};
    engine_.configuration["audit"] = {{"keys", Json::array({key_file})}};
    checkpoints_ = std::make_unique<CheckpointWatch>(data() + "/audit");
  }

  void TearDown() override {
    if (HasFailure()) keep();
    Stage::TearDown();
  }

  void kill_again_and_again() {
    Killer killer(engine_, *proxy_, seed_);
    for (uint64_t i = 0; i < kills_ && !HasFailure(); ++i) {
      killer.kill_once();
      if ((i + 1) % 25 == 0) std::cout << i + 1 << " kills, " << proxy_->changes().size() << " writes" << std::endl;
    }
  }

  std::string data() const { return engine_.directory().path() / "data"; }

  // The log is the journal, and takes back nothing that it ever showed. Ends the engine.
  void expect_whole_log() {
    const auto exit = engine_.stop();
    ASSERT_TRUE(exit && *exit == Exit{}) << engine_.output();
    const auto checkpoints = checkpoints_->found();
    std::cout << fmt::format("  {:<44}{:>8}\n", "checkpoints seen", checkpoints.size()) << std::flush;
    EXPECT_GE(checkpoints.size(), kills_);
    expect_none("of the audit log", breaches_of_log(data() + "/audit", keys_, checkpoints, data()));
  }

  // As people do who are told: what is held goes on, and what could not be done is told of once more.
  void decide_as_people() {
    for (int round = 0; round < 10; ++round) {
      const Json held = open();
      for (const Json& row : held) {
        if (row.at("state") == "held") engine_.run({"remediation", "approve", row.at("remediation")});
      }
      const auto wrong = held.empty() ? load_->not_right() : std::vector<std::string>{};
      if (held.empty() && wrong.empty()) return;
      expect_none("not right, and nobody was told", silently_wrong(evidence(), wrong));
      approved_ += held.size();
      told_again_ += wrong.size();
      load_->tell_again(wrong);
      ASSERT_TRUE(comes_to_rest()) << open().dump(1);
    }
  }

  // What a run that broke a promise leaves behind.
  void keep() {
    const fs::path folder = fs::path(KEDGE_BINARY_DIR) / "crash" / ("seed-" + std::to_string(seed_));
    fs::remove_all(folder);
    fs::create_directories(folder);
    std::error_code ignored;  // sockets cannot be copied
    fs::copy(engine_.directory().path(), folder, fs::copy_options::recursive, ignored);
    std::ofstream(folder / "engine.log") << engine_.output();
    std::ofstream(folder / "journal.json") << journal().dump(1);
    std::ofstream calls(folder / "calls.txt");
    for (const auto& seen : proxy_->calls()) {
      calls << fmt::format("{:.3f} {} {} {} {} deliveries {} status {}\n", seconds_of(seen.arrived), seen.call.name,
                           seen.call.subject, seen.call.mark, name_of(seen.fault), seen.deliveries, seen.status);
    }
    for (const Drift& drift : load_->drifts()) {
      calls << fmt::format("{:.3f} drift of {}, event {}\n", seconds_of(drift.from), drift.target, drift.event);
    }
    std::cout << "seed " << seed_ << "; kept: " << folder.string() << std::endl;
  }

  static double seconds_of(FaultProxy::Clock::time_point time) {
    return std::chrono::duration<double>(time.time_since_epoch()).count();
  }

  void print(const Evidence& evidence) {
    const auto row = [](const std::string& what, size_t count) {
      std::cout << fmt::format("  {:<44}{:>8}\n", what, count);
    };
    std::map<std::string, size_t> records;
    for (const Json& one : evidence.records) ++records[one.at("kind")];
    std::map<std::string, size_t> ends;
    for (const Json& one : evidence.records) {
      const Json& record = one.at("record");
      for (const char* end : {"confirmed", "failed", "unconfirmed", "superseded"}) {
        if (record.value("to", "") == end) ++ends[end];
      }
    }
    std::map<std::string, size_t> faults;
    size_t writes = 0, carried_out = 0;
    for (const auto& seen : evidence.calls) {
      if (seen.fault != Fault::none) ++faults[name_of(seen.fault)];
      if (!seen.call.changes) continue;
      ++writes;
      carried_out += seen.deliveries > 0 ? 1 : 0;
    }
    row("kills", kills_);
    row("events", evidence.drifts.size());
    row("decided", records["plan"] + records["suppression"]);
    row("attempts", records["attempt"]);
    for (const auto& [end, count] : ends) row("remediations " + end, count);
    row("let go on by a person", approved_);
    row("told of again", told_again_);
    row("calls", evidence.calls.size());
    row("  that write", writes);
    row("  and were carried out", carried_out);
    for (const auto& [fault, count] : faults) row("calls: " + fault, count);
    row("events lost", lost_events(evidence).size());
    row("effects made twice", effects_made_twice(evidence).size());
    row("stuck", stuck(evidence).size());
    std::cout << std::flush;
  }

  const uint64_t kills_;
  const uint64_t seed_;
  std::vector<VerifierKey> keys_;
  std::unique_ptr<CheckpointWatch> checkpoints_;
  size_t approved_ = 0;
  size_t told_again_ = 0;
};

TEST_F(Crash, KilledAgainAndAgainItLosesNothingAndDoesNothingTwice) {
  engine_.start_unawaited();
  load_->start();
  kill_again_and_again();
  load_->stop();
  faults_->end();
  ASSERT_FALSE(HasFailure());
  ASSERT_TRUE(comes_to_rest()) << open().dump(1);
  decide_as_people();

  const Evidence found = evidence();
  print(found);
  expect_none("events lost", lost_events(found));
  expect_none("events decided twice", events_decided_twice(found));
  expect_none("effects made twice", effects_made_twice(found));
  expect_none("effects without an intent on record", effects_without_intent(found));
  expect_none("stuck", stuck(found));
  expect_all_right();
  EXPECT_EQ(engine_.ask({"dead-letter", "list"}).size(), load_->poison());
  const Ran check = engine_.run({"ledger", "check"});
  EXPECT_EQ(check.exit, Exit{}) << check.output;
  expect_whole_log();
}

}  // namespace
}  // namespace kedge
