// All places of a running engine: what people hear of one that lags behind, and that the others do not wait for it.
#include "app/checkpoint_publishers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/files.h"
#include "http/curl_client.h"
#include "tests/support/fake_clock.h"
#include "tests/support/temporary_directory.h"

namespace kedge {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

CheckpointPlaceOptions file_place(const std::string& name, const std::string& path) {
  CheckpointPlaceOptions options;
  options.name = name;
  options.place = CheckpointFileOptions{path};
  return options;
}

class CheckpointPublishersTest : public testing::Test {
 protected:
  void SetUp() override {
    auto started = CheckpointPublishers::start(
        {file_place("near", directory_.path() / "kept"), file_place("away", directory_.path() / "share" / "kept")},
        [] {
          return PublishedCheckpoint{"example.com/log", 7, "a note\n"};
        },
        {http_, clock_, random_});
    ASSERT_TRUE(started) << started.error().message;
    publishers_ = *std::move(started);
    Mailbox<bool> never{1};
    const auto tried = [](const CheckpointPublishers::PlaceStatus& place) {
      return place.status.publications + place.status.failures > 0;
    };
    for (;;) {
      const auto all = publishers_->status();
      if (std::all_of(all.begin(), all.end(), tried)) return;
      never.wait_closed(std::chrono::milliseconds(1));
    }
  }

  const TemporaryDirectory directory_;
  FakeClock clock_;
  Random random_{1};
  CurlClient http_;
  std::unique_ptr<CheckpointPublishers> publishers_;
};

TEST_F(CheckpointPublishersTest, TellsPeopleOnceOfAPlaceThatHasBeenBehindForTooLong) {
  EXPECT_THAT(publishers_->alarms(), IsEmpty());
  EXPECT_THAT(publishers_->lagging(), IsEmpty());
  clock_.advance(minutes(10) + seconds(1));
  const auto alarms = publishers_->alarms();
  ASSERT_THAT(alarms, SizeIs(1));
  EXPECT_EQ(alarms[0].kind, "checkpoint-place");
  EXPECT_THAT(alarms[0].message, HasSubstr("'away' has been without the audit log's newest checkpoint for 10m"));
  EXPECT_THAT(alarms[0].message, HasSubstr("No such file or directory"));
  EXPECT_EQ(alarms[0].details.at("place"), "away");
  EXPECT_THAT(publishers_->alarms(), IsEmpty());
  EXPECT_THAT(publishers_->lagging(), ElementsAre(alarms[0].message));
}

TEST_F(CheckpointPublishersTest, GoesOnByItselfAndBringsTheLastToAll) {
  clock_.advance(minutes(11));
  EXPECT_THAT(publishers_->alarms(), SizeIs(1));
  std::filesystem::create_directory(directory_.path() / "share");
  EXPECT_TRUE(publishers_->stop(seconds(60)));
  EXPECT_EQ(read_file(directory_.path() / "share" / "kept").value(), "a note\n");
  EXPECT_EQ(read_file(directory_.path() / "kept").value(), "a note\n");
  EXPECT_THAT(publishers_->lagging(), IsEmpty());
  for (const auto& [name, status] : publishers_->status()) EXPECT_EQ(status.size, 7U) << name;
}

}  // namespace
}  // namespace kedge
