// CheckpointPublisher: one look at a time with a place that the test plays, and with its thread.
#include "pipeline/checkpoint_publisher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

#include "tests/support/fake_clock.h"

namespace kedge {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

// What the place was told, and how it answers. Outlives it.
struct Played {
  std::mutex mutex;
  std::vector<uint64_t> taken;           // sizes; guarded by mutex
  std::vector<uint64_t> told;            // guarded by mutex
  std::deque<Delivery> answers;          // guarded by mutex; then it takes what it is told
  Mailbox<bool>* hangs_until = nullptr;  // closed; or it is stopped
  bool ignores_stop = false;
  Mailbox<uint64_t> calls{SIZE_MAX};
};

class PlayedPlace final : public CheckpointPlace {
 public:
  explicit PlayedPlace(Played& played) : played_(played) {}

  Delivery publish(const PublishedCheckpoint& checkpoint, Time /*now*/, std::stop_token stop) override {
    played_.calls.put(checkpoint.size);
    if (played_.hangs_until != nullptr) {
      while (!played_.hangs_until->wait_closed(std::chrono::milliseconds(5))) {
        if (stop.stop_requested() && !played_.ignores_stop) return {Delivery::Kind::retry, 0, "stopped", {}};
      }
    }
    const std::lock_guard lock(played_.mutex);
    played_.told.push_back(checkpoint.size);
    if (!played_.answers.empty()) {
      Delivery answer = played_.answers.front();
      played_.answers.pop_front();
      return answer;
    }
    played_.taken.push_back(checkpoint.size);
    return {};
  }

 private:
  Played& played_;
};

const Delivery kAway{Delivery::Kind::retry, 503, "the receiver answered 503", {}};

class CheckpointPublisherTest : public testing::Test {
 protected:
  void SetUp() override {
    publisher_ = std::make_unique<CheckpointPublisher>(
        std::make_unique<PlayedPlace>(played_), [this] { return newest(); }, clock_, random_,
        CheckpointPublisher::Options{.name = "outside"});
  }

  std::optional<PublishedCheckpoint> newest() {
    const uint64_t size = size_;
    if (size == 0) return std::nullopt;
    return PublishedCheckpoint{"example.com/log", size, "note of " + std::to_string(size)};
  }
  // As the thread does it, for so long.
  void turn_for(Duration span) {
    for (const Duration end = clock_.elapsed() + span; clock_.elapsed() < end;) clock_.advance(publisher_->turn());
  }

