// LedgerTest: each of its tests runs against every ledger that there is.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "base/json.h"
#include "tests/ledger/fixtures.h"
#include "tests/ledger/memory_ledger.h"
#include "tests/support/fake_clock.h"
#include "tests/support/temporary_directory.h"

namespace kedge {

enum class LedgerKind { memory, sqlite };

class LedgerTest : public testing::TestWithParam<LedgerKind> {
 protected:
  void SetUp() override {
    options.notify_alarms = {"on-call"};
    make();
    ASSERT_FALSE(HasFatalFailure());
    ASSERT_TRUE(commit(sample_rules()).done());
  }

  // Begins again with an empty ledger, by changed options.
  void remake() {
    sqlite_.reset();
    reader_.reset();
    std::filesystem::remove_all(directory_.path());
    SetUp();
  }

  // The engine ends, and another one opens the ledger. (The reference is its own disk.)
  void restart() {
    if (memory_) return;
    reader_.reset();
    sqlite_.reset();
    make();
  }

  Ledger& ledger() { return memory_ ? *memory_ : *sqlite_; }
  LedgerReader& reader() { return memory_ ? *memory_ : *reader_; }

  Answer commit(Change change) { return ledger().apply({&change, 1}).at(0); }

  // What the committer would do next: the part that the answer leaves to a later commit.
  Answer go_on(const Answer& answer) {
    if (answer.more.size() != 1) {
      Answer none;
      none.outcome = Outcome::refused;
      none.error = {ErrorCode::not_found, "it leaves nothing to a later commit, or more than one part"};
      return none;
    }
    return commit(std::visit([](const auto& one) { return Change(one); }, answer.more.at(0)));
  }

  // Opens a remediation of the target and gives its id.
  std::string open(int number, const std::string& target, size_t steps = 1) {
    const Answer answer = commit(batch_of({sample_finding(number, target, clock.now(), steps)}));
    EXPECT_TRUE(answer.done()) << answer.error.message;
    return answer.dispositions.at(0).remediation;
  }

  Json record(int64_t seq) { return *parse_json(reader().journal(seq, 1)->at(0).bytes); }
  Json last_record() { return record(ledger().head()); }

  FakeClock clock;
  SqliteLedgerOptions options;

 private:
  void make() {
    if (GetParam() == LedgerKind::memory) {
      memory_ = std::make_unique<MemoryLedger>(clock, options);
      return;
    }
    options.directory = directory_.path();
    auto opened = open_sqlite_ledger(options, clock, random_);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    sqlite_ = *std::move(opened);
    auto reading = open_sqlite_reader(options.directory);
    ASSERT_TRUE(reading.ok()) << reading.error().message;
    reader_ = *std::move(reading);
  }

  TemporaryDirectory directory_;
  Random random_{1};
  std::unique_ptr<MemoryLedger> memory_;
  std::unique_ptr<Ledger> sqlite_;
  std::unique_ptr<LedgerReader> reader_;
};

inline const auto kAllLedgers = testing::Values(LedgerKind::memory, LedgerKind::sqlite);
inline std::string name_of_ledger(const testing::TestParamInfo<LedgerKind>& info) {
  return info.param == LedgerKind::memory ? "Memory" : "Sqlite";
}

}  // namespace kedge
