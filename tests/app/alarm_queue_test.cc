#include "app/alarm_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "tests/ledger/memory_ledger.h"
#include "tests/support/fake_clock.h"

namespace kedge {
namespace {

// Has no room, until it has.
class FullLedger final : public Ledger {
 public:
  explicit FullLedger(Ledger& ledger) : ledger_(ledger) {}
  std::vector<Answer> apply(std::span<const Change> changes) override {
    if (!full) return ledger_.apply(changes);
    ++refused;
    Answer answer;
    answer.outcome = Outcome::no_room;
    answer.error = {ErrorCode::no_room, "the disk is full"};
    return std::vector<Answer>(changes.size(), answer);
  }
  int64_t head() const override { return ledger_.head(); }
  Time now() const override { return ledger_.now(); }
  std::optional<Duration> clock_doubt() const override { return ledger_.clock_doubt(); }
  Time time_of_day() const override { return ledger_.time_of_day(); }

  std::atomic<bool> full = true;
  std::atomic<int> refused = 0;

 private:
  Ledger& ledger_;
};

TEST(AlarmQueue, HandsInEachAlarmUntilItIsOnRecord) {
  FakeClock clock;
  MemoryLedger ledger(clock);
  FullLedger full(ledger);
  Mailbox<Remediation> runnable(SIZE_MAX);
  Committer committer(full, runnable, {});
  AlarmQueue alarms(committer);
  alarms.raise({"audit-log", "effects go on without the log", nlohmann::json::object(), {}});
  alarms.raise({"clock", "the wall clock jumped", nlohmann::json::object(), {}});
  const int64_t before = ledger.head();
  while (full.refused < 2) {
    alarms.hand_in();
    std::this_thread::yield();
  }
  EXPECT_EQ(ledger.head(), before);
  full.full = false;
  while (!alarms.empty()) {
    alarms.hand_in();
    std::this_thread::yield();
  }
  EXPECT_EQ(ledger.head(), before + 2);
  EXPECT_NE(ledger.journal(before + 1, 1)->at(0).bytes.find("audit-log"), std::string::npos) << "in their order";
}

}  // namespace
}  // namespace kedge
