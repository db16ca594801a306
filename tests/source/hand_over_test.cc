#include "source/hand_over.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kedge {
namespace {

using testing::ElementsAre;

constexpr size_t kValueBytes = 1000;

std::shared_ptr<Assignment> on_lane(size_t lane) {
  auto made = std::make_shared<Assignment>();
  made->lane = lane;
  return made;
}

Batch batch(const std::shared_ptr<const Assignment>& assignment, int64_t offset, size_t bytes = kValueBytes) {
  const std::string value(bytes, 'x');
  Batch made(nullptr, assignment, offset);
  made.append({.offset = offset, .timestamp = {}, .key = {}, .value = value, .headers = {}});
  return made;
}

std::vector<int64_t> drain(Mailbox<Batch>& mailbox) {
  std::vector<int64_t> offsets;
  for (const Batch& each : mailbox.take_all(Duration(0))) offsets.push_back(each.from());
  return offsets;
}

TEST(HandOver, GivesEachBatchToItsLane) {
  Mailbox<Batch> first(1 << 20), second(1 << 20);
  HandOver hand_over({&first, &second});
  hand_over.give(batch(on_lane(1), 7));
  EXPECT_THAT(drain(first), ElementsAre());
  EXPECT_THAT(drain(second), ElementsAre(7));
}

TEST(HandOver, KeepsWhatDoesNotFitInOrder) {
  Mailbox<Batch> mailbox(3 * kValueBytes);
  HandOver hand_over({&mailbox});
  const auto assignment = on_lane(0);
  for (int64_t offset = 0; offset < 5; ++offset) hand_over.give(batch(assignment, offset));
  EXPECT_TRUE(hand_over.waits(0));
  EXPECT_FALSE(hand_over.offer(0));
  EXPECT_THAT(drain(mailbox), ElementsAre(0, 1));
  EXPECT_FALSE(hand_over.offer(0));
  EXPECT_THAT(drain(mailbox), ElementsAre(2, 3));
  EXPECT_TRUE(hand_over.offer(0));
  EXPECT_THAT(drain(mailbox), ElementsAre(4));
}

TEST(HandOver, HasRoomAgainWhenTheMailboxIsHalfEmpty) {
  Mailbox<Batch> mailbox(5 * kValueBytes);
  HandOver hand_over({&mailbox});
  const auto assignment = on_lane(0);
  for (int64_t offset = 0; offset < 5; ++offset) hand_over.give(batch(assignment, offset));
  ASSERT_TRUE(hand_over.waits(0));  // four are inside, the fifth waits
  mailbox.take(Duration(0));
  EXPECT_TRUE(hand_over.offer(0));
  EXPECT_FALSE(hand_over.has_room_again(0));  // four are inside
  mailbox.take(Duration(0));
  EXPECT_FALSE(hand_over.has_room_again(0));
  mailbox.take(Duration(0));
  EXPECT_TRUE(hand_over.has_room_again(0));  // two are inside
}

TEST(HandOver, HasRoomAgainThoughAnotherSourceFillsTheMailboxToo) {
  Mailbox<Batch> mailbox(5 * kValueBytes);
  HandOver others({&mailbox});
  HandOver hand_over({&mailbox});
  others.give(batch(on_lane(0), 0, 10));
  hand_over.give(batch(on_lane(0), 0, 5 * kValueBytes - 100));
  ASSERT_TRUE(hand_over.waits(0));  // refused by a mailbox that holds little, as it is large
  drain(mailbox);
  ASSERT_TRUE(hand_over.offer(0));
  drain(mailbox);
  others.give(batch(on_lane(0), 1, 10));
  EXPECT_TRUE(hand_over.has_room_again(0));
}

TEST(HandOver, ForgetsWhatWaitsOfARevokedAssignment) {
  Mailbox<Batch> mailbox(kValueBytes);
  HandOver hand_over({&mailbox});
  const auto revoked = on_lane(0);
  const auto other = on_lane(0);
  hand_over.give(batch(revoked, 0));
  hand_over.give(batch(revoked, 1));
  hand_over.give(batch(other, 2));
  hand_over.drop(*revoked);
  EXPECT_THAT(drain(mailbox), ElementsAre(0));
  EXPECT_TRUE(hand_over.offer(0));
  EXPECT_THAT(drain(mailbox), ElementsAre(2));
}

TEST(HandOver, DropsWhatIsForALaneThatIsGone) {
  Mailbox<Batch> mailbox(1 << 20);
  mailbox.close();
  HandOver hand_over({&mailbox});
  hand_over.give(batch(on_lane(0), 0));
  EXPECT_FALSE(hand_over.waits(0));
}

}  // namespace
}  // namespace kedge
