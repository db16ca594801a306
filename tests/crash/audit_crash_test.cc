// What keeps the records, killed again and again, at any moment and in the midst of any system call, and with calls
// that fail. What it acknowledged and what it showed is collected outside, and held against the log that is there in
// the end.
// `./dev crash audit` runs it for long.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <iostream>
#include <map>
#include <regex>

#include "audit/key_file.h"
#include "audit/log_reader.h"
#include "base/json.h"
#include "base/random.h"
#include "tests/crash/checkpoint_watch.h"
#include "tests/crash/settings.h"
#include "tests/support/child_process.h"
#include "tests/support/needs.h"
#include "tests/support/temporary_directory.h"

namespace kedge {
namespace {

using std::chrono::milliseconds;

// Of the log's writer, and of SQLite's beside it. Reads are among them: a log is read where it is opened.
constexpr const char* kCalls[] = {"write", "rename",     "fsync",    "syncfs",         "openat",
                                  "mkdir", "pwrite64",   "unlink",   "fdatasync",      "read",
                                  "close", "getdents64", "unlinkat", "sync_file_range"};
constexpr uint64_t kLifeMsMax = 1'200;

// strace, which lets system calls of a program fail; not_found where it is not there, or may not trace.
Result<void> needs_strace() {
  const auto ran = run({.command = {"strace", "-qqq", "-o", "/dev/null", "-f", "true"}});
  if (ran && ran->exit == Exit{}) return {};
  return Error{ErrorCode::not_found,
               "strace is not installed, or cannot trace here: " + (ran ? ran->output : ran.error().message)};
}

class AuditCrash : public testing::Test {
 protected:
  AuditCrash()
      : lives_(setting("KEDGE_CRASH_KILLS", 10)),
        seed_(setting("KEDGE_CRASH_SEED", Random().below(1'000'000))),
        random_(seed_),
        key_file_(directory_.path() / "key") {}

  void SetUp() override {
    KEDGE_NEEDS(needs_strace());
    std::cout << "seed " << seed_ << ", " << lives_ << " lives" << std::endl;
    const auto key = make_key_file(key_file_, "example.com/kedge");
    ASSERT_TRUE(key) << key.error().message;
    keys_ = {*key};
    checkpoints_ = std::make_unique<CheckpointWatch>(log());
  }

  std::string data() const { return directory_.path() / "data"; }
  std::string log() const { return data() + "/audit"; }
  std::string traced() const { return directory_.path() / "strace.txt"; }

  // "inject=rename:error=EIO:when=17+": one call, or all of them from one on.
  std::string injection() {
    const std::string call = kCalls[random_.below(std::size(kCalls))];
    const char* const what[] = {"signal=KILL", "error=EIO", "error=ENOSPC"};
    const uint64_t first = 1 + random_.below(random_.below(3) == 0 ? 400 : 40);
    return fmt::format("inject={}:{}:when={}{}", call, what[random_.below(3)], first, random_.below(3) == 0 ? "+" : "");
  }

  std::vector<std::string> keeper(uint64_t life) const {
    return {KEDGE_AUDIT_KEEPER, data(), key_file_, std::to_string(life)};
  }

  // In every third one no call fails. It ends by itself or is killed.
  void live(uint64_t life) {
    std::vector<std::string> command = keeper(life);
    if (random_.below(3) != 0) {
      const std::string wanted = injection();
      const std::string call = wanted.substr(7, wanted.find(':') - 7);
      // Without its filter (--seccomp-bpf), which is faster: a signal would be lost.
      command.insert(command.begin(),
                     {"strace", "-D", "-f", "-qqq", "-o", traced(), "-e", "trace=" + call, "-e", wanted});
    }
    const auto process = ChildProcess::start({.command = command});
    ASSERT_TRUE(process) << process.error().message;
    wait_until_traced(**process);
    const bool ended = (*process)->wait(milliseconds(random_.below(kLifeMsMax))).ok();
    if (!ended) (*process)->signal(SIGKILL);
    const auto exit = (*process)->wait();
    ASSERT_TRUE(exit) << exit.error().message;
    ++ends_[ended ? fmt::format("ended by itself, exit {} signal {}", exit->code, exit->signal) : "killed"];
    listen(**process);
    count_injections();
  }

