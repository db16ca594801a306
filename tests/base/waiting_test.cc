#include "base/waiting.h"

#include <gtest/gtest.h>

#include <thread>

namespace kedge {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Mailbox, AdmitsOneItemHoweverHeavy) {
  Mailbox<int> box(10);
  EXPECT_TRUE(box.try_put(1, 100));
  EXPECT_FALSE(box.try_put(2, 1));
  EXPECT_EQ(box.take(milliseconds(0)), 1);
  EXPECT_TRUE(box.try_put(2, 1));
}

TEST(Mailbox, ClosedGivesWhatItHoldsAndTakesNoMore) {
  Mailbox<int> box(10);
  box.put(1);
  box.close();
  EXPECT_FALSE(box.put(2));
  EXPECT_EQ(box.take(seconds(10)), 1);
  EXPECT_EQ(box.take(seconds(10)), std::nullopt);
}

TEST(Mailbox, TakesAllUpToAWeight) {
  Mailbox<int> box(100);
  for (int i = 0; i < 5; ++i) box.put(i, 10);
  EXPECT_EQ(box.take_all(milliseconds(0), 25), (std::vector<int>{0, 1}));
  EXPECT_EQ(box.take_all(milliseconds(0), 1), (std::vector<int>{2}));
  EXPECT_EQ(box.take_all(milliseconds(0)), (std::vector<int>{3, 4}));
}

TEST(Mailbox, WakeEndsAWaitOnce) {
  Mailbox<int> box(1);
  box.wake();
  EXPECT_EQ(box.take(seconds(10)), std::nullopt);
}

TEST(Mailbox, PassesEverythingBetweenThreads) {
  Mailbox<int> box(3);
  std::thread producer([&] {
    for (int i = 0; i < 10'000; ++i) box.put(i);
    box.close();
  });
  int64_t sum = 0;
  while (auto item = box.take(seconds(10))) sum += *item;
  producer.join();
  EXPECT_EQ(sum, 49'995'000);
}

TEST(Reply, IsGivenByAnotherThread) {
  Reply<int> reply;
  std::thread other([promise = reply.promise()] { promise.keep(5); });
  EXPECT_EQ(reply.get(seconds(10)), 5);
  other.join();
}

}  // namespace
}  // namespace kedge