  FakeClock clock_;
  Random random_{1};
  std::atomic<uint64_t> size_ = 0;
  Played played_;
  std::unique_ptr<CheckpointPublisher> publisher_;
};

TEST_F(CheckpointPublisherTest, TellsThePlaceOfTheNewestAndPassesOverWhatCameBetween) {
  turn_for(seconds(30));
  EXPECT_THAT(played_.told, IsEmpty());
  for (size_ = 1; size_ < 5; ++size_) turn_for(seconds(10));
  size_ = 500;
  turn_for(seconds(60));
  EXPECT_THAT(played_.taken, ElementsAre(1, 2, 3, 4, 500));
  const auto status = publisher_->status();
  EXPECT_EQ(status.size, 500U);
  EXPECT_EQ(status.behind_for, Duration{0});
  EXPECT_EQ(status.publications, 5U);
  EXPECT_EQ(status.failures, 0U);
}

TEST_F(CheckpointPublisherTest, TellsAgainOnceADayWhatThePlaceHas) {
  size_ = 7;
  turn_for(hours(49));
  EXPECT_THAT(played_.taken, ElementsAre(7, 7, 7));
}

TEST_F(CheckpointPublisherTest, TriesAPlaceThatIsAwaySeldomAndWithTheNewestByThen) {
  size_ = 1;
  played_.answers.assign(1000, kAway);
  turn_for(hours(1));
  EXPECT_GT(played_.told.size(), 10U);
  EXPECT_LT(played_.told.size(), 100U);  // a random part of at most five minutes each
  auto status = publisher_->status();
  EXPECT_GE(status.behind_for, Duration(hours(1)));
  EXPECT_EQ(status.failures, played_.told.size());
  EXPECT_EQ(status.trouble, "the receiver answered 503");
  EXPECT_FALSE(status.size);
  played_.answers.clear();
  size_ = 90;
  turn_for(minutes(6));
  EXPECT_THAT(played_.taken, ElementsAre(90));
  status = publisher_->status();
  EXPECT_EQ(status.behind_for, Duration{0});
  EXPECT_EQ(status.trouble, "");
}

TEST_F(CheckpointPublisherTest, WaitsForAsLongAsThePlaceAsksFor) {
  size_ = 1;
  played_.answers = {{Delivery::Kind::retry, 429, "too many", minutes(20)}};
  turn_for(minutes(19));
  EXPECT_THAT(played_.told, ElementsAre(1));
  turn_for(minutes(2));
  EXPECT_THAT(played_.told, ElementsAre(1, 1));
}

TEST_F(CheckpointPublisherTest, GivesUpNoPlaceWhateverItAnswers) {
  size_ = 1;
  played_.answers = {{Delivery::Kind::permanent, 400, "no", {}}, {Delivery::Kind::disabled, 410, "gone", {}}};
  turn_for(minutes(5));
  EXPECT_THAT(played_.taken, ElementsAre(1));
}

TEST_F(CheckpointPublisherTest, IsBehindSinceANewerOneWasThereAlsoWhileItHangs) {
  Mailbox<bool> answers{1};
  played_.hangs_until = &answers;
  size_ = 1;
  publisher_->start();
  ASSERT_EQ(played_.calls.take(seconds(60)), 1U);
  clock_.advance(minutes(11));
  EXPECT_EQ(publisher_->status().behind_for, Duration(minutes(11)));
  answers.close();
  EXPECT_TRUE(publisher_->stop(seconds(60)));
  EXPECT_EQ(publisher_->status().behind_for, Duration{0});
}

TEST_F(CheckpointPublisherTest, BringsTheLastOneWhenItIsStopped) {
  size_ = 1;
  publisher_->start();
  ASSERT_EQ(played_.calls.take(seconds(60)), 1U);
  size_ = 2;
  EXPECT_TRUE(publisher_->stop(seconds(60)));
  EXPECT_THAT(played_.taken, ElementsAre(1, 2));
}

TEST_F(CheckpointPublisherTest, TriesTheLastOneOnceAtAPlaceThatIsAway) {
  played_.answers.assign(1000, kAway);
  size_ = 1;
  publisher_->start();
  ASSERT_EQ(played_.calls.take(seconds(60)), 1U);
  size_ = 2;
  EXPECT_TRUE(publisher_->stop(seconds(60)));
  EXPECT_EQ(std::count(played_.told.begin(), played_.told.end(), 2U), 1);
}

TEST_F(CheckpointPublisherTest, StopsAPlaceThatHangsAfterTheTimeThatItHas) {
  Mailbox<bool> never{1};
  played_.hangs_until = &never;
  size_ = 1;
  publisher_->start();
  ASSERT_EQ(played_.calls.take(seconds(60)), 1U);
  EXPECT_TRUE(publisher_->stop(Duration{0}));
  EXPECT_THAT(played_.taken, IsEmpty());
}

TEST_F(CheckpointPublisherTest, SaysThatAPlaceHoldsItsThread) {
  Mailbox<bool> at_last{1};
  played_.hangs_until = &at_last;
  played_.ignores_stop = true;
  size_ = 1;
  publisher_->start();
  ASSERT_EQ(played_.calls.take(seconds(60)), 1U);
  EXPECT_FALSE(publisher_->stop(Duration{0}));
  at_last.close();
  EXPECT_TRUE(publisher_->stop(seconds(60)));
}

}  // namespace
}  // namespace kedge
