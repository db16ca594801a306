// What `kedge check` says of rules that act and that nobody has watched.
#include "app/hardly_watched.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/ledger/fixtures.h"
#include "tests/ledger/memory_ledger.h"
#include "tests/support/fake_clock.h"

namespace kedge {
namespace {

using std::chrono::hours;
using testing::ElementsAre;
using testing::IsEmpty;

class HardlyWatched : public testing::Test {
 protected:
  void load(Mode mode, const std::string& rule) {
    const Change change = sample_rules(mode, rule);
    ledger.apply({&change, 1});
  }
  void suppress(int times, const std::string& rule, const std::string& guard = "mode") {
    CommitBatch batch;
    for (int i = 0; i < times; ++i) {
      const Finding basis = sample_finding(++number, "bucket", clock.now());
      Suppression& one = batch.suppressions.emplace_back();
      one.key = basis.key;
      one.plan = basis.plan;
      one.plan.rule.id = rule;
      one.event = basis.event;
      one.guard = guard;
    }
    const Change change = batch;
    ledger.apply({&change, 1});
  }
  std::set<std::string> found(std::set<std::string> rules) {
    JournalRecords records(ledger);
    RecordSearch trail(records);
    return *hardly_watched(trail, std::move(rules), clock.now());
  }

  FakeClock clock;
  MemoryLedger ledger{clock};
  int number = 0;
};

TEST_F(HardlyWatched, IsARuleThatTheLedgerDoesNotKnow) {
  EXPECT_THAT(found({"new"}), ElementsAre("new"));
  EXPECT_THAT(found({}), IsEmpty());
}

TEST_F(HardlyWatched, IsNoneThatWasLoadedADayAgo) {
  load(Mode::shadow, "old");
  clock.advance(hours(24));
  EXPECT_THAT(found({"old", "new"}), ElementsAre("new", "old"));
  clock.advance(Duration(1));
  load(Mode::enforce, "new");
  EXPECT_THAT(found({"old", "new"}), ElementsAre("new"));
}

TEST_F(HardlyWatched, IsNoneThatWantedTwentyThingsInModeShadow) {
  load(Mode::shadow, "busy");
  suppress(19, "busy");
  suppress(20, "busy", "exception");
  suppress(1, "another");
  EXPECT_THAT(found({"busy"}), ElementsAre("busy"));
  suppress(1, "busy");
  EXPECT_THAT(found({"busy"}), IsEmpty());
}

}  // namespace
}  // namespace kedge
