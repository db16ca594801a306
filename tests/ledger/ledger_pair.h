// LedgerTest: each of its tests runs against every ledger that there is.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "base/json.h"
#include "tests/ledger/fixtures.h"
#include "tests/ledger/memory_ledger.h"
#include "tests/support/fake_clock.h"

namespace kedge {

enum class LedgerKind { memory };

class LedgerTest : public testing::TestWithParam<LedgerKind> {
 protected:
  void SetUp() override {
    options.notify_alarms = {"on-call"};
    make();
    ASSERT_TRUE(commit(sample_rules()).done());
  }

  void make() { memory_ = std::make_unique<MemoryLedger>(clock, options); }

  Ledger& ledger() { return *memory_; }
  LedgerReader& reader() { return *memory_; }

  Answer commit(Change change) { return ledger().apply({&change, 1}).at(0); }

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
  std::unique_ptr<MemoryLedger> memory_;
};

inline const auto kAllLedgers = testing::Values(LedgerKind::memory);
inline std::string name_of_ledger(const testing::TestParamInfo<LedgerKind>&) { return "Memory"; }

}  // namespace kedge