  // A program that is killed before strace has attached leaves a strace behind that waits for it for ever, and holds
  // its output. Once it has become the program it has been attached to.
  static void wait_until_traced(ChildProcess& process) {
    const std::string file = fmt::format("/proc/{}/comm", process.pid());
    for (int looks = 0; looks < 20'000; ++looks) {
      std::string name;
      std::getline(std::ifstream(file), name);
      if (name == "audit_keeper" || process.wait(milliseconds(1)).ok()) return;
    }
    FAIL() << "the program did not begin in 20 s";
  }

  void listen(const ChildProcess& process) {
    for (const std::string& line : process.lines()) {
      if (line.rfind("kept ", 0) == 0) acknowledged_.push_back(line.substr(5));
      EXPECT_EQ(line.find("not of this ledger"), std::string::npos) << line;
    }
  }

  void count_injections() {
    std::ifstream file(traced());
    static const std::regex kInjected(R"(^\d+\s+(\w+)\(.* (E\w+) .*\(INJECTED\))");
    std::smatch match;
    for (std::string line; std::getline(file, line);) {
      if (std::regex_search(line, match, kInjected)) ++injected_[match[1].str() + " " + match[2].str()];
    }
    std::ofstream(traced(), std::ios::trunc).flush();
  }

  // What is left to do is done, and it ends as it should.
  void live_in_peace() {
    const auto process = ChildProcess::start({.command = keeper(lives_)});
    ASSERT_TRUE(process) << process.error().message;
    const auto kept = (*process)->wait_for_line("kept ");
    ASSERT_TRUE(kept) << kept.error().message;
    (*process)->signal(SIGTERM);
    const auto exit = (*process)->wait();
    ASSERT_TRUE(exit && *exit == Exit{}) << (*process)->output();
    listen(**process);
  }

  // How often each name stands in the log.
  std::map<std::string, size_t> names_in_log() {
    std::map<std::string, size_t> names;
    const auto note = read_checkpoint_file(log());
    const LogReader reader(log(), open_checkpoint(*note, keys_)->size);
    for (const std::string& entry : *reader.entries(0, reader.size())) {
      const auto record = parse_json(entry);
      const std::string reason = record ? record->value("reason", "") : "";
      ++names[reason.substr(0, reason.find(' '))];
    }
    return names;
  }

  void print(size_t checkpoints, uint64_t records) {
    const auto row = [](const std::string& what, size_t count) {
      std::cout << fmt::format("  {:<44}{:>8}\n", what, count);
    };
    row("lives", lives_);
    for (const auto& [how, count] : ends_) row("  " + how, count);
    for (const auto& [what, count] : injected_) row("calls that failed: " + what, count);
    row("records acknowledged", acknowledged_.size());
    row("records in the log", records);
    row("checkpoints seen", checkpoints);
    std::cout << std::flush;
  }

  const uint64_t lives_;
  const uint64_t seed_;
  Random random_;
  const TemporaryDirectory directory_;
  const std::string key_file_;
  std::vector<VerifierKey> keys_;
  std::unique_ptr<CheckpointWatch> checkpoints_;
  std::vector<std::string> acknowledged_;
  std::map<std::string, size_t> ends_;
  std::map<std::string, size_t> injected_;
};

TEST_F(AuditCrash, EveryAcknowledgedRecordIsInTheLogOnceAndNoCheckpointIsTakenBack) {
  for (uint64_t life = 0; life < lives_ && !HasFailure(); ++life) {
    live(life);
    if ((life + 1) % 50 == 0) std::cout << life + 1 << " lives" << std::endl;
  }
  ASSERT_NO_FATAL_FAILURE(live_in_peace());
  const std::vector<OldCheckpoints> checkpoints = checkpoints_->found();
  EXPECT_EQ(breaches_of_log(log(), keys_, checkpoints, data()), std::vector<std::string>());
  ASSERT_FALSE(HasFailure());
  std::map<std::string, size_t> names = names_in_log();
  for (const std::string& name : acknowledged_) EXPECT_EQ(names[name], 1U) << name;
  print(checkpoints.size(), names.size());
  EXPECT_GT(checkpoints.size(), lives_);
  EXPECT_GT(acknowledged_.size(), lives_);
}

}  // namespace
}  // namespace kedge
